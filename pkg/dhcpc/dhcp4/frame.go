package dhcp4

import (
	"encoding/binary"
	"net/netip"
)

const (
	etherLen = 14 // bytes of an Ethernet header
	ipLen    = 20 // of an IPv4 header without options, as we send it
	udpLen   = 8

	etherTypeIPv4 = 0x0800
	etherTypeVLAN = 0x8100 // IEEE 802.1Q
	etherTypeQinQ = 0x88a8 // IEEE 802.1ad
	protocolUDP   = 17
	moreFragments = 0x2000
	fragmentStart = 0x1fff
	clientPort    = 68
)

// Datagram is what ParseFrame found around a payload.
type Datagram struct {
	Src, Dst         netip.AddrPort // IP source and destination with UDP ports
	HWSrc, HWDst     HardwareAddr
	Payload          []byte // part of the frame
	PartialChecksums bool   // the UDP checksum was left to hardware that does not exist
}

// ParseFrame walks an Ethernet frame down to the payload of a UDP datagram for
// port 68. Padding after the datagram is ignored. partial says that the kernel
// marked the frame's checksum as not yet filled in (TP_STATUS_CSUMNOTREADY), as
// veth and virtio deliver it. On refusal the Datagram has no payload.
func ParseFrame(frame []byte, partial bool) (Datagram, Refusal) {
	if len(frame) < etherLen {
		return Datagram{}, ShortFrame
	}
	d := Datagram{HWDst: HardwareAddr(frame), HWSrc: HardwareAddr(frame[6:])}
	switch binary.BigEndian.Uint16(frame[12:]) {
	case etherTypeIPv4:
	case etherTypeVLAN, etherTypeQinQ:
		return d, VLANTagged
	default:
		return d, NotIPv4
	}
	return d, d.parseIP(frame[etherLen:], partial)
}

func (d *Datagram) parseIP(ip []byte, partial bool) Refusal {
	if len(ip) < ipLen {
		return ShortFrame
	}
	header := int(ip[0]&0xf) * 4
	total := int(binary.BigEndian.Uint16(ip[2:]))
	fragment := binary.BigEndian.Uint16(ip[6:])
	switch {
	case ip[0]>>4 != 4 || header < ipLen:
		return NotIPv4
	case len(ip) < header:
		return ShortFrame
	case total < header || total > len(ip):
		return BadIPLength
	case fold(sum(0, ip[:header])) != 0xffff:
		return BadIPChecksum
	case fragment&(moreFragments|fragmentStart) != 0:
		return Fragment
	case ip[9] != protocolUDP:
		return NotUDP
	}
	return d.parseUDP(ip, ip[header:total], partial)
}

func (d *Datagram) parseUDP(ip, udp []byte, partial bool) Refusal {
	if len(udp) < udpLen {
		return ShortFrame
	}
	srcPort, dstPort := binary.BigEndian.Uint16(udp), binary.BigEndian.Uint16(udp[2:])
	d.Src = netip.AddrPortFrom(addr4(ip[12:]), srcPort)
	d.Dst = netip.AddrPortFrom(addr4(ip[16:]), dstPort)
	if dstPort != clientPort {
		return NotClientPort
	}
	size := int(binary.BigEndian.Uint16(udp[4:]))
	if size < udpLen || size > len(udp) {
		return BadUDPLength
	}
	udp = udp[:size]
	checksum := binary.BigEndian.Uint16(udp[6:])
	if checksum != 0 && fold(pseudoSum(ip[12:20], udp)) != 0xffff {
		if !partial {
			return BadUDPChecksum
		}
		d.PartialChecksums = true
	}
	d.Payload = udp[udpLen:]
	return Accepted
}

// AppendFrame writes Ethernet, IPv4 and UDP headers, with checksums, and payload
// to dst. src and to must be IPv4 (any other address is written as 0.0.0.0),
// and payload must fit: at most 65507 bytes.
func AppendFrame(dst []byte, hwSrc, hwDst HardwareAddr, src, to netip.AddrPort, payload []byte) []byte {
	dst = append(dst, hwDst[:]...)
	dst = append(dst, hwSrc[:]...)
	dst = binary.BigEndian.AppendUint16(dst, etherTypeIPv4)

	ipAt := len(dst)
	dst = append(dst, 4<<4|ipLen/4, 0)
	dst = binary.BigEndian.AppendUint16(dst, uint16(ipLen+udpLen+len(payload)))
	// A datagram that must not be fragmented needs no identification (RFC 6864
	// section 4.1), and at 576 bytes or less no path will want to fragment it.
	dst = append(dst, 0, 0, 0x40, 0)
	dst = append(dst, 64, protocolUDP, 0, 0) // time to live, and room for the checksum
	dst = appendAddr(dst, src.Addr())
	dst = appendAddr(dst, to.Addr())
	ip := dst[ipAt:]
	binary.BigEndian.PutUint16(ip[10:], ^fold(sum(0, ip)))

	udpAt := len(dst)
	dst = binary.BigEndian.AppendUint16(dst, src.Port())
	dst = binary.BigEndian.AppendUint16(dst, to.Port())
	dst = binary.BigEndian.AppendUint16(dst, uint16(udpLen+len(payload)))
	dst = append(dst, 0, 0)
	dst = append(dst, payload...)
	udp := dst[udpAt:]
	checksum := ^fold(pseudoSum(dst[ipAt+12:ipAt+20], udp))
	if checksum == 0 {
		checksum = 0xffff // zero would say that there is none (RFC 768)
	}
	binary.BigEndian.PutUint16(udp[6:], checksum)
	return dst
}

func appendAddr(dst []byte, a netip.Addr) []byte {
	var b [4]byte
	if a.Is4() {
		b = a.As4()
	}
	return append(dst, b[:]...)
}
