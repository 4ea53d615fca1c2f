package ifup

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// linkHeader is the index that an RTM_NEWLINK or RTM_DELLINK message is about.
// It returns false for a bridge's view of its port, which has the same type: an
// RTM_DELLINK there only says that the port has left the bridge.
func linkHeader(body []byte) (index int, ok bool) {
	if len(body) < unix.SizeofIfInfomsg {
		return 0, false
	}
	index = int(int32(binary.NativeEndian.Uint32(body[4:])))
	return index, body[0] == unix.AF_UNSPEC && index > 0
}

// parseLink reads the body of a message that linkHeader accepts. It returns
// false for a wireless event, which comes without most attributes. Strings are
// shared with before, where they are the same.
func parseLink(body []byte, before *Link) (l Link, ok bool) {
	l.Type = binary.NativeEndian.Uint16(body[2:])
	l.Index = int(int32(binary.NativeEndian.Uint32(body[4:])))
	l.Flags = binary.NativeEndian.Uint32(body[8:])
	for typ, value := range attributes(body[unix.SizeofIfInfomsg:]) {
		switch typ {
		case unix.IFLA_IFNAME:
			l.Name = text(value, before.Name)
		case unix.IFLA_ADDRESS:
			if len(value) == len(l.HardwareAddr) {
				copy(l.HardwareAddr[:], value)
			}
		case unix.IFLA_MTU:
			l.MTU = number(value)
		case unix.IFLA_MIN_MTU:
			l.MinMTU = number(value)
		case unix.IFLA_MAX_MTU:
			l.MaxMTU = number(value)
		case unix.IFLA_CARRIER_DOWN_COUNT:
			l.CarrierLost = number(value)
		case unix.IFLA_MASTER:
			l.Master = number(value)
		case unix.IFLA_LINKINFO:
			for typ, value := range attributes(value) {
				if typ == unix.IFLA_INFO_KIND {
					l.Kind = text(value, before.Kind)
				}
			}
		case unix.IFLA_WIRELESS:
			return Link{}, false
		}
	}
	return l, true
}

// text is a string that may end with a NUL, or known if that is the same.
func text(b []byte, known string) string {
	if end := bytes.IndexByte(b, 0); end >= 0 {
		b = b[:end]
	}
	if string(b) == known {
		return known
	}
	return string(b)
}

// number is a 32-bit attribute. What an int cannot hold on a 32-bit machine is no number of ours.
func number(b []byte) int { return max(0, int(int32(uint32Of(b)))) }

// isWireless reports whether an 802.11 phy stands behind a link. Only real
// hardware is looked at. Without /sys nothing is wireless: an image that leaves
// /sys out has no wireless network to keep our hands off.
func isWireless(l *Link) bool {
	if l.Type != unix.ARPHRD_ETHER || l.Kind != "" {
		return false
	}
	dir := "/sys/class/net/" + l.Name
	return unix.Access(dir+"/phy80211", unix.F_OK) == nil || unix.Access(dir+"/wireless", unix.F_OK) == nil
}
