package dhcp4

import "encoding/binary"

// sum adds the 16-bit words of b to s (RFC 1071). It cannot overflow on the
// 64 KiB of an IP datagram.
func sum(s uint32, b []byte) uint32 {
	for ; len(b) >= 2; b = b[2:] {
		s += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	return s
}

// fold makes the one's complement sum of s; data with a right checksum give 0xffff.
func fold(s uint32) uint16 {
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}

// pseudoSum is the sum over a UDP datagram and its pseudo header (RFC 768).
// addrs are the source and destination of the IP header.
func pseudoSum(addrs, udp []byte) uint32 {
	return sum(sum(protocolUDP+uint32(len(udp)), addrs), udp)
}
