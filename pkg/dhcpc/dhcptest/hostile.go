package dhcptest

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// Hostile is an honest OFFER or ACK with one thing wrong, so that no client may
// use it.
type Hostile struct {
	Name    string
	Refusal dhcp4.Refusal     // what a client must refuse it for
	Of      dhcp4.MessageType // the honest message that it is made of: Offer, Ack, or 0 for either

	// One of these spoils the message at its level.
	reply   func(r *Reply)
	payload func(b []byte) []byte
	frame   func(f *Frame)
}

// Frame is the hostile version of what the server would answer to m.
func (h *Hostile) Frame(s *Server, m *Message, honest *Reply) Frame {
	r := *honest
	r.Options = slices.Clone(honest.Options)
	if h.reply != nil {
		h.reply(&r)
	}
	payload := r.Append(nil)
	if h.payload != nil {
		payload = h.payload(payload)
	}
	f := s.address(m, honest, payload)
	if h.frame != nil {
		h.frame(&f)
	}
	return f
}

// Hostiles is every way to be wrong: the frame, the message, and the answer to
// what was asked.
func Hostiles() []Hostile {
	return slices.Concat(hostileFrames(), hostileMessages(), hostileAnswers())
}

// hostileFrames have something wrong below the message.
func hostileFrames() []Hostile {
	const ip, udp = etherLen, etherLen + ipLen
	cut := func(n int) func(*Frame) {
		return func(f *Frame) { f.Data = f.Data[:n] }
	}
	// set changes bytes and makes the checksums right again.
	set := func(at int, b ...byte) func(*Frame) {
		return func(f *Frame) {
			copy(f.Data[at:], b)
			FixChecksums(f.Data)
		}
	}
	flip := func(at int) func(*Frame) {
		return func(f *Frame) { f.Data[at] ^= 0x55 }
	}
	return []Hostile{
		{Name: "cut inside the Ethernet header", Refusal: dhcp4.ShortFrame, frame: cut(etherLen - 1)},
		{Name: "cut inside the IP header", Refusal: dhcp4.ShortFrame, frame: cut(ip + ipLen - 1)},
		{Name: "IP length ends inside the UDP header", Refusal: dhcp4.ShortFrame, frame: set(ip+2, 0, ipLen+udpLen-1)},
		{Name: "EtherType of IPv6", Refusal: dhcp4.NotIPv4, frame: set(12, 0x86, 0xdd)},
		{Name: "IP version 6", Refusal: dhcp4.NotIPv4, frame: set(ip, 0x65)},
		{Name: "IP header of 16 bytes", Refusal: dhcp4.NotIPv4, frame: set(ip, 0x44)},
		{Name: "IP length 0", Refusal: dhcp4.BadIPLength, frame: set(ip+2, 0, 0)},
		{Name: "IP length ends inside the IP header", Refusal: dhcp4.BadIPLength, frame: set(ip+2, 0, ipLen-1)},
		{Name: "IP length beyond the frame", Refusal: dhcp4.BadIPLength, frame: set(ip+2, 0xff, 0xff)},
		{Name: "cut inside the message", Refusal: dhcp4.BadIPLength, frame: cut(udp + udpLen + 200)},
		{Name: "wrong IP checksum", Refusal: dhcp4.BadIPChecksum, frame: flip(ip + 10)},
		{Name: "more fragments", Refusal: dhcp4.Fragment, frame: set(ip+6, 0x20)},
		{Name: "fragment offset", Refusal: dhcp4.Fragment, frame: set(ip+7, 1)},
		{Name: "TCP", Refusal: dhcp4.NotUDP, frame: set(ip+9, 6)},
		{Name: "to port 67", Refusal: dhcp4.NotClientPort, frame: set(udp+3, serverPort)},
		{Name: "UDP length 7", Refusal: dhcp4.BadUDPLength, frame: set(udp+4, 0, udpLen-1)},
		{Name: "UDP length beyond the IP datagram", Refusal: dhcp4.BadUDPLength, frame: set(udp+4, 0x7f, 0xff)},
		{Name: "wrong UDP checksum", Refusal: dhcp4.BadUDPChecksum, frame: flip(udp + 6)},
		{Name: "of a VLAN", Refusal: dhcp4.VLANTagged, frame: func(f *Frame) { f.VLAN = true }},
		{Name: "with a VLAN tag inside", Refusal: dhcp4.VLANTagged, frame: func(f *Frame) {
			f.Data = slices.Insert(f.Data, 12, 0x81, 0x00, 0x00, 0x05)
		}},
		{Name: "copy of an outgoing frame", Refusal: dhcp4.OutgoingCopy, frame: func(f *Frame) { f.Outgoing = true }},
	}
}

