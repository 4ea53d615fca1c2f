package dhcp4

import "net/netip"

// Where the fields of a message stand (RFC 2131 figure 1), in bytes.
const (
	atOp      = 0
	atHType   = 1
	atHLen    = 2
	atXid     = 4
	atSecs    = 8
	atFlags   = 10
	atCIAddr  = 12
	atYIAddr  = 16
	atSIAddr  = 20
	atGIAddr  = 24
	atCHAddr  = 28
	atSName   = 44
	atFile    = 108
	atCookie  = 236
	atOptions = 240
)

// Values of those fields.
const (
	bootRequest   = 1
	bootReply     = 2
	htypeEthernet = 1
	flagBroadcast = 0x8000
	cookie        = 0x63825363
)

// addr4 is the IPv4 address in the first four bytes of b.
func addr4(b []byte) netip.Addr { return netip.AddrFrom4([4]byte(b)) }

// usable reports whether a can be written into a message as somebody's address.
func usable(a netip.Addr) bool { return a.Is4() && !a.IsUnspecified() }
