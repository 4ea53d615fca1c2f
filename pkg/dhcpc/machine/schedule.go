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
	spread := d / 5
	if m.c.Schedule.RFC {
		spread = min(d, time.Second)
	}
	return d - spread + m.random(2*spread)
}

// random is uniform from 0 to d.
func (m *Machine) random(d time.Duration) time.Duration {
	high, _ := bits.Mul64(uint64(d), uint64(m.c.Rand())<<32)
	return time.Duration(high)
}

// An exchange is a message and its repetitions, all with one xid.
type exchange struct {
	xid   uint32
	tries int           // messages sent so far, with success or without
	first time.Duration // when the first was, and
	last  time.Duration // when the last
	gap   time.Duration // after the last, before it was varied
	due   time.Duration // when the next is due, or when it is time to give up
}

// open begins an exchange whose first message is due at the given time. Its xid
// is new: RFC 2131 section 4.4.1, and in every state so that a late answer to
// another question is not taken for one to this.
func (m *Machine) open(due time.Duration) exchange {
	return exchange{xid: m.c.Rand(), due: due}
}

// secs is the whole seconds that the exchange has taken. The field does not
// wrap around: relays wait for it to grow (RFC 1542 section 3.2).
func (e exchange) secs(now time.Duration) uint16 {
	if e.tries == 0 {
		return 0
	}
	return uint16(min((now-e.first)/time.Second, 0xffff))
}

// tried is the exchange after one more message, of which the next is due after gap.
func (e exchange) tried(now, gap time.Duration) exchange {
	if e.tries == 0 {
		e.first = now
	}
	e.tries++
	e.last, e.due = now, now+gap
	return e
}

// began is when a lease of this length began to count: when it was first asked
// for, which is the safe side (RFC 2131 section 4.4.1). But a server that was
// silent for longer than its lease lasts did not grant a lease that is over:
// then it answered the last message.
func (e exchange) began(now, length time.Duration) time.Duration {
	if length != Never && e.first+length < now+shortestLease {
		return e.last
	}
	return e.first
}

// A limiter has the last word on how often a link may send, whatever a server
// makes of it: a burst at once, one message a second in the long run.
type limiter struct {
	full time.Duration // when the whole burst will be allowed again
	last time.Duration // when the last message was sent
}

const (
	burst  = 5
	refill = time.Second

	// flapping is the time in which a link that comes and goes makes the client
	// send only once.
	flapping = time.Second
)

// ready is when the next message is allowed.
func (l *limiter) ready() time.Duration { return l.full - (burst-1)*refill }

// note counts a message.
func (l *limiter) note(now time.Duration) {
	l.full = max(l.full, now) + refill
	l.last = now
}

// brakes count what went wrong since a lease was last in use for a minute.
type brakes struct {
	naks, conflicts, failures uint8
}

// lasting is how long a lease must have been in use to count as a success.
const lasting = time.Minute

// nak is the pause after a NAK: none at first, then 1, 2, 4 … 60 s.
func (b *brakes) nak() time.Duration {
	b.naks = min(b.naks+1, 8)
	if b.naks == 1 {
		return 0
	}
	return min(time.Second<<(b.naks-2), time.Minute)
}

// conflict is the pause after a DECLINE: 10 s (RFC 2131 section 3.1), and a
// minute after ten of them (RFC 5227 section 2.1.1).
func (b *brakes) conflict() time.Duration {
	b.conflicts = min(b.conflicts+1, 10)
	if b.conflicts == 10 {
		return time.Minute
	}
	return 10 * time.Second
}

// failure is the pause after the kernel refused a lease: 10, 20, 40, 60 s.
func (b *brakes) failure() time.Duration {
	b.failures = min(b.failures+1, 4)
	return min(10*time.Second<<(b.failures-1), time.Minute)
}
