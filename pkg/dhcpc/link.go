package dhcpc

import (
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// link is one request and what has become of it.
type link struct {
	name     string
	family   Family
	cb       func(Event)
	slot     int
	met      bool // there has been such an interface
	released bool // Release was called

	index    int // 0 while there is no such interface
	facts    ifup.Link
	mtu      int              // of the link before a lease lowered it
	carrier  bool             // as the machine was told
	presumed bool             // carrier is, since the kernel has not announced it
	ran      bool             // it has been running since it was set up
	machine  *machine.Machine // nil while there is no such interface
	id       dhcp4.Identity
	detector machine.Detector // of other users of the address

	// What the loop has to do next.
	deadline  time.Duration // of the machine
	lower     bool          // set the link down now
	bouncing  bool          // it has not gone down yet, to be raised
	raise     time.Duration // when to set the link up; machine.Never if that is not wanted
	raised    int           // attempts so far
	presume   time.Duration // when to take it for running; machine.Never if there is no reason
	apply     time.Duration // when to bring the kernel up to date; machine.Never if it is
	mend      time.Duration // when to put back what somebody took away; machine.Never if nothing is missing
	strips    int           // how often that happened in a row
	stripped  time.Duration // when it did last
	refusals  int           // of the address, since it was last taken
	routeless int           // refusals of a route, since all were last taken
	shift     uint32        // added to the metric, since somebody else has a route with that
	renew     bool          // Renew was called
	waiting   bool          // for a place in the window
	heldUntil time.Duration // when its place in the window is given up; 0 without one
	asked     bool          // a message has gone out in this state
	deaf      bool          // and no answer came in time: in RENEWING, by unicast

	since     time.Duration  // of the machine's state
	why       machine.Reason // it came into it
	asker     machine.State  // the state whose answer is in use
	lost      Loss
	installed bool // the lease in use has been installed
	// Why it is used though no server has confirmed it, or NoReason.
	unconfirmed machine.Reason
	asking      time.Duration // until when the kernel was last asked to keep the address
	until       time.Duration // until when it does
	timeline    []Mark
	refused     [dhcp4.NumRefusals]uint32
	sent        uint32
	received    uint32
	lastErr     string
}

// maxMarks bounds a timeline: a server that is silent for a year is no reason
// to remember each DISCOVER.
const maxMarks = 32

// mark adds to the timeline of the present acquisition. Once a lease is
// installed the timeline stands.
func (l *link) mark(what string, now time.Duration) {
	if !l.installed && len(l.timeline) < maxMarks {
		l.timeline = append(l.timeline, Mark{what, now})
	}
}

// restart begins a new timeline.
func (l *link) restart() {
	l.installed = false
	l.timeline = l.timeline[:0]
}

// reuse notes whether the lease that is about to be used was confirmed.
func (l *link) reuse(why machine.Reason, now time.Duration) {
	l.unconfirmed = machine.NoReason
	if why == machine.ReasonSilence {
		l.unconfirmed = why
		l.mark("reused", now)
	}
}

// settled is why a link has come into state Bound. The kernel has taken the lease in
// any case; one that was installed already has been renewed or confirmed.
func (l *link) settled(why machine.Reason) machine.Reason {
	switch {
	case why != machine.ReasonInstalled || !l.installed:
	case l.asker == machine.Renewing, l.asker == machine.Rebinding:
		return machine.ReasonRenewed
	case l.asker == machine.Rebooting:
		return machine.ReasonConfirmed
	}
	return why
}

// due is when the machine has something to do, but for sending while it waits for
// a place in the window. A lease ends also then.
func (l *link) due() time.Duration {
	switch lease := l.lease(); {
	case !l.waiting:
		return l.deadline
	case lease != nil:
		return lease.Expiry
	}
	return machine.Never
}

// state is where the machine is.
func (l *link) state() machine.State {
	switch {
	case l.machine != nil:
		return l.machine.State()
	case l.released:
		return machine.Stopped
	}
	return machine.Down
}

// lease is the lease in use, or nil.
func (l *link) lease() *machine.Lease {
	if l.machine == nil {
		return nil
	}
	return l.machine.Lease()
}

// holds reports whether an address is that of the lease in use.
func (l *link) holds(a netip.Addr) bool {
	lease := l.lease()
	return lease != nil && lease.Addr.Addr() == a
}

// metricStep lies between the metrics of neighbouring slots.
const metricStep = 16

// metric is that of the link's routes while it has carrier.
func (l *link) metric(base uint32) uint32 { return base + metricStep*uint32(l.slot) + l.shift }

func (l *link) status(base uint32) LinkStatus {
	s := LinkStatus{
		Interface: l.name,
		Family:    l.family,
		Index:     l.index,
		State:     l.state(),
		Since:     l.since,
		Why:       l.why,
		Carrier:   l.carrier,
		Metric:    l.metric(base),
		LinkMTU:   l.mtu,
		Lease:     l.lease(),
		Lost:      l.lost,
		Timeline:  slices.Clone(l.timeline),
		Refused:   l.refused,
		Sent:      l.sent,
		Received:  l.received,
		LastErr:   l.lastErr,
	}
	if l.machine != nil {
		s.HardwareAddr, s.ClientID = l.id.HardwareAddr, l.id.ClientID
		s.Remembered = l.machine.Remembered()
		s.Installed = l.machine.Installed()
		if s.State == machine.IPv6Only {
			s.Resumes = l.deadline
		}
	}
	return s
}

// The sizes of what a link can receive, in bytes of an IP datagram: at least
// what every host must accept, at most what the receive buffers hold.
const (
	minDatagram = 576
	maxDatagram = 1500
)

// maxSize is the largest datagram that a link takes.
func maxSize(facts *ifup.Link) uint16 { return uint16(min(max(facts.MTU, minDatagram), maxDatagram)) }

// identity is what a link says about itself in every message.
func (c *Client) identity(facts *ifup.Link) dhcp4.Identity {
	hw := dhcp4.HardwareAddr(facts.HardwareAddr)
	id := dhcp4.Identity{
		HardwareAddr: hw,
		HostName:     c.cfg.HostName,
		VendorClass:  c.cfg.VendorClass,
		PXE:          c.cfg.PXE,
		Parameters:   c.parameters,
		MaxSize:      maxSize(facts),
		Broadcast:    c.cfg.Broadcast,
		RapidCommit:  c.cfg.RapidCommit,
	}
	if c.cfg.ClientID != nil {
		id.ClientID = c.cfg.ClientID(hw)
	} else {
		id.ClientID = DefaultClientID(hw)
	}
	return id
}

// DefaultClientID is option 61 where Config.ClientID is nil: 01 and the hardware
// address. PXE ROMs send the same, so that ROM and system have the same address.
func DefaultClientID(hw dhcp4.HardwareAddr) []byte {
	return append([]byte{unix.ARPHRD_ETHER}, hw[:]...)
}
