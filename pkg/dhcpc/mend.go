package dhcpc

import (
	"errors"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// An address or a route that somebody takes away while its lease runs is put back:
// the lease says that it is ours to use, and whoever does not want it there ends
// the client. But two programs must not fight. The first time it is back soon,
// and in a row of such times only after ever longer, a minute in the end.

// mendAfter is how long what was taken away stays away the first time. A link that
// is about to go, to be destroyed or moved elsewhere, loses its address first.
const mendAfter = 200 * time.Millisecond

// calm is how long nothing must be taken away for the next time to be a first one.
const calm = 2 * time.Minute

var errStripped = errors.New("somebody took its address or a route away; putting it back")

// strip is told that the kernel no longer has all that was installed. At the end
// of what it was asked for it was the kernel itself.
func (l *link) strip(now time.Duration) {
	if l.lease() == nil || l.mend != machine.Never || now >= l.until-time.Second {
		return
	}
	if now-l.stripped > calm {
		l.strips = 0
	}
	wait := mendAfter
	if l.strips > 0 {
		wait = retryAfter(l.strips)
	}
	l.strips++
	l.stripped, l.mend = now, now+wait
}

// mend puts back what is missing, unless the link was set down meanwhile: then all
// comes back with it.
func (c *Client) mend(l *link, now time.Duration) {
	l.mend = machine.Never
	if l.lease() != nil && l.facts.Up() {
		l.apply = now
		c.fail(l, errStripped, now)
	}
}