// hostileMessages are no DHCP replies, or not readable to the end.
func hostileMessages() []Hostile {
	set := func(at int, b ...byte) func([]byte) []byte {
		return func(p []byte) []byte {
			copy(p[at:], b)
			return p
		}
	}
	// appending replaces the end option and what follows it.
	appending := func(b ...byte) func([]byte) []byte {
		return func(p []byte) []byte {
			_, rest, _ := readOptions(p[240:])
			return append(p[:len(p)-len(rest)-1], b...)
		}
	}
	return []Hostile{
		{Name: "empty", Refusal: dhcp4.ShortMessage, payload: func([]byte) []byte { return nil }},
		{Name: "without the cookie", Refusal: dhcp4.ShortMessage, payload: func(p []byte) []byte { return p[:236] }},
		{Name: "with half a cookie", Refusal: dhcp4.ShortMessage, payload: func(p []byte) []byte { return p[:239] }},
		{Name: "longer than any Ethernet carries", Refusal: dhcp4.LongMessage, payload: func(p []byte) []byte {
			return append(p, make([]byte, dhcp4.MaxMessage+1-len(p))...)
		}},
		{Name: "BOOTREQUEST", Refusal: dhcp4.NotReply, payload: set(0, 1)},
		{Name: "op 0", Refusal: dhcp4.NotReply, payload: set(0, 0)},
		{Name: "wrong cookie", Refusal: dhcp4.BadCookie, payload: set(239, 0x64)},
		{Name: "option code at the very end", Refusal: dhcp4.BadOption, payload: appending(byte(dhcp4.DNSServer))},
		{Name: "option beyond the end", Refusal: dhcp4.BadOption, payload: appending(byte(dhcp4.DNSServer), 4, 192, 0)},
		{Name: "option beyond the overloaded file field", Refusal: dhcp4.BadOption, reply: func(r *Reply) {
			r.Options = append(r.Options, Option{dhcp4.Overload, []byte{1}})
			r.BootFile = []byte{byte(dhcp4.DomainName), 127}
		}},
		{Name: "plain BOOTP", Refusal: dhcp4.NoMessageType, reply: func(r *Reply) { r.Type = 0 }},
		{Name: "message type of no bytes", Refusal: dhcp4.NoMessageType, reply: typeOption(nil)},
		{Name: "message type of two bytes", Refusal: dhcp4.NoMessageType, reply: typeOption([]byte{5, 5})},
		{Name: "two message types", Refusal: dhcp4.NoMessageType, reply: func(r *Reply) {
			r.Options = append(r.Options, Option{dhcp4.DHCPMessageType, []byte{byte(r.Type)}})
		}},
	}
}

func typeOption(b []byte) func(*Reply) {
	return func(r *Reply) {
		r.Type = 0
		r.Options = append(r.Options, Option{dhcp4.DHCPMessageType, b})
	}
}

