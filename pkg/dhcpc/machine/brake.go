package machine

import "time"

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
