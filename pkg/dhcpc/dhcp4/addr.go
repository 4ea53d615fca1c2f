package dhcp4

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"
)

// IsHost reports whether an address can be that of some host: an IPv4 address, and
// not of 0.0.0.0/8, 127.0.0.0/8, multicast, reserved or broadcast. Link-local
// addresses are; clouds have their servers there.
func IsHost(a netip.Addr) bool {
	if !a.Is4() {
		return false
	}
	first := a.As4()[0]
	return first != 0 && first != 127 && first < 224
}

// MaskBits is the length of the subnet that a mask such as 255.255.255.0 stands for,
// from 0 to 32. It returns false if the mask is none.
func MaskBits(mask netip.Addr) (length int, ok bool) {
	if !mask.Is4() {
		return 0, false
	}
	b := mask.As4()
	v := binary.BigEndian.Uint32(b[:])
	length = bits.LeadingZeros32(^v)
	return length, v<<length == 0
}

// ParseHardwareAddr reads six bytes in hexadecimal with ':' or '-' between them.
func ParseHardwareAddr(s string) (hw HardwareAddr, ok bool) {
	if len(s) != 17 {
		return HardwareAddr{}, false
	}
	for i := range hw {
		if i > 0 && s[3*i-1] != s[2] {
			return HardwareAddr{}, false
		}
		b, err := strconv.ParseUint(s[3*i:3*i+2], 16, 8)
		if err != nil {
			return HardwareAddr{}, false
		}
		hw[i] = byte(b)
	}
	return hw, s[2] == ':' || s[2] == '-'
}

var errNotIPv4 = errors.New("not an IPv4 address")

// ParseAddr reads an IPv4 address. netip.ParseAddr reads those of IPv6 too, whose
// zones are kept in a table that would be a seventieth of the command.
func ParseAddr(s string) (netip.Addr, error) {
	var a [4]byte
	for i := range a {
		part, rest, more := strings.Cut(s, ".")
		n, ok := parseByte(part)
		if !ok || more != (i+1 < len(a)) {
			return netip.Addr{}, errNotIPv4
		}
		a[i], s = n, rest
	}
	return netip.AddrFrom4(a), nil
}

// ParsePrefix reads an IPv4 address with the length of its prefix: "192.0.2.1/24".
func ParsePrefix(s string) (netip.Prefix, error) {
	host, length, _ := strings.Cut(s, "/")
	a, err := ParseAddr(host)
	bits, ok := parseByte(length)
	if err != nil || !ok || bits > 32 {
		return netip.Prefix{}, errNotIPv4
	}
	return netip.PrefixFrom(a, int(bits)), nil
}

// parseByte reads a decimal number without zeros in front: some take those for octal.
func parseByte(s string) (byte, bool) {
	n, err := strconv.ParseUint(s, 10, 8)
	return byte(n), err == nil && (s[0] != '0' || s == "0")
}
