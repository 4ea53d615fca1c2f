package dhcpc

import (
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// EventKind is what an Event tells of.
type EventKind uint8

const (
	LinkUp      EventKind = iota // set up and has carrier
	LinkDown                     // carrier lost, or set down
	LinkGone                     // the interface disappeared; the request stays
	MessageSent                  // Message tells which
	MessageReceived
	Bound   // Lease is installed, and confirmed by a server unless Reason is machine.ReasonSilence: then it is reused
	Renewed // Lease was confirmed or changed
	Lost    // Lease was withdrawn; Reason tells why. It may never have been Bound: recalled, refused by the kernel, in conflict
	Failed  // Err: something did not work and will be tried again
	// IPv6Only: a server has said that the network prefers hosts without IPv4 (RFC
	// 8925), and Config.Parameters asks for that word; IPv4 rests until Until, or
	// until the link comes anew.
	IPv6Only
)

// Event tells of success and of failure on one link.
type Event struct {
	Kind      EventKind
	Interface string
	Family    Family
	Time      time.Duration // CLOCK_BOOTTIME
	State     machine.State
	Message   dhcp4.MessageType
	Lease     *machine.Lease
	Reason    machine.Reason
	Until     time.Duration // CLOCK_BOOTTIME
	Err       error
}

// Status is the state of a Client.
type Status struct {
	Bound bool         // at least one link has a lease of which Bound was told
	DNS   netip.Addr   // the first DNS server of the first link that has one
	Links []LinkStatus // in the order of their slots
}

// LinkStatus is the state of one request.
type LinkStatus struct {
	Interface string
	Family    Family
	Index     int // 0 while there is no such interface
	// HardwareAddr and ClientID (option 61, nil for none) are what servers know the
	// link by, and Remembered was granted to.
	HardwareAddr dhcp4.HardwareAddr
	ClientID     []byte
	State        machine.State
	Since        time.Duration  // when it came into this state, CLOCK_BOOTTIME, and
	Why          machine.Reason // what for; NoReason if it has been in no other
	Resumes      time.Duration  // in state IPv6Only: when it asks for IPv4 again
	Carrier      bool
	Metric       uint32         // of the link's routes while it has carrier
	LinkMTU      int            // of the link, but for what a lease made of it; goes into Remembered.LinkMTU of a restarted client
	Lease        *machine.Lease // in use, or nil
	Installed    bool           // its address is in the kernel
	// Remembered is what a restarted client should be handed by Config.Recall: the
	// lease in use, or one that may be asked for again; nil once it was refused,
	// has expired or was released, and while there is no such interface.
	Remembered *machine.Lease
	Lost       Loss // of the lease that was lost last, until one is Bound
	Timeline   []Mark
	Refused    [dhcp4.NumRefusals]uint32 // frames refused, by reason
	Sent       uint32                    // messages
	Received   uint32                    // messages accepted
	LastErr    string
}

// Loss tells of a lease that was withdrawn, as the event Lost did.
type Loss struct {
	Addr   netip.Prefix // not valid: none was lost
	Reason machine.Reason
	At     time.Duration // CLOCK_BOOTTIME
}

// Mark is one entry of a link's timeline.
type Mark struct {
	What string        // "up", "carrier", "DISCOVER", "OFFER", "REQUEST", "ACK", "reused", "installed", ...
	At   time.Duration // CLOCK_BOOTTIME
}
