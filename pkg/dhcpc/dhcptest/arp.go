package dhcptest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// ARP is one ARP packet that the client sent.
type ARP struct {
	Time   time.Duration
	Link   *Link
	Sender netip.Addr // 0.0.0.0 in a probe
	Target netip.Addr
}

// Host is another machine on a segment that uses an address: it answers every
// ARP request for it, unless it is Silent.
type Host struct {
	Addr   netip.Addr
	HW     dhcp4.HardwareAddr
	Silent bool
	Heard  []netip.Addr // who answered its own requests

	segment *Segment
}

// Host puts a machine with an address on the segment.
func (s *Segment) Host(addr netip.Addr) *Host {
	n := byte(len(s.hosts) + 1)
	h := &Host{Addr: addr, HW: dhcp4.HardwareAddr{2, 0, 0, 0xee, 0, n}, segment: s}
	s.hosts = append(s.hosts, h)
	return h
}

// Announce makes the host claim its address before everyone (RFC 5227 section 2.3).
func (h *Host) Announce() { h.say(arpPacket{hw: h.HW, sender: h.Addr, target: h.Addr}) }

// Probe makes the host ask whether anyone uses an address (RFC 5227 section 2.1.1).
func (h *Host) Probe(addr netip.Addr) { h.say(arpPacket{hw: h.HW, sender: unspecified, target: addr}) }

func (h *Host) say(p arpPacket) { h.segment.carryARP(p, nil) }

// arpPacket is what of an ARP packet matters here.
type arpPacket struct {
	reply          bool
	hw             dhcp4.HardwareAddr // of the sender
	sender, target netip.Addr
}

// frame is written independently of package dhcp4, which it is there to check.
func (p *arpPacket) frame() []byte {
	b := make([]byte, 60)
	copy(b, dhcp4.Broadcast[:])
	copy(b[6:], p.hw[:])
	copy(b[12:], []byte{0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1})
	if p.reply {
		b[21] = 2
	}
	copy(b[22:], p.hw[:])
	copy(b[28:], p.sender.AsSlice())
	copy(b[38:], p.target.AsSlice())
	return b
}

// parseARP holds a frame of the client against RFC 5227 section 2.1.1: a request
// for everyone, whose target hardware address is zero.
func parseARP(b []byte) (p arpPacket, err error) {
	if len(b) < 42 || binary.BigEndian.Uint16(b[12:]) != 0x0806 || !bytes.Equal(b[14:22], []byte{0, 1, 8, 0, 6, 4, 0, 1}) {
		return p, errors.New("not an ARP request")
	}
	p.hw = dhcp4.HardwareAddr(b[22:])
	p.sender, p.target = netip.AddrFrom4([4]byte(b[28:])), netip.AddrFrom4([4]byte(b[38:]))
	switch {
	case dhcp4.HardwareAddr(b) != dhcp4.Broadcast:
		err = errors.New("not for everyone")
	case dhcp4.HardwareAddr(b[6:]) != p.hw:
		err = errors.New("from another than the sender")
	case !zero(b[32:38]):
		err = errors.New("with a target hardware address")
	}
	return p, err
}

// Watch has the virtual ARP socket deliver claims to these addresses, and with
// probes, questions for them.
func (l *LAN) Watch(addrs []netip.Addr, probes bool) error {
	if l.RefuseWatch != nil {
		if err := l.RefuseWatch(); err != nil {
			return err
		}
	}
	l.watched, l.probes = append([]netip.Addr{}, addrs...), probes
	return nil
}

// sendARP takes a packet from the client and puts it on the wire.
func (l *LAN) sendARP(link *Link, o *packet.Out) error {
	switch {
	case !l.acts():
		return nil
	case l.watched == nil:
		return syscall.EBADF
	case link == nil:
		return syscall.ENXIO
	case !link.up:
		return syscall.ENETDOWN
	}
	p, err := parseARP(o.Frame)
	held := link.Config().Addr.Addr()
	switch {
	case err != nil:
	case p.hw != link.hw:
		err = fmt.Errorf("from %x, its address is %x", p.hw, link.hw)
	case p.sender == unspecified: // RFC 5227 section 2.1.1: a probe
	case p.sender != p.target || p.sender != held:
		err = fmt.Errorf("%v is announced for %v, but %v is held (RFC 5227 section 2.3)", p.sender, p.target, held)
	}
	if err != nil {
		l.errorf("%s sends bad ARP: %w", link.name, err)
		return nil
	}
	if !l.Brief {
		l.ARP = append(l.ARP, ARP{l.now, link, p.sender, p.target})
	}
	if link.carries() {
		link.segment.carryARP(p, link)
	}
	return nil
}

// carryARP carries a request to all on the segment but the link that it is from,
// if it is from one, and has them answer.
func (s *Segment) carryARP(p arpPacket, from *Link) {
	s.carry(func() {
		answer := p.sender != p.target
		for _, l := range s.links {
			if l == from || from != nil && from.lan == l.lan && !s.Shared || !l.carries() {
				continue
			}
			l.lan.arriveARP(l, &p)
			// The kernel answers for every address of the machine, by whichever link
			// was asked.
			if answer && l.lan.holds(p.target) {
				s.reply(arpPacket{reply: true, hw: l.hw, sender: p.target, target: p.sender}, from, p.hw)
			}
		}
		for _, h := range s.hosts {
			if answer && p.target == h.Addr && !h.Silent && p.hw != h.HW {
				s.reply(arpPacket{reply: true, hw: h.HW, sender: h.Addr, target: p.sender}, from, p.hw)
			}
		}
	})
}

// reply carries an answer to the link or to the host that asked.
func (s *Segment) reply(p arpPacket, to *Link, host dhcp4.HardwareAddr) {
	s.carry(func() {
		if to != nil && to.carries() {
			to.lan.arriveARP(to, &p)
		}
		for _, h := range s.hosts {
			if h.HW == host {
				h.Heard = append(h.Heard, p.sender)
			}
		}
	})
}

// holds reports whether any link of the machine has the address.
func (l *LAN) holds(addr netip.Addr) bool {
	for _, link := range l.Kernel.byIndex {
		if c := link.Config(); c.Addr.IsValid() && c.Addr.Addr() == addr {
			return true
		}
	}
	return false
}

// arriveARP puts a packet into the ARP socket, if its filter lets it pass.
func (l *LAN) arriveARP(link *Link, p *arpPacket) {
	claimed := p.sender
	if p.sender == unspecified {
		claimed = p.target
	}
	if slices.Contains(l.watched, claimed) && (l.probes || p.sender != unspecified) {
		in := packet.In{Index: link.index, Frame: p.frame(), ARP: true}
		l.queue = append(l.queue, arrival{in, false})
	}
}
