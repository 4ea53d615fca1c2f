package dhcp4

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"strconv"
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
