package machine

import "github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"

// Change says what a step did to the lease in use.
type Change uint8

const (
	Unchanged Change = iota
	Granted          // there was none, or one for another address: install it, then report Installed
	Extended         // the same address, confirmed anew: bring the kernel up to date, then report Installed
	Lost             // withdraw all that it brought
)

var changeNames = [...]string{Unchanged: "unchanged", Granted: "granted", Extended: "extended", Lost: "lost"}

// String is the change in one word.
func (c Change) String() string {
	if int(c) < len(changeNames) {
		return changeNames[c]
	}
	return "invalid"
}

// Effect is a machine's answer to an event.
type Effect struct {
	Change  Change
	Lease   *Lease        // the lease now in use; for Lost, the one that was
	Refused dhcp4.Refusal // for Received: why the message was not used
	Reason  Reason        // why the state changed or the lease was lost; NoReason if neither happened
}

// Reason is why a state was left or a lease lost.
type Reason uint8

const (
	NoReason Reason = iota
	ReasonCarrier
	ReasonNoCarrier
	ReasonSent
	ReasonNotSent
	ReasonOffer
	ReasonAck
	ReasonNak
	ReasonSilence
	ReasonT1
	ReasonT2
	ReasonExpiry
	ReasonInstalled
	ReasonInstallFailed
	ReasonConflict
	ReasonRenew
	ReasonRelease
	ReasonIPv6Only
	ReasonWaited
	// Never a Machine's, but its client's.
	ReasonGone      // the link is gone, or another
	ReasonRenewed   // installed, as before
	ReasonConfirmed // likewise, after the link came anew
)

var reasonNames = [...]string{
	NoReason:            "",
	ReasonCarrier:       "carrier",
	ReasonNoCarrier:     "no carrier",
	ReasonSent:          "message sent",
	ReasonNotSent:       "message not sent",
	ReasonOffer:         "offer taken",
	ReasonAck:           "acknowledged",
	ReasonNak:           "refused by the server",
	ReasonSilence:       "no answer",
	ReasonT1:            "renewal time has come",
	ReasonT2:            "rebinding time has come",
	ReasonExpiry:        "lease expired",
	ReasonInstalled:     "installed",
	ReasonInstallFailed: "not installed",
	ReasonConflict:      "address conflict",
	ReasonRenew:         "renewal asked for",
	ReasonRelease:       "release asked for",
	ReasonIPv6Only:      "IPv6 only is preferred here",
	ReasonWaited:        "waited long enough",
	ReasonGone:          "interface gone or changed",
	ReasonRenewed:       "renewed",
	ReasonConfirmed:     "confirmed after carrier",
}

// String is the reason as a log line gives it.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "invalid"
}

// change is what a transition did to the lease in use, from what was in use
// before it and after it. No transition says so itself, hence none can forget to.
func change(before, after *Lease) Change {
	switch {
	case before == after:
		return Unchanged
	case after == nil:
		return Lost
	case before == nil || before.Addr.Addr() != after.Addr.Addr():
		return Granted
	}
	return Extended
}

// effect completes e by comparing the lease before a step with that after it.
func (m *Machine) effect(e Effect, lease *Lease) Effect {
	e.Change, e.Lease = change(lease, m.lease), m.lease
	if e.Change == Lost {
		e.Lease = lease
	}
	return e
}
