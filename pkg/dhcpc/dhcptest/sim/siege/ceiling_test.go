package siege

import (
	"fmt"
	"time"
)

// ceiling is how often something may happen: burst times at once, and once per
// refill in the long run. That is a bound for every span of time there is.
type ceiling struct {
	what   string
	burst  int
	refill time.Duration
}

// The ceilings of one link. That of messages is the one promised; the others
// follow from it and from RFC 5227.
//
// A message can bring a lease, and that is installed and withdrawn, told of, probed
// for with three packets and announced with two. A line is told of each.
var (
	messages = ceiling{"messages", 5, time.Second}
	packets  = ceiling{"ARP packets", 5, time.Second}
	changes  = ceiling{"requests to the kernel", 5, time.Second}
	lines    = ceiling{"lines to tell people", 8, time.Second}
)

// meter measures one of them on one link.
type meter struct {
	ceiling
	full  time.Duration // when the whole burst will be allowed again
	count int
	worst time.Duration // the most that was ever missing from a full bucket
}

func (m *meter) note(now time.Duration) {
	m.count++
	m.full = max(m.full, now) + m.refill
	m.worst = max(m.worst, m.full-now)
}

// excuse lets one more pass now: something else than a server caused it.
func (m *meter) excuse() { m.full -= m.refill }

// most is the least burst that would have done.
func (m *meter) most() int { return int((m.worst + m.refill - 1) / m.refill) }

func (m *meter) String() string { return fmt.Sprintf("%d %s, %d at once", m.count, m.what, m.most()) }

func (m *meter) check() error {
	if m.most() > m.burst {
		return fmt.Errorf("%v beside one every %v, and %d are allowed", m, m.refill, m.burst)
	}
	return nil
}
