package dhcp4

import (
	"encoding/binary"
	"net/netip"
)

// ARP is an ARP packet for IPv4 on Ethernet (RFC 826).
type ARP struct {
	Reply              bool // else it is a request
	SenderHW, TargetHW HardwareAddr
	SenderIP, TargetIP netip.Addr
}

const (
	etherTypeARP = 0x0806
	arpLen       = 28
	arpRequest   = 1
	arpReply     = 2

	// ARPFrameLen is the length of an ARP frame as AppendARP writes it, in bytes.
	ARPFrameLen = etherLen + arpLen
)

// arpHead is the part that is the same in every packet that is read or written:
// Ethernet, IPv4, and the lengths of their addresses.
var arpHead = [6]byte{0, htypeEthernet, etherTypeIPv4 >> 8, etherTypeIPv4 & 0xff, 6, 4}

// ParseARP reads an Ethernet frame; ok is false if it holds no ARP packet, or
// one whose sender cannot be a host: with a group address, or none.
func ParseARP(frame []byte) (p ARP, ok bool) {
	if len(frame) < ARPFrameLen || binary.BigEndian.Uint16(frame[12:]) != etherTypeARP {
		return p, false
	}
	b := frame[etherLen:]
	op := binary.BigEndian.Uint16(b[6:])
	if [6]byte(b) != arpHead || op != arpRequest && op != arpReply {
		return p, false
	}
	p = ARP{
		Reply:    op == arpReply,
		SenderHW: HardwareAddr(b[8:]), SenderIP: addr4(b[14:]),
		TargetHW: HardwareAddr(b[18:]), TargetIP: addr4(b[24:]),
	}
	return p, p.SenderHW != HardwareAddr{} && p.SenderHW[0]&1 == 0
}

// AppendARP writes a frame with an ARP packet for everyone on the link to dst.
// Addresses that are not IPv4 are written as 0.0.0.0.
func AppendARP(dst []byte, p *ARP) []byte {
	op := uint16(arpRequest)
	if p.Reply {
		op = arpReply
	}
	dst = append(dst, Broadcast[:]...)
	dst = append(dst, p.SenderHW[:]...)
	dst = binary.BigEndian.AppendUint16(dst, etherTypeARP)
	dst = append(dst, arpHead[:]...)
	dst = binary.BigEndian.AppendUint16(dst, op)
	dst = append(dst, p.SenderHW[:]...)
	dst = appendAddr(dst, p.SenderIP)
	dst = append(dst, p.TargetHW[:]...)
	return appendAddr(dst, p.TargetIP)
}