// hostileAnswers are right messages that do not answer what was asked, or
// answer it with nonsense.
func hostileAnswers() []Hostile {
	replace := func(c dhcp4.Code, data []byte) func(*Reply) {
		return func(r *Reply) {
			r.Options = slices.DeleteFunc(r.Options, func(o Option) bool { return o.Code == c })
			r.Options = append(r.Options, Option{c, data})
		}
	}
	list := []Hostile{
		{Name: "wrong xid", Refusal: dhcp4.WrongXid, reply: func(r *Reply) { r.Xid++ }},
		{Name: "another chaddr", Refusal: dhcp4.WrongHardwareAddr, reply: func(r *Reply) { r.HardwareAddr[5] ^= 1 }},
		{Name: "hardware type 6", Refusal: dhcp4.WrongHardwareAddr, payload: func(p []byte) []byte { p[1] = 6; return p }},
		{Name: "hardware address of 16 bytes", Refusal: dhcp4.WrongHardwareAddr, payload: func(p []byte) []byte { p[2] = 16; return p }},
		{Name: "another client identifier", Refusal: dhcp4.WrongClientID, reply: replace(dhcp4.ClientIdentifier, []byte("\x00other"))},

		{Name: "ACK to a DISCOVER", Of: dhcp4.Offer, Refusal: dhcp4.UnexpectedType, reply: func(r *Reply) { r.Type = dhcp4.Ack }},
		{Name: "NAK to a DISCOVER", Of: dhcp4.Offer, Refusal: dhcp4.UnexpectedType, reply: func(r *Reply) { r.Type = dhcp4.Nak }},
		{Name: "OFFER to a REQUEST", Of: dhcp4.Ack, Refusal: dhcp4.UnexpectedType, reply: func(r *Reply) { r.Type = dhcp4.Offer }},

		{Name: "no server identifier", Refusal: dhcp4.NoServerID, reply: func(r *Reply) { r.ServerID = netip.Addr{} }},
		{Name: "server identifier of 3 bytes", Refusal: dhcp4.NoServerID, reply: func(r *Reply) {
			r.ServerID = netip.Addr{}
			r.Options = append(r.Options, Option{dhcp4.ServerIdentifier, []byte{192, 0, 2}})
		}},
		{Name: "from another server", Of: dhcp4.Ack, Refusal: dhcp4.WrongServer, reply: func(r *Reply) { r.ServerID = r.ServerID.Next() }},
		{Name: "NAK from another server", Of: dhcp4.Ack, Refusal: dhcp4.WrongServer, reply: func(r *Reply) {
			r.Type, r.YourAddr, r.Lease, r.ServerID = dhcp4.Nak, netip.Addr{}, 0, r.ServerID.Next()
		}},

		{Name: "no lease time", Refusal: dhcp4.NoLeaseTime, reply: func(r *Reply) { r.Lease = 0 }},
		{Name: "lease time of 3 bytes", Refusal: dhcp4.NoLeaseTime, reply: leaseOption([]byte{0, 14, 16})},
		{Name: "lease time twice", Refusal: dhcp4.NoLeaseTime, reply: func(r *Reply) {
			r.Options = append(r.Options, Option{dhcp4.LeaseTime, Uint32(r.Lease)})
		}},
		{Name: "lease of 0 s", Refusal: dhcp4.BadLeaseTime, reply: leaseOption(Uint32(0))},
		{Name: "lease of 4 s", Refusal: dhcp4.BadLeaseTime, reply: func(r *Reply) { r.Lease = 4 }},

		{Name: "another address than offered", Of: dhcp4.Ack, Refusal: dhcp4.WrongAddress, reply: func(r *Reply) { r.YourAddr = r.YourAddr.Next() }},
		{Name: "address of the server", Of: dhcp4.Offer, Refusal: dhcp4.BadAddress, reply: func(r *Reply) { r.YourAddr = r.ServerID }},
		{Name: "address of the network", Of: dhcp4.Offer, Refusal: dhcp4.BadAddress, reply: func(r *Reply) {
			r.YourAddr = netip.PrefixFrom(r.YourAddr, maskBits(r)).Masked().Addr()
		}},
		{Name: "address of the broadcast", Of: dhcp4.Offer, Refusal: dhcp4.BadAddress, reply: func(r *Reply) {
			b := r.YourAddr.As4()
			v := binary.BigEndian.Uint32(b[:]) | ^uint32(0)>>maskBits(r)
			r.YourAddr = addrOf(Uint32(v))
		}},
	}
	for _, a := range []string{"0.0.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.1"} {
		list = append(list, Hostile{Name: "server identifier " + a, Refusal: dhcp4.NoServerID, reply: func(r *Reply) {
			r.ServerID = netip.MustParseAddr(a)
		}})
	}
	for _, a := range []string{"0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"} {
		list = append(list, Hostile{Name: "address " + a, Of: dhcp4.Offer, Refusal: dhcp4.BadAddress, reply: func(r *Reply) {
			r.YourAddr = netip.MustParseAddr(a)
		}})
	}
	for _, a := range []string{"255.0.255.0", "0.0.0.0", "254.0.0.0", "0.0.0.255"} {
		list = append(list, Hostile{Name: "mask " + a, Refusal: dhcp4.BadMask, reply: replace(dhcp4.SubnetMask, Addrs(a))})
	}
	return list
}

func leaseOption(b []byte) func(*Reply) {
	return func(r *Reply) {
		r.Lease = 0
		r.Options = append(r.Options, Option{dhcp4.LeaseTime, b})
	}
}

// maskBits is the length of the subnet in an honest reply.
func maskBits(r *Reply) int {
	bits := 0
	for _, b := range find(r.Options, dhcp4.SubnetMask) {
		for ; b != 0; b <<= 1 {
			bits++
		}
	}
	return bits
}
