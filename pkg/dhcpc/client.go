package dhcpc

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
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
	Net    Net           // nil: Linux sockets, opened and closed by Run
	Kernel Kernel        // nil: rtnetlink, opened and closed by Run
	Rand   func() uint32 // uniform; nil: a generator seeded by the kernel

	ClientID    func(hw dhcp4.HardwareAddr) []byte // option 61; nil: DefaultClientID. Returning nil sends none
	HostName    string                             // option 12, or 81 with a dot in it; "" sends none
	VendorClass string                             // option 60
	PXE         *dhcp4.PXE                         // options 93, 94 and 97; nil sends none
	Parameters  []dhcp4.Code                       // requested beside the built-in list; IPv6OnlyPreferred is acted on, see the event of that name
	Schedule    machine.Schedule
	Strict      bool
	RapidCommit bool
	Broadcast   bool
	StartDelay  time.Duration
	Metric      uint32 // of the first link; each further link adds 16. 0: 1024
	NoRoutes    bool
	NoMTU       bool
	Conflicts   ConflictDetection
	ServerPort  uint16 // of the servers, for broadcast and unicast alike; 0: 67. Replies may come from any port
	ReuseLease  bool   // use a remembered lease that no server confirms, until it ends

	// KeepForever gives addresses no lifetime and never withdraws them, for a root
	// file system on the network: an address whose lease was lost goes only when
	// another one is installed, or by Release.
	KeepForever bool
	// Bounce sets a link down and up again if it is up when its request first meets
	// it, so that it starts afresh. A link that a recalled lease is in use on is
	// spared: down, it would lose its routes and cut whatever goes through it.
	Bounce bool

	// Recall is called on the loop when a request is given its link, and returns
	// the lease that it had in an earlier life of the program, or nil. Times in it
	// are CLOCK_BOOTTIME of this boot; what began before is negative. It must be
	// nil if the link had another hardware address or client identifier then.
	//
	// The lease is asked for again with INIT-REBOOT. If its address is still on
	// the link it is in use at once and stays until a server refuses it or it ends,
	// but the link is Bound only once a server has confirmed it, or none has
	// answered and ReuseLease is set. One that is over is only a wish; one that is
	// not Valid is ignored, with a Failed event.
	Recall func(l ifup.Link) *machine.Lease
	// Static is called on the loop when a request is given its link, and returns
	// what the link is to have without asking anybody, or nil. Such a lease is
	// infinite and has no server; whether another host uses the address is not
	// looked at. One that is not ValidStatic is ignored, with a Failed event, and a
	// server is asked. Static must not call the client.
	Static func(l ifup.Link) *machine.Lease
	// OnLink is called on the loop for each link that is new, changed or gone, but
	// not for what somebody took away from one (ifup.Event.Stripped).
	OnLink func(ifup.Event)
	// OnTurn is called on the loop before it goes to sleep; the loop calls again
	// no later than the time returned (machine.Never if there is no need).
	OnTurn func(now time.Duration) time.Duration
	// OnMessage is called on the loop for every message that was received on a
	// requested link, used or refused; m is nil if it was refused before it was
	// decoded, and valid during the call only.
	OnMessage func(iface string, m *dhcp4.Message, r dhcp4.Refusal)
}

// Client acquires and keeps leases on many links from one event loop. Its
// methods may be called from any goroutine and from callbacks.
type Client struct {
	cfg        Config
	net        Net
	kernel     Kernel
	rand       func() uint32
	parameters []dhcp4.Code // option 55 of every link

	mu      sync.Mutex         // over all below; not held during callbacks or sleep
	links   []*link            // by slot; nil where a slot is free
	byName  map[string]*link   // the same
	byIndex map[int]*link      // those whose interface exists
	known   map[int]*ifup.Link // every interface of the kernel
	names   map[string]int     // their indices
	asleep  bool               // in Wait: whoever changes something must wake it
	again   bool               // something changed outside the loop: do not sleep

	ran       bool          // Run was called
	stopped   error         // what Stop was called with
	now       time.Duration // when this turn began, or the kernel was done; a clock read is a system call
	deadline  time.Duration // when the loop must run next; 0 at once
	queued    bool          // the kernel has been asked for something
	emptied   []int         // links from which all is to be withdrawn
	flushing  bool          // no outcome has been seen yet
	window    window
	listening listening
	conflicts conflicts
	msg       dhcp4.Message
	out       outbox
	events    []delivery
	linkNews  []ifup.Event
}

