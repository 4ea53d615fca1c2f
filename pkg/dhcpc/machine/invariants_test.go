package machine

import (
	"errors"
	"fmt"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// invariants is what must hold after every step, whatever happened.
func invariants(m *Machine, now time.Duration, before State, eff Effect) error {
	l := m.lease
	state := m.State()
	switch {
	case l == nil:
	case l != m.remembered:
		return errors.New("the lease in use is not the one remembered")
	case now >= l.Expiry:
		return fmt.Errorf("the lease in use ended at %v", l.Expiry)
	case l.Valid() != nil:
		return l.Valid()
	}
	switch state {
	case Installing, Bound, Renewing, Rebinding, Releasing:
		if l == nil {
			return fmt.Errorf("no lease in %v", state)
		}
	case Rebooting:
		if m.remembered == nil {
			return errors.New("nothing to ask for in REBOOTING")
		}
	case Declining, IPv6Only, Stopped:
		if l != nil {
			return fmt.Errorf("a lease in %v", state)
		}
	case Down, Init, Selecting, Requesting:
	}
	if (eff.Reason != NoReason) != (state != before || eff.Change == Lost) {
		return fmt.Errorf("reason %q for %v to %v, lease %v", eff.Reason, before, state, eff.Change)
	}
	switch eff.Change {
	case Unchanged, Granted, Extended:
		if eff.Lease != l {
			return errors.New("the effect has another lease than the machine")
		}
	case Lost:
		if eff.Lease == nil || m.remembered != nil {
			return errors.New("a lease was lost, but which, and is it forgotten?")
		}
	}
	if eff.Refused != dhcp4.Accepted && eff.Change != Unchanged && eff.Reason != ReasonExpiry {
		return errors.New("a refused message changed the lease")
	}
	if m.Deadline() == Never {
		switch state {
		case Down, Stopped:
		case Installing, Bound:
			if l.Expiry != Never {
				return fmt.Errorf("%v waits for ever with a lease that ends", state)
			}
		default:
			return fmt.Errorf("%v is a dead state", state)
		}
	}
	if _, due := m.Outgoing(now); due && m.Deadline() > now {
		return errors.New("a message is due before the deadline")
	}
	return nil
}
