package dhcptest

import (
	"net/netip"
	"slices"
	"syscall"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// arrival is a frame or datagram in the receive buffer of a socket.
type arrival struct {
	in  packet.In
	raw bool
}

// Listen opens and closes the virtual sockets. What had arrived in one that is
// closed is lost.
func (l *LAN) Listen(raw, udp bool) error {
	if l.RefuseListen != nil {
		if err := l.RefuseListen(raw, udp); err != nil {
			return err
		}
	}
	if l.acts() {
		l.listen(raw, udp)
	}
	return nil
}

func (l *LAN) listen(raw, udp bool) {
	if l.open.Raw == raw && l.open.UDP == udp {
		return
	}
	l.open = Listening{l.now, raw, udp}
	if !l.Brief {
		l.Sockets = append(l.Sockets, l.open)
	}
	l.queue = slices.DeleteFunc(l.queue, func(a arrival) bool {
		return !a.in.ARP && (a.raw && !raw || !a.raw && !udp)
	})
}

// Close closes the virtual sockets.
func (l *LAN) Close() error {
	l.listen(false, false)
	return nil
}

// Send takes messages from the client and puts them on the wire.
func (l *LAN) Send(out []packet.Out) {
	for i := range out {
		o := &out[i]
		if o.Err = l.send(o); o.Err != nil {
			l.Failed++
		}
	}
}

func (l *LAN) send(o *packet.Out) error {
	if l.RefuseSend != nil {
		if err := l.RefuseSend(o); err != nil {
			return err
		}
	}
	link := l.Kernel.byIndex[o.Index]
	if o.ARP {
		return l.sendARP(link, o)
	}
	raw := o.Frame != nil
	switch {
	case !l.acts():
		return nil
	case raw && !l.open.Raw, !raw && !l.open.UDP:
		return syscall.EBADF
	case link == nil:
		return syscall.ENXIO
	case !link.up:
		return syscall.ENETDOWN
	case !raw && link.Config().Addr.Addr() != o.Src:
		return syscall.EINVAL // what IP_PKTINFO says to a source that is not local
	}
	m := &Message{Time: l.now, Link: link, Raw: raw}
	if raw {
		d, err := parseDatagram(slices.Clone(o.Frame), false)
		if err == nil && d.hwSrc != link.hw {
			l.errorf("%s sends a frame from %x, its address is %x", link.name, d.hwSrc, link.hw)
		}
		if err != nil {
			l.errorf("%s sends a bad frame: %w", link.name, err)
			return nil
		}
		m.HWDst, m.Src, m.Dst, m.Payload = d.hwDst, d.src, d.dst, d.payload
		if a := d.src.Addr(); a != unspecified && a != link.Config().Addr.Addr() {
			l.errorf("%s sends from %v, which it does not hold", link.name, a)
		}
	} else {
		m.Src, m.Dst = netip.AddrPortFrom(o.Src, clientPort), o.Dst
		m.Payload = slices.Clone(o.Payload)
	}
	if m.Dst.Port() != l.serverPort() {
		l.errorf("%s sends to port %d, servers listen on %d", link.name, m.Dst.Port(), l.serverPort())
	}
	if err := m.decode(); err != nil {
		l.errorf("%s sends no message: %w", link.name, err)
		return nil
	}
	l.breach(m.check())
	l.breach(link.conversation.say(m))
	if !l.Brief {
		l.Sent = append(l.Sent, m)
	}
	if l.OnSent != nil {
		l.OnSent(m)
	}
	link.transmit(m)
	return nil
}

// arrive puts a frame into the sockets that would get it: the packet socket
// takes all, the UDP socket what the IP stack would hand up to port 68.
func (l *LAN) arrive(link *Link, f Frame) {
	if l.open.Raw {
		l.queue = append(l.queue, arrival{packet.In{
			Index: link.index, Frame: slices.Clone(f.Data),
			Partial: f.Partial, VLAN: f.VLAN, Outgoing: f.Outgoing,
		}, true})
	}
	d, err := parseDatagram(f.Data, f.Partial)
	if err != nil || f.VLAN || f.Outgoing {
		return
	}
	link.conversation.hear(d.payload)
	local := d.dst.Addr() == limitedBroadcast || l.Kernel.local(d.dst.Addr())
	if l.open.UDP && !link.NoUDP && d.dst.Port() == clientPort && local {
		l.queue = append(l.queue, arrival{packet.In{
			Index: link.index, Payload: slices.Clone(d.payload), Src: d.src, Dst: d.dst,
		}, false})
	}
}

// Receive hands over what has arrived. The bytes are spoilt after each call, as
// the next message would spoil them.
func (l *LAN) Receive(fn func(*packet.In)) {
	for len(l.queue) > 0 {
		in := l.queue[0].in
		l.queue = l.queue[1:]
		l.heard(&in)
		fn(&in)
		spoil(in.Frame)
		spoil(in.Payload)
	}
}

// heard tells whoever listens what a client is about to read.
func (l *LAN) heard(in *packet.In) {
	link := l.Kernel.byIndex[in.Index]
	if l.OnHeard == nil || link == nil {
		return
	}
	l.OnHeard(link, in)
}

func spoil(b []byte) {
	for i := range b {
		b[i] = 0xdb
	}
}
