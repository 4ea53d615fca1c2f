package sim

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// Rule is what must hold at every step.
type Rule string

// The rules. Where the client may know better than the judge does, for want of
// the order in which things happened, the judge gives it the benefit.
const (
	Form      Rule = "form"      // every message is as RFC 2131 has it and fits those before it; no route without an address; no loop that does not sleep (package dhcptest)
	Granted   Rule = "granted"   // no address is in a kernel without an ACK to what its link asked, nor for longer than that grants, counted from the REQUEST
	Current   Rule = "current"   // who has settled has the routes and the MTU that the last ACK brought, and no others
	Withdrawn Rule = "withdrawn" // what was refused, declined, released, or belongs to another link or hardware address is gone when the client sleeps again
	Confirmed Rule = "confirmed" // nobody is BOUND before a server said so in this life
	Served    Rule = "served"    // where an honest server can be reached everybody has a lease within patience
	Kept      Rule = "kept"      // nor does its lease run out then
	Ceiling   Rule = "ceiling"   // no link sends more than 5 messages at once, and 1 a second
	Patience  Rule = "patience"  // nobody asks again at once after a second NAK in a row, or after a DECLINE
	Xid       Rule = "xid"       // what is repeated keeps its xid
	Rebound   Rule = "rebound"   // after T2 nobody asks the leasing server alone
	Carrier   Rule = "carrier"   // nothing is sent where there is no carrier
	Unique    Rule = "unique"    // no address stays on two machines of a network, or is a stranger's
)

// Breach is a rule that was broken.
type Breach struct {
	Rule Rule
	Who  string
	Time time.Duration
	What error
}

func (b *Breach) Error() string {
	return fmt.Sprintf("%v: %s: rule %q: %v", b.Time, b.Who, b.Rule, b.What)
}

// judge watches the world.
type judge struct {
	site    *Site
	world   *dhcptest.World
	records map[*dhcptest.Link]*record
	boxes   map[*dhcptest.LAN]*box
	breach  *Breach
	sent    int
	worst   time.Duration
	calm    bool // and everybody has been served
}

func newJudge(s *Site) *judge {
	j := &judge{site: s, world: s.world, records: map[*dhcptest.Link]*record{}, boxes: map[*dhcptest.LAN]*box{}}
	s.world.OnSent, s.world.OnHeard, s.world.OnConfig, s.world.OnTurn = j.heard, j.hears, j.configured, j.turned
	return j
}

// fail notes the first breach and ends the run.
func (j *judge) fail(r *record, rule Rule, format string, args ...any) {
	if j.breach == nil {
		j.breach = &Breach{rule, r.who, j.world.Now(), fmt.Errorf(format, args...)}
		j.world.Stop()
	}
}

// record is what the judge knows of a link.
type record struct {
	box  *box
	link *dhcptest.Link
	who  string

	name string             // when the client last went to sleep
	hw   dhcp4.HardwareAddr // the same

	asked  *dhcptest.Message // the last message, and
	first  time.Duration     // when the first like it was sent
	broken bool              // the exchange may be over for reasons that no message tells
	open   bool              // nothing has answered it

	grants    map[netip.Addr]*grant
	longest   map[netip.Addr]grant // that there ever was: an old memory may have it
	confirmed bool                 // by an ACK in this life
	terms     []terms              // of the last ACK, or of those that may be; nil if they are not known
	lacking   bool                 // the kernel may have refused some of them, whatever else answers the same question
	known     netip.Addr           // what is in the kernel, if the client of this life knows of it

	full    time.Duration // of the bucket, see Ceiling
	pause   time.Duration // until when no DISCOVER may be sent
	naks    int           // in a row
	state   machine.State // when the client last went to sleep
	watched bool          // the client looks for other users of its address
	probed  time.Duration // when the client began to probe for its address and has not been disturbed since; else Never
}

// grant is a server's word for an address.
type grant struct {
	server   netip.Addr
	until    time.Duration
	t2       time.Duration      // the latest that it can be
	hw       dhcp4.HardwareAddr // that it was given to
	released time.Duration      // when it must be gone, since it was given back; or 0
	gone     bool               // by an event of this turn of the client
}

// end is when the address must be gone.
func (g *grant) end() time.Duration {
	if g.released != 0 {
		return min(g.until, g.released)
	}
	return g.until
}