// delivery is an event on its way to the callback of its request.
type delivery struct {
	link *link
	ev   Event
}

// New makes a client; Run starts it.
func New(c Config) *Client {
	if c.Metric == 0 {
		c.Metric = 1024
	}
	if c.ServerPort == 0 {
		c.ServerPort = serverPort
	}
	return &Client{
		cfg:        c,
		parameters: dhcp4.ParameterList(c.Parameters...),
		byName:     map[string]*link{},
		byIndex:    map[int]*link{},
		known:      map[int]*ifup.Link{},
		names:      map[string]int{},
		listening:  listening{idleSince: machine.Never},
		conflicts:  conflicts{due: machine.Never},
	}
}

// Request asks for a lease on an interface, now or as soon as it exists. It is
// idempotent for (interface, family): a second call changes nothing. cb may be
// nil; it is called on the loop and must not block.
func (c *Client) Request(iface string, f Family, cb func(Event)) error {
	if f != IPv4 {
		return errors.New("request for " + strconv.Quote(iface) + ": address family " + strconv.Itoa(int(f)) + " is not served")
	}
	if iface == "" {
		return errors.New("request without an interface name")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byName[iface] != nil {
		return nil
	}
	l := &link{name: iface, family: f, cb: cb, slot: c.freeSlot()}
	c.byName[iface] = l
	if l.slot == len(c.links) {
		c.links = append(c.links, l)
	} else {
		c.links[l.slot] = l
	}
	c.changed()
	return nil
}

// Remove ends the requests for an interface, or all of them if iface is "".
// Lease and address stay: the kernel withdraws the address when its lifetime ends.
func (c *Client) Remove(iface string) { c.remove(iface, false) }

// Withdraw ends the request for an interface, or all of them if iface is "", and
// takes away what it brought, unless Config.KeepForever says otherwise. The lease
// is not given back. It is for a link that has become part of a bridge or a bond,
// where an address is of no use, and which asks with the same hardware address.
func (c *Client) Withdraw(iface string) { c.remove(iface, !c.cfg.KeepForever) }

func (c *Client) remove(iface string, withdraw bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, l := range c.byName {
		if iface == "" || iface == name {
			if withdraw && l.lease() != nil {
				c.emptied = append(c.emptied, l.index)
			}
			c.detach(l)
			delete(c.byName, name)
			c.links[l.slot] = nil
		}
	}
	c.changed()
}

// Renew asks the servers now to extend the lease of an interface, or of all of
// them if iface is "". Links that are not bound are left alone.
func (c *Client) Renew(iface string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.links {
		if l != nil && (iface == "" || iface == l.name) {
			l.renew = true
		}
	}
	c.changed()
}

// Release gives the lease of an interface back, or those of all of them if iface
// is "". What is confirmed and installed, in BOUND, RENEWING or REBINDING, is
// released by a message to its server, from its address; half a second later, or
// at once where there is nothing to say or no way to say it, the address goes with
// all that it brought. The end of it is state STOPPED, and a Lost event if there
// was a lease. A request that was released rests until it is removed and made anew.
func (c *Client) Release(iface string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.links {
		if l != nil && (iface == "" || iface == l.name) {
			l.released = true
		}
	}
	c.changed()
}

// Status is a snapshot of all requests.
func (c *Client) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	st := Status{Links: make([]LinkStatus, 0, len(c.links))}
	for _, l := range c.links {
		if l == nil {
			continue
		}
		s := l.status(c.cfg.Metric)
		st.Bound = st.Bound || s.Lease != nil && l.installed
		if s.Lease != nil && !st.DNS.IsValid() && len(s.Lease.DNS) > 0 {
			st.DNS = s.Lease.DNS[0]
		}
		st.Links = append(st.Links, s)
	}
	return st
}

