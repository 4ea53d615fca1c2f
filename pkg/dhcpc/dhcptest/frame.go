package dhcptest

import (
	"encoding/binary"
	"errors"
	"net/netip"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// Frame is an Ethernet frame on the virtual wire, with what a kernel tells
// beside its bytes.
type Frame struct {
	Data     []byte
	Partial  bool // the UDP checksum was left to hardware (TP_STATUS_CSUMNOTREADY)
	VLAN     bool // it carried a VLAN tag
	Outgoing bool // it is a copy of what the machine itself sent
}

// Ports of RFC 2131 section 4.1.
const (
	serverPort = 67
	clientPort = 68
)

// Lengths of the headers that AppendFrame writes, in bytes.
const (
	etherLen = 14
	ipLen    = 20
	udpLen   = 8
)

// datagram is a UDP datagram with the addresses around it.
type datagram struct {
	hwSrc, hwDst dhcp4.HardwareAddr
	src, dst     netip.AddrPort
	payload      []byte
}

// frame wraps the datagram. It is written independently of package dhcp4, whose
// output and judgement it is there to check.
func (d *datagram) frame() []byte {
	b := make([]byte, etherLen+ipLen+udpLen, etherLen+ipLen+udpLen+len(d.payload))
	copy(b[0:], d.hwDst[:])
	copy(b[6:], d.hwSrc[:])
	b[12] = 0x08
	ip := b[etherLen:]
	ip[0] = 0x45
	binary.BigEndian.PutUint16(ip[2:], uint16(ipLen+udpLen+len(d.payload)))
	ip[8], ip[9] = 64, 17
	copy(ip[12:], d.src.Addr().AsSlice())
	copy(ip[16:], d.dst.Addr().AsSlice())
	udp := ip[ipLen:]
	binary.BigEndian.PutUint16(udp[0:], d.src.Port())
	binary.BigEndian.PutUint16(udp[2:], d.dst.Port())
	binary.BigEndian.PutUint16(udp[4:], uint16(udpLen+len(d.payload)))
	b = append(b, d.payload...)
	FixChecksums(b)
	return b
}

// FixChecksums writes the IP and UDP checksums of a frame with a plain IPv4
// header anew, so that a test can change a header field and still be refused
// for that field alone.
func FixChecksums(frame []byte) {
	ip := frame[etherLen:]
	ip[10], ip[11] = 0, 0
	binary.BigEndian.PutUint16(ip[10:], ^sum(0, ip[:ipLen]))
	udp := ip[ipLen:]
	udp[6], udp[7] = 0, 0
	check := ^sum(pseudoHeader(ip, len(udp)), udp)
	if check == 0 {
		check = 0xffff
	}
	binary.BigEndian.PutUint16(udp[6:], check)
}

// pseudoHeader begins a UDP checksum (RFC 768).
func pseudoHeader(ip []byte, n int) uint32 {
	return uint32(sum(uint32(17+n), ip[12:20]))
}

// sum is the ones' complement sum of RFC 1071.
func sum(s uint32, b []byte) uint16 {
	for i := 0; i+1 < len(b); i += 2 {
		s += uint32(b[i])<<8 | uint32(b[i+1])
	}
	if len(b)%2 == 1 {
		s += uint32(b[len(b)-1]) << 8
	}
	for s > 0xffff {
		s = s&0xffff + s>>16
	}
	return uint16(s)
}

// parseDatagram takes a frame apart as a kernel's IP stack would, and is as
// strict about it; it knows no IP options.
func parseDatagram(f []byte, partial bool) (d datagram, err error) {
	if len(f) < etherLen+ipLen+udpLen {
		return d, errors.New("frame is too short for UDP")
	}
	copy(d.hwDst[:], f[0:])
	copy(d.hwSrc[:], f[6:])
	ip := f[etherLen:]
	total := int(binary.BigEndian.Uint16(ip[2:]))
	switch {
	case f[12] != 0x08 || f[13] != 0x00 || ip[0] != 0x45:
		return d, errors.New("not IPv4 with a plain header")
	case total < ipLen+udpLen || total > len(ip):
		return d, errors.New("IP length does not fit the frame")
	case sum(0, ip[:ipLen]) != 0xffff:
		return d, errors.New("IP checksum is wrong")
	case binary.BigEndian.Uint16(ip[6:])&0x3fff != 0:
		return d, errors.New("IP datagram is a fragment")
	case ip[8] == 0:
		return d, errors.New("IP time to live is 0")
	case ip[9] != 17:
		return d, errors.New("not UDP")
	}
	ip = ip[:total]
	udp := ip[ipLen:]
	n := int(binary.BigEndian.Uint16(udp[4:]))
	if n < udpLen || n > len(udp) {
		return d, errors.New("UDP length does not fit the IP datagram")
	}
	udp = udp[:n]
	if !partial && (udp[6] != 0 || udp[7] != 0) && sum(pseudoHeader(ip, n), udp) != 0xffff {
		return d, errors.New("UDP checksum is wrong")
	}
	port := func(at int) uint16 { return binary.BigEndian.Uint16(udp[at:]) }
	d.src = netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[12:16])), port(0))
	d.dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[16:20])), port(2))
	d.payload = udp[udpLen:]
	return d, nil
}
