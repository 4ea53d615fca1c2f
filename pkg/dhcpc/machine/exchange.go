package machine

import "time"

// An exchange is a message and its repetitions, all with one xid.
type exchange struct {
	xid   uint32
	tries int           // messages sent so far, with success or without
	first time.Duration // when the first was, and
	last  time.Duration // when the last left
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

// tried is the exchange after one more message, which has left or could not, and of
// which the next is due after gap. What did not leave is not what a server answers.
func (e exchange) tried(now, gap time.Duration, left bool) exchange {
	if e.tries == 0 {
		e.first, e.last = now, now
	}
	if left {
		e.last = now
	}
	e.tries++
	e.due = now + gap
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
