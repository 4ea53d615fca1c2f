package dhcpc

import (
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// receive judges one frame or datagram and hands the message in it to the
// machine of its link.
func (c *Client) receive(in *packet.In) {
	if in.ARP {
		c.hearARP(in)
		return
	}
	l := c.byIndex[in.Index]
	if l == nil {
		return // nobody asked
	}
	if in.Frame == nil {
		l = c.addressee(l, in.Dst.Addr())
	}
	if !c.hears(l, in.Frame != nil) {
		return // the other socket tells
	}
	payload, dst, refusal := in.Payload, in.Dst, dhcp4.Accepted
	if in.Frame != nil {
		payload, dst, refusal = unwrap(in)
	}
	if refusal != dhcp4.Accepted {
		c.judged(l, nil, refusal)
		return
	}
	// Before all options are read: a flood of other hosts' messages must not
	// take the time that other links need.
	if hw, ok := dhcp4.Addressee(payload); ok && hw != l.id.HardwareAddr {
		o := c.addressee(l, dst.Addr())
		if o.id.HardwareAddr != hw || !c.hears(o, in.Frame != nil) {
			c.judged(l, nil, dhcp4.WrongHardwareAddr)
			return
		}
		l = o
	}
	if refusal = c.msg.Decode(payload); refusal != dhcp4.Accepted {
		c.judged(l, nil, refusal)
		return
	}
	now := c.now
	acquired := l.installed
	eff := c.step(l, now, machine.Received{Message: &c.msg})
	c.judged(l, &c.msg, eff.Refused)
	if eff.Refused != dhcp4.Accepted {
		return
	}
	l.received++
	if !acquired {
		l.mark(c.msg.Type.String(), now)
	}
	c.tell(l, Event{Kind: MessageReceived, Time: now, Message: c.msg.Type, Lease: eff.Lease, Reason: eff.Reason})
}

// addressee is the link that is meant by what came in through l for an address.
// Linux answers ARP for all addresses of the machine on all its links, so that a
// server may come to send what is for one link through another; what is sent to a
// leased address is for the link that leased it. That is believed of links on one
// subnet only, or anybody could speak for any server.
func (c *Client) addressee(l *link, a netip.Addr) *link {
	own := l.lease()
	if own == nil || own.Addr.Addr() == a || !own.Addr.Contains(a) {
		return l
	}
	for _, o := range c.links {
		if o != nil && o.holds(a) {
			return o
		}
	}
	return l
}

// unwrap walks the headers of a frame.
func unwrap(in *packet.In) (payload []byte, dst netip.AddrPort, refusal dhcp4.Refusal) {
	switch {
	case in.Outgoing:
		return nil, dst, dhcp4.OutgoingCopy
	case in.VLAN:
		return nil, dst, dhcp4.VLANTagged
	}
	datagram, refusal := dhcp4.ParseFrame(in.Frame, in.Partial)
	return datagram.Payload, datagram.Dst, refusal
}

// judged counts a refusal and shows the message to whoever wants to see it.
func (c *Client) judged(l *link, m *dhcp4.Message, r dhcp4.Refusal) {
	if r != dhcp4.Accepted {
		l.refused[r]++
	}
	if c.cfg.OnMessage != nil {
		c.outside(func() { c.cfg.OnMessage(l.name, m, r) })
	}
}

// batchSize is how many messages are built before they are sent.
const batchSize = 32

// transmit sends what is due: answers to offers, repetitions, and as many new
// exchanges as the window lets through.
func (c *Client) transmit(now time.Duration) {
	for _, l := range c.links {
		if l == nil || l.machine == nil || l.deadline > now || l.waiting {
			continue
		}
		s, ok := l.machine.Outgoing(now)
		if !ok || opens(&s) && !c.window.enter(l, now) {
			continue
		}
		c.enqueue(l, s, now)
		if len(c.out.msgs) == batchSize {
			c.send(now)
		}
	}
	c.send(now)
}

// opens reports whether a message opens an exchange that a server has to answer.
func opens(s *machine.Send) bool {
	switch s.Kind {
	case dhcp4.KindDiscover, dhcp4.KindInitReboot, dhcp4.KindRenewing, dhcp4.KindRebinding:
		return s.First
	}
	return false
}

// enqueue builds a message: a frame for everyone on the link, or the payload of
// a datagram for the server.
func (c *Client) enqueue(l *link, s machine.Send, now time.Duration) {
	o := &c.out
	if s.First { // repetitions are to be repetitions
		l.id.MaxSize = maxSize(&l.facts)
	}
	var err error
	if o.payload, err = s.Append(o.payload[:0], &l.id); err != nil {
		c.fail(l, err, now)
		c.step(l, now, machine.SendFailed{})
		return
	}
	start := len(o.frames)
	out := packet.Out{Index: l.index, Src: s.Src, Dst: netip.AddrPortFrom(s.Dst, c.cfg.ServerPort)}
	if s.Dst == broadcast {
		o.frames = dhcp4.AppendFrame(o.frames, l.id.HardwareAddr, dhcp4.Broadcast,
			netip.AddrPortFrom(s.Src, clientPort), out.Dst, o.payload)
		out.Frame = o.frames[start:]
	} else {
		o.frames = append(o.frames, o.payload...)
		out.Payload = o.frames[start:]
	}
	o.msgs = append(o.msgs, out)
	o.links = append(o.links, l)
	o.sends = append(o.sends, s)
}

const (
	clientPort = 68
	serverPort = 67
)

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// send sends what enqueue built and tells the machines.
func (c *Client) send(now time.Duration) {
	o := &c.out
	if len(o.msgs) == 0 {
		return
	}
	c.net.Send(o.msgs)
	for i := range o.msgs {
		l, kind := o.links[i], o.sends[i].Kind.Type()
		if err := o.msgs[i].Err; err != nil {
			c.fail(l, wrap.In("sending "+kind.String(), err), now)
			c.step(l, now, machine.SendFailed{})
			continue
		}
		l.sent++
		l.mark(kind.String(), now)
		l.asked = true
		c.step(l, now, machine.Sent{})
		c.tell(l, Event{Kind: MessageSent, Time: now, Message: kind})
	}
	o.reset()
}