// of is the record of a link.
func (j *judge) of(l *dhcptest.Link) *record {
	r := j.records[l]
	if r == nil {
		b := j.boxes[l.LAN()]
		r = &record{box: b, link: l, who: b.name + " " + l.Name(), grants: map[netip.Addr]*grant{}, longest: map[netip.Addr]grant{}}
		j.records[l] = r
	}
	return r
}

// born is told that a box is about to start a client: it knows of nothing.
func (j *judge) born(b *box) {
	b.each((*record).reborn)
}

// reborn is told that a new client begins with the link, and knows of nothing.
func (r *record) reborn() {
	r.another()
	r.confirmed, r.known = false, netip.Addr{}
}

// another is told that the link has another name or hardware address: to a client
// that notices it is another link.
func (r *record) another() {
	r.disturbed()
	r.naks, r.full = 0, 0
}

// disturbed is told of whatever may make the client begin anew.
func (r *record) disturbed() {
	r.broken, r.pause, r.terms = true, 0, nil
	r.probed = machine.Never
}

// recalled is told that a client was handed a lease of an earlier one, perhaps one
// that a later word of a server has replaced.
func (j *judge) recalled(b *box, ifname string, a netip.Addr) {
	b.each(func(r *record) {
		if r.link.Name() != ifname {
			return
		}
		r.known = a
		if g, ok := r.longest[a]; ok {
			g.hw = r.link.HardwareAddr()
			r.grants[a] = &g
		}
	})
}

// heard is told of each message of a client.
func (j *judge) heard(m *dhcptest.Message) {
	r, now := j.of(m.Link), j.world.Now()
	j.sent++
	j.site.trace.note(r.who, m, m.Payload...)
	if !m.Link.Carries() {
		j.fail(r, Carrier, "%v", m)
	}
	const burst = 5
	if r.full = max(r.full, now) + time.Second; r.full-now > burst*time.Second {
		j.fail(r, Ceiling, "%v", m)
	}
	if m.Kind == dhcp4.KindDiscover && now < r.pause {
		j.fail(r, Patience, "%v, not before %v", m, r.pause)
	}
	again := r.asked != nil && r.asked.Kind == m.Kind
	if again && r.open && !r.broken && m.Xid != r.asked.Xid && m.Flags == r.asked.Flags { // else it asks another way
		j.fail(r, Xid, "%v repeats %v", m, r.asked)
	}
	if !again || m.Xid != r.asked.Xid {
		r.first = now
	}
	r.asked, r.open, r.broken = m, true, false

	g := r.grants[m.ClientAddr]
	switch m.Kind {
	case dhcp4.KindRenewing:
		if g != nil && now > g.t2 {
			j.fail(r, Rebound, "%v, T2 was at %v", m, g.t2)
		}
	case dhcp4.KindRelease:
		if g != nil {
			const lingering = 600 * time.Millisecond
			g.released = now + lingering
		}
	case dhcp4.KindDecline:
		const afterDecline = 10 * time.Second
		r.revoke(m.Addr(dhcp4.RequestedAddress))
		r.pause = now + afterDecline
	}
}

func (r *record) revoke(a netip.Addr) {
	if g := r.grants[a]; g != nil {
		g.gone = true
	}
}

// hears is told of everything that a client is about to read.
func (j *judge) hears(l *dhcptest.Link, in *packet.In) {
	r, now := j.of(l), j.world.Now()
	reply, ok := dhcptest.ReadReply(in)
	j.site.trace.note(r.who, hearing{reply.Type, reply.Xid, reply.ServerID, reply.YourAddr, in.ARP}, append(in.Frame, in.Payload...)...)
	if !ok || r.asked == nil || reply.Xid != r.asked.Xid || reply.HardwareAddr != l.HardwareAddr() {
		return
	}
	asked := r.asked.Addr(dhcp4.RequestedAddress)
	if !r.asked.ClientAddr.IsUnspecified() {
		asked = r.asked.ClientAddr
	}
	chosen := r.asked.Kind != dhcp4.KindSelecting || reply.ServerID == r.asked.Addr(dhcp4.ServerIdentifier)
	switch reply.Type {
	case dhcp4.Ack:
		if r.asked.Kind == dhcp4.KindDiscover {
			asked = reply.YourAddr // rapid commit
		}
		if chosen && reply.YourAddr == asked {
			if r.open {
				r.terms, r.lacking = nil, false // else it is another answer to the same question
			}
			r.granted(now, &reply)
			r.open = false
		}
	case dhcp4.Nak:
		g := r.grants[asked]
		fromLeasing := r.asked.Kind != dhcp4.KindRenewing || g != nil && reply.ServerID == g.server
		sure := r.open && r.sure(now)
		if chosen && fromLeasing && r.asked.Kind != dhcp4.KindDiscover {
			r.open = false
			if sure {
				r.refused(now, asked)
			}
		}
	}
}

