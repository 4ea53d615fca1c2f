package dhcpc

import (
	"errors"
	"io/fs"
	"time"

	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// A packet socket is closed this long after the last link needed it, when
// nothing is urgent: closing takes 10 ms.
const closeAfter = 2 * time.Second

// retryAfter is how long to wait after so many failures of what the system
// refused: a socket, a link to be set up, an address or a route.
func retryAfter(failures int) time.Duration {
	gaps := [...]time.Duration{
		1500 * time.Millisecond, 1750 * time.Millisecond,
		5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, 64 * time.Second,
	}
	return gaps[min(max(failures, 1), len(gaps))-1]
}

// listening is which sockets are wanted and what is known of them.
type listening struct {
	raw, udp  bool // as last asked for, successfully
	asked     bool
	idleSince time.Duration // when the packet socket became superfluous; machine.Never while it is needed
	failures  int           // since it last worked
	retry     time.Duration // after a failure
}

// listen opens and closes sockets according to the links' states. It fails only
// if the right to open them is missing, which no waiting cures.
func (c *Client) listen(now time.Duration) error {
	s := &c.listening
	raw, udp := false, false
	for _, l := range c.links {
		if l != nil {
			r, u := l.needs()
			raw, udp = raw || r, udp || u
		}
	}
	if raw {
		s.idleSince = machine.Never
	} else if s.raw {
		s.idleSince = min(s.idleSince, now)
		raw = now < s.idleSince+closeAfter
	}
	if raw == s.raw && udp == s.udp {
		s.failures = 0
		return nil
	}
	if s.failures > 0 && now < s.retry {
		return nil
	}
	if err := c.net.Listen(raw, udp); err != nil {
		if errors.Is(err, fs.ErrPermission) && !s.asked {
			return wrap.As(err.Error()+" (root or CAP_NET_ADMIN, CAP_NET_RAW and CAP_NET_BIND_SERVICE are needed)", err)
		}
		s.failures++
		s.retry = now + retryAfter(s.failures)
		for _, l := range c.links {
			if l != nil && l.machine != nil {
				c.fail(l, err, now)
			}
		}
		return nil
	}
	*s = listening{raw: raw, udp: udp, asked: true, idleSince: s.idleSince}
	if !raw {
		s.idleSince = machine.Never
	}
	return nil
}

// wants is when listen has something to do without anything happening.
func (s *listening) wants() time.Duration {
	switch {
	case s.failures > 0:
		return s.retry
	case s.raw && s.idleSince != machine.Never:
		return s.idleSince + closeAfter
	}
	return machine.Never
}

// needs is which sockets a link needs: the packet socket while it has no
// address to be reached at, or is not reached there; the UDP socket to ask its
// server for more time.
func (l *link) needs() (raw, udp bool) {
	switch l.state() {
	case machine.Init, machine.Selecting, machine.Requesting, machine.Rebooting, machine.Rebinding, machine.Declining:
		return true, false
	case machine.Renewing:
		return l.deaf, true
	case machine.Releasing:
		return false, true
	case machine.Down, machine.Installing, machine.Bound, machine.IPv6Only, machine.Stopped:
	}
	return false, false
}

// hears reports whether what came by the packet socket, or else by the UDP
// socket, is for a link to judge. With both open an answer comes twice; a packet
// socket that could not be opened brings nothing.
func (c *Client) hears(l *link, raw bool) bool {
	needsRaw, needsUDP := l.needs()
	if raw {
		return needsRaw || !needsUDP
	}
	return needsUDP && !(needsRaw && c.listening.raw)
}
