package dhcp4

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// Addr reads an option of exactly one IPv4 address.
func (o *Options) Addr(c Code) (a netip.Addr, ok bool) {
	b := o.Bytes(c)
	if len(b) != 4 {
		return netip.Addr{}, false
	}
	return addr4(b), true
}

// AppendAddrs reads a list of addresses in order of preference and appends it
// to dst, at most max of them. A list that ends inside an address is absent.
func (o *Options) AppendAddrs(dst []netip.Addr, c Code, max int) []netip.Addr {
	b := o.Bytes(c)
	if len(b)%4 != 0 {
		return dst
	}
	for ; len(b) > 0 && max > 0; max-- {
		dst = append(dst, addr4(b))
		b = b[4:]
	}
	return dst
}

// Uint32 reads an option of exactly four bytes, such as a time in seconds.
func (o *Options) Uint32(c Code) (v uint32, ok bool) {
	b := o.Bytes(c)
	if len(b) != 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(b), true
}

// Uint16 reads an option of exactly two bytes.
func (o *Options) Uint16(c Code) (v uint16, ok bool) {
	b := o.Bytes(c)
	if len(b) != 2 {
		return 0, false
	}
	return binary.BigEndian.Uint16(b), true
}

// Text reads a text option, without trailing NULs (RFC 2132 section 2). It is
// valid until the next Decode.
func (o *Options) Text(c Code) Text { return Text{bytes.TrimRight(o.Bytes(c), "\x00")} }
