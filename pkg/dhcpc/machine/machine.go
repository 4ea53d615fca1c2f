package machine

import (
	"math"
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// Never is the deadline of a machine that waits for an event only, and the
// expiry of an infinite lease.
const Never = time.Duration(math.MaxInt64)

// Config is what a machine is told once.
type Config struct {
	Identity   dhcp4.Identity
	Schedule   Schedule
	Strict     bool          // the acceptance rules of the original, see accept.go
	ReuseLease bool          // use a remembered lease that no server confirms, until it ends
	StartDelay time.Duration // before the first DISCOVER, a random time up to this
	Rand       func() uint32 // uniform; required
}

// Schedule says when DISCOVER and REQUEST are repeated.
type Schedule struct {
	Gaps []time.Duration // the first gaps; nil is 1.5, 1.75, 5 s
	RFC  bool            // 4, 8, 16, 32, 64 s, each ±1 s (RFC 2131 section 4.1); Gaps is not used
}

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
	Releasing // RELEASE is due
	Stopped   // released; only LinkUp after LinkDown does not leave it
)

// Event is something that happened to a link. The concrete types are LinkUp,
// LinkDown, Timer, Received, Sent, SendFailed, Installed, InstallFailed,
// Conflict, Renew and Release.
type Event interface{ event() }

type (
	LinkUp        struct{}                 // carrier is there
	LinkDown      struct{}                 // carrier is gone, or the link is administratively down
	Timer         struct{}                 // the deadline has come; early or late calls do no harm
	Received      struct{ *dhcp4.Message } // a reply arrived on this link; valid during the call only
	Sent          struct{}                 // the message that was due has been sent
	SendFailed    struct{}                 // it could not be
	Installed     struct{}                 // the kernel uses the lease
	InstallFailed struct{}                 // the kernel refused it
	Conflict      struct{}                 // another host uses the address
	Renew         struct{}                 // renew now, if bound
	Release       struct{}                 // give the lease back and stop
)

// Change says what a step did to the lease in use.
type Change uint8

const (
	Unchanged Change = iota
	Granted          // there was none, or one for another address: install it, then report Installed
	Extended         // the same address, confirmed anew: bring the kernel up to date, then report Installed
	Lost             // withdraw all that it brought
)

// Effect is a machine's answer to an event.
type Effect struct {
	Change  Change
	Lease   *Lease        // the lease now in use; for Lost, the one that was
	Refused dhcp4.Refusal // for Received: why the message was not used
	Reason  Reason        // why the state changed; NoReason if it did not
	Forget  bool          // the remembered lease was refused or given up: it must not be asked for again
}

// Reason is why a state was left.
type Reason uint8

// Outgoing is the message that is due and where it goes.
type Send struct {
	dhcp4.Outgoing
	Src, Dst netip.Addr // IP addresses; Src is 0.0.0.0 until there is a lease, Dst the server or 255.255.255.255
	First    bool       // opens an exchange, as opposed to repeating a message of it
}

// Lease is what a server granted, checked; values that failed a check are
// absent. It is never modified once made.
type Lease struct {
	Addr      netip.Prefix // the address with its subnet's length
	Classful  bool         // the server sent no mask: the length is that of the address's class
	Server    netip.Addr   // option 54
	Start     time.Duration
	T1        time.Duration // Never for an infinite lease
	T2        time.Duration
	Expiry    time.Duration
	Routers   []netip.Addr  // option 3; empty if Classless
	Routes    []dhcp4.Route // option 121, or else 33
	Classless bool          // Routes are from option 121, which silences option 3 (RFC 3442)
	DNS       []netip.Addr
	NTP       []netip.Addr
	Broadcast netip.Addr // option 28, if it fits the subnet
	Domain    string     // option 15
	Search    []string   // option 119
	HostName  string     // option 12
	MTU       uint16     // option 26, 0 if absent or below 576
}

// Machine is the client of one link. It is not safe for concurrent use.
type Machine struct{}

// New makes a machine in state Down. stored is a lease remembered from an
// earlier life, or nil: it is confirmed by INIT-REBOOT as soon as there is
// carrier. inUse says that its address is on the link already; then it is kept
// until the lease ends or a server refuses it.
func New(c Config, stored *Lease, inUse bool) *Machine { return &Machine{} }

// Step tells the machine what happened. now must not run backwards.
func (m *Machine) Step(now time.Duration, ev Event) Effect { return Effect{} }

// Outgoing is the message that is due now; ok is false if none is. Asking changes nothing.
func (m *Machine) Outgoing(now time.Duration) (s Send, ok bool) { return }

// Deadline is when the machine next wants a Timer event, or Never.
func (m *Machine) Deadline() time.Duration { return Never }

// State is where the machine is.
func (m *Machine) State() State { return Down }

// Lease is the lease in use, or nil.
func (m *Machine) Lease() *Lease { return nil }

func (LinkUp) event()        {}
func (LinkDown) event()      {}
func (Timer) event()         {}
func (Received) event()      {}
func (Sent) event()          {}
func (SendFailed) event()    {}
func (Installed) event()     {}
func (InstallFailed) event() {}
func (Conflict) event()      {}
func (Renew) event()         {}
func (Release) event()       {}