// Counts is how many links exist, and how many of these are how far.
type Counts struct {
	Present int
	Leased  int // have a lease of which Bound was told
	Stopped int // rest since their release
}

// Counts is what to ask for where Status, which describes every link, is too much.
func (c *Client) Counts() (n Counts) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.links {
		if l == nil || l.index == 0 {
			continue
		}
		n.Present++
		if l.lease() != nil && l.installed {
			n.Leased++
		}
		if l.state() == machine.Stopped {
			n.Stopped++
		}
	}
	return n
}

// Run is the loop. It returns ctx's error when ctx ends, and another only if it
// cannot work at all: without netlink, or without the right to open its sockets; or
// what Stop was called with. What was installed stays. Run works once; whoever wants to
// go on makes a new Client.
func (c *Client) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, c.Wake)
	defer stop()
	return c.run(ctx.Err)
}

// Serve is Run without a context, whose code is a thirtieth of a small program. It
// goes on until Stop is called.
func (c *Client) Serve() error {
	return c.run(func() error { return nil })
}

// Stop ends the loop, which returns why. The first call counts. It may be called from
// any goroutine and from callbacks.
func (c *Client) Stop(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped == nil {
		c.stopped = why
	}
	c.changed()
}

func (c *Client) run(ended func() error) error {
	c.mu.Lock()
	again := c.ran
	c.ran = true
	c.mu.Unlock()
	if again {
		return errors.New("a client runs only once")
	}
	if err := c.open(); err != nil {
		return err
	}
	defer c.close()

	c.mu.Lock()
	defer c.mu.Unlock()
	for c.stopped == nil && ended() == nil {
		if err := c.turn(); err != nil {
			return cmp.Or(c.stopped, err)
		}
		deadline := c.deadline
		if c.again {
			c.again, deadline = false, 0
		}
		fd := c.kernel.FD()
		c.asleep = true
		c.mu.Unlock()
		err := c.net.Wait(deadline, fd)
		c.mu.Lock()
		c.asleep = false
		if err != nil {
			return cmp.Or(c.stopped, err)
		}
	}
	return cmp.Or(c.stopped, ended())
}

func (c *Client) open() error {
	c.net, c.kernel, c.rand = c.cfg.Net, c.cfg.Kernel, c.cfg.Rand
	if c.kernel == nil {
		n, err := ifup.Open()
		if err != nil {
			return wrap.In("kernel", err)
		}
		c.kernel = n
	}
	if c.net == nil {
		s, err := packet.Open()
		if err != nil {
			c.close()
			return err
		}
		c.net = s
	}
	if c.rand == nil {
		c.rand = seededRand(c.net.Now())
	}
	return nil
}

// close closes what open opened.
func (c *Client) close() {
	if c.cfg.Net == nil && c.net != nil {
		_ = c.net.Close()
	}
	if c.cfg.Kernel == nil && c.kernel != nil {
		_ = c.kernel.Close()
	}
}

// freeSlot is the first slot that no link has. Slots order links for their
// whole life, so that routes and name servers do not change places.
func (c *Client) freeSlot() int {
	for i, l := range c.links {
		if l == nil {
			return i
		}
	}
	return len(c.links)
}

// Wake has the loop call OnTurn soon.
func (c *Client) Wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed()
}

// changed makes the loop look again. The lock is held.
func (c *Client) changed() {
	c.again = true
	if c.asleep {
		c.asleep = false
		c.net.Wake()
	}
}
