package machine

import (
	"math/bits"
	"time"
)

// Schedule says when DISCOVER and REQUEST are repeated. Every gap is varied at
// random, by a fifth up or down, or by a second if RFC is set.
type Schedule struct {
	Gaps []time.Duration // the first gaps, each more than 0; none means DefaultGaps
	RFC  bool            // 4, 8, 16, 32, 64 s, each ±1 s (RFC 2131 section 4.1); Gaps is not used
}

// DefaultGaps are the gaps between the first messages, unless a Schedule says
// otherwise: those of the client that this one descends from.
var DefaultGaps = [...]time.Duration{1500 * time.Millisecond, 1750 * time.Millisecond, 5 * time.Second}

const (
	longestGap = 64 * time.Second // RFC 2131 section 4.1

	// For so long after the carrier came a switch port may not forward yet, while
	// it looks for loops: gaps do not grow.
	learning = 60 * time.Second

	requestTries = 4 // RFC 2131 section 3.1: 60 s by its own schedule
	rebootTries  = 2
	reuseTries   = 2 // DISCOVERs, for servers that do not know the lease and would give another

	// After so many DISCOVERs without an answer the next ones ask for it the other
	// way, by broadcast or not.
	enoughUnheard = 3
)

// gap is how long to wait after message n of an exchange, counted from 1.
// before is the gap before that message.
func (s Schedule) gap(n int, before time.Duration, growing bool) time.Duration {
	if s.RFC {
		return min(4*time.Second<<min(n-1, 4), longestGap)
	}
	gaps := s.Gaps
	if len(gaps) == 0 {
		gaps = DefaultGaps[:]
	}
	last := gaps[len(gaps)-1]
	switch {
	case n <= len(gaps):
		return gaps[n-1]
	case growing:
		return max(last, min(2*before, longestGap))
	}
	return last
}

// rebootGap is the same in REBOOTING: together the two gaps are what booting in
// a foreign network costs.
func (s Schedule) rebootGap(n int) time.Duration {
	switch {
	case s.RFC:
		return s.gap(n, 0, false)
	case n == 1:
		return 1500 * time.Millisecond
	}
	return 2 * time.Second
}

// renewGap is half of what remains until a timer, but not below 60 s (RFC 2131
// section 4.4.5); the timer itself comes on its own time. Nothing limits an
// infinite lease, which is renewed only when somebody asks: then hourly.
func (m *Machine) renewGap(now, until time.Duration) time.Duration {
	half := time.Hour
	if until != Never {
		half = (until - now) / 2
	}
	return max(m.jitter(half), time.Minute)
}

// jitter varies a gap, so that clients that started together do not stay together.
func (m *Machine) jitter(d time.Duration) time.Duration {
	if m.c.Schedule.RFC {
		return m.vary(d, min(d, time.Second))
	}
	return m.vary(d, d/5)
}

// vary is d, more or less by up to spread.
func (m *Machine) vary(d, spread time.Duration) time.Duration {
	return d - spread + m.random(2*spread)
}

// random is uniform from 0 to d.
func (m *Machine) random(d time.Duration) time.Duration { return random(d, m.c.Rand) }

func random(d time.Duration, rand func() uint32) time.Duration {
	high, _ := bits.Mul64(uint64(d), uint64(rand())<<32)
	return time.Duration(high)
}
