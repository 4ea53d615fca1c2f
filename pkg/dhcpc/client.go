package dhcpc

import (
	"context"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// Family is an address family of a request.
type Family uint8

const (
	IPv4 Family = 4
	IPv6 Family = 6 // not served yet: Request returns an error
)

// Config configures a Client. The zero value is a client of the real kernel
// with the defaults that each field names.
type Config struct {
	Net    Net    // nil: Linux sockets
	Kernel Kernel // nil: rtnetlink

	ClientID    func(hw dhcp4.HardwareAddr) []byte // option 61; nil: 01 and the hardware address. Returning nil sends none
	HostName    string                             // option 12; "" sends none
	VendorClass string                             // option 60
	Parameters  []dhcp4.Code                       // requested beside the built-in list
	Schedule    machine.Schedule
	Strict      bool
	RapidCommit bool
	Broadcast   bool
	StartDelay  time.Duration
	Metric      uint32 // of the first link; each further link adds 16. 0: 1024
	NoRoutes    bool
	NoMTU       bool
	KeepForever bool // addresses get no lifetime and are never withdrawn

	// OnLink is called on the loop for each link that is new, changed or gone.
	OnLink func(ifup.Event)
	// OnTurn is called on the loop before it goes to sleep; the loop calls again
	// no later than the time returned (machine.Never if there is no need).
	OnTurn func(now time.Duration) time.Duration
	// OnMessage is called on the loop for every message that was received on a
	// requested link, used or refused; m is nil if it was refused before it was
	// decoded, and valid during the call only.
	OnMessage func(iface string, m *dhcp4.Message, r dhcp4.Refusal)
}

// EventKind is what an Event tells of.
type EventKind uint8

const (
	LinkUp      EventKind = iota // set up and has carrier
	LinkDown                     // carrier lost, or set down
	LinkGone                     // the interface disappeared; the request stays
	MessageSent                  // Message tells which
	MessageReceived
	Bound   // Lease is installed
	Renewed // Lease was confirmed or changed
	Lost    // Lease was withdrawn; Reason tells why
	Failed  // Err: something did not work and will be tried again
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
	Err       error
}

// LinkStatus is the state of one request.
type LinkStatus struct {
	Interface string
	Family    Family
	Index     int // 0 while there is no such interface
	State     machine.State
	Carrier   bool
	Lease     *machine.Lease
	Timeline  []Mark
	Refused   [dhcp4.NumRefusals]uint32 // frames refused, by reason
	Sent      uint32
	Received  uint32
	LastErr   string
}

// Mark is one entry of a link's timeline.
type Mark struct {
	What string        // "up", "carrier", "DISCOVER", "OFFER", "REQUEST", "ACK", "installed", ...
	At   time.Duration // CLOCK_BOOTTIME
}

// Client acquires and keeps leases on many links from one event loop.
type Client struct{}

// New makes a client; Run starts it.
func New(c Config) *Client { return &Client{} }

// Request asks for a lease on an interface, now or as soon as it exists. It is
// idempotent for (interface, family). cb is called on the loop and must not block.
func (c *Client) Request(iface string, f Family, cb func(Event)) error { return nil }

// Remove ends the requests for an interface, or all of them if iface is "". Lease and address stay.
func (c *Client) Remove(iface string) {}

// Run is the loop. It returns when ctx ends, or when no socket and no netlink can be had at all.
func (c *Client) Run(ctx context.Context) error { return nil }
