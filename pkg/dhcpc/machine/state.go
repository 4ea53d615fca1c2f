package machine

import (
	"net/netip"
	"time"
)

// State is the name of the state that a Machine is in: those of RFC 2131
// section 4.4, and a few in which nothing can be asked for.
type State uint8

const (
	Down       State = iota // no carrier
	Init                    // waiting before a DISCOVER
	Selecting               // DISCOVER is out
	Requesting              // REQUEST for an offer is out
	Rebooting               // REQUEST for a remembered address is out
	Installing              // acknowledged, waiting for Installed
	Bound
	Renewing
	Rebinding
	Declining // DECLINE is due
	Releasing // RELEASE is due, or on its way
	IPv6Only  // the network prefers that IPv4 is not used (RFC 8925)
	Stopped   // released; the end
)

var stateNames = [...]string{
	Down:       "DOWN",
	Init:       "INIT",
	Selecting:  "SELECTING",
	Requesting: "REQUESTING",
	Rebooting:  "REBOOTING",
	Installing: "INSTALLING",
	Bound:      "BOUND",
	Renewing:   "RENEWING",
	Rebinding:  "REBINDING",
	Declining:  "DECLINING",
	Releasing:  "RELEASING",
	IPv6Only:   "IPV6-ONLY",
	Stopped:    "STOPPED",
}

// String is the name in the RFC's capitals.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "invalid"
}

// state is what a machine knows in one state only. The values are never
// changed, only replaced.
type state interface{ name() State }

type (
	down      struct{}
	initial   struct{ exchange } // the DISCOVER to come; not yet sent, or not sent with success
	selecting struct {
		exchange
		reserve offer  // taken when the next DISCOVER would be due, if its server is valid
		heard   uint32 // offers that might have become it
	}
	requesting struct {
		exchange
		offer
		secs uint16 // of the DISCOVER that was answered (RFC 2131 section 3.1)
	}
	rebooting  struct{ exchange } // for the lease remembered
	installing struct{}
	bound      struct{} // for this and the next two there is a lease in use
	renewing   struct{ exchange }
	rebinding  struct{ exchange }
	declining  struct {
		exchange
		addr, server netip.Addr
	}
	releasing struct{ exchange }            // for the lease in use, which stays a moment longer than RELEASE takes to leave
	ipv6Only  struct{ until time.Duration } // there is no lease in use meanwhile
	stopped   struct{}
	static    struct { // nobody is asked: a lease that is used from the first carrier on
		lease *Lease
		shown State // Down, Installing or Bound
	}
)

// offer is what matters in an OFFER; the rest counts only once acknowledged.
type offer struct {
	addr, server netip.Addr
	ipv6Only     time.Duration // for how long the network can do without our IPv4; 0: it offers an address
}

func (down) name() State       { return Down }
func (initial) name() State    { return Init }
func (selecting) name() State  { return Selecting }
func (requesting) name() State { return Requesting }
func (rebooting) name() State  { return Rebooting }
func (installing) name() State { return Installing }
func (bound) name() State      { return Bound }
func (renewing) name() State   { return Renewing }
func (rebinding) name() State  { return Rebinding }
func (declining) name() State  { return Declining }
func (releasing) name() State  { return Releasing }
func (ipv6Only) name() State   { return IPv6Only }
func (stopped) name() State    { return Stopped }
func (s static) name() State   { return s.shown }