// sure reports whether the client takes to heart what comes now. Only within a second
// can the judge be sure that it still waits, and that it hears only if the answer to
// what was sent by unicast can come.
func (r *record) sure(now time.Duration) bool {
	return !r.broken && now-r.asked.Time < time.Second && (r.asked.Kind != dhcp4.KindRenewing || !r.link.NoUDP)
}

// granted takes in an ACK. The lease counts from the first REQUEST, unless it
// would be over by then: see RFC 2131 section 4.4.1.
func (r *record) granted(now time.Duration, reply *dhcptest.Reply) {
	length := time.Duration(reply.Lease) * time.Second
	begin := r.first
	if begin+length < now+5*time.Second {
		begin = r.asked.Time
	}
	g := r.grants[reply.YourAddr]
	if g == nil {
		g = &grant{}
		r.grants[reply.YourAddr] = g
	}
	t2 := begin + length/8*7
	if o := reply.Option(dhcp4.RebindingTime); len(o) == 4 {
		t2 = max(t2, begin+time.Duration(uint32(o[0])<<24|uint32(o[1])<<16|uint32(o[2])<<8|uint32(o[3]))*time.Second)
	}
	*g = grant{server: reply.ServerID, hw: reply.HardwareAddr, until: max(g.until, begin+length), t2: max(g.t2, t2)}
	if g.until > r.longest[reply.YourAddr].until {
		r.longest[reply.YourAddr] = *g
	}
	r.confirmed, r.naks = true, 0
	if r.sure(now) && !r.lacking {
		r.terms = append(r.terms, termsOf(reply))
	} else {
		r.terms = nil
	}
}

// refused takes in a NAK: the first is followed at once, then there is a pause of
// 1 s that doubles up to 60 s. A lease that was in use meanwhile makes up for those
// before; when it ended to the client the judge does not see, and counts one less.
func (r *record) refused(now time.Duration, asked netip.Addr) {
	r.revoke(asked)
	if r.link.Config().Addr.Addr() == asked {
		r.naks = 0
	}
	if r.naks++; r.naks > 2 {
		pause := min(time.Second<<min(r.naks-3, 6), time.Minute)
		r.pause = now + pause - max(pause/5, time.Second) // as chance may have it
	}
}

// configured is told of each change in a kernel.
func (j *judge) configured(l *dhcptest.Link, before, after *ifup.Config) {
	r, now := j.of(l), j.world.Now()
	j.site.trace.note(r.who, config{after.Addr, after.Lifetime, len(after.Routes)}, fmt.Append(nil, *after)...)
	if before.Addr != after.Addr {
		r.watched, r.probed = false, machine.Never
	}
	r.known = after.Addr.Addr()
	if !after.Addr.IsValid() {
		const rounding = 2 * time.Second
		if g := r.grants[before.Addr.Addr()]; j.calm && g != nil && !g.gone && now > g.until-rounding {
			j.fail(r, Kept, "%v was granted until %v, and is lost", before.Addr, g.until)
		}
		r.naks = 0
		return
	}
	switch g := r.grants[after.Addr.Addr()]; {
	case g == nil:
		j.fail(r, Granted, "%v is installed, and nobody granted it", after.Addr)
	case now+after.Lifetime > g.until && (after.Lifetime > time.Second || now >= g.end()): // a kernel is told no fraction
		j.fail(r, Granted, "%v is installed until %v, and granted until %v", after.Addr, now+after.Lifetime, g.until)
	}
}

// hearing and config are for the trace.
type hearing struct {
	t        dhcp4.MessageType
	xid      uint32
	from, to netip.Addr
	arp      bool
}

func (h hearing) String() string {
	if h.arp {
		return "hears ARP"
	}
	return fmt.Sprintf("hears %v xid %08x from %v for %v", h.t, h.xid, h.from, h.to)
}

type config struct {
	addr     netip.Prefix
	lifetime time.Duration
	routes   int
}

func (c config) String() string {
	if !c.addr.IsValid() {
		return "has no address"
	}
	return fmt.Sprintf("has %v for %v, %d routes", c.addr, c.lifetime, c.routes)
}
