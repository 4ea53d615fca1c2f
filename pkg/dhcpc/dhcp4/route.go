package dhcp4

import "net/netip"

// A Route is one entry of option 121 or 33. An invalid Gateway (the zero Addr)
// means that Dst is on the link itself (RFC 3442).
type Route struct {
	Dst     netip.Prefix
	Gateway netip.Addr
}

// AppendClasslessRoutes decodes option 121 (RFC 3442) and appends at most max
// routes to dst. ok is false if it is absent or malformed in any entry: then
// none of it is used.
func (o *Options) AppendClasslessRoutes(dst []Route, max int) (routes []Route, ok bool) {
	b := o.Bytes(ClasslessRoute)
	if len(b) == 0 {
		return dst, false
	}
	routes = dst
	for ; len(b) > 0; max-- {
		width := int(b[0])
		size := 1 + (width+7)/8 // of the destination: only its significant bytes are sent
		if width > 32 || len(b) < size+4 {
			return dst, false
		}
		if max > 0 {
			var net [4]byte
			copy(net[:], b[1:size])
			r := Route{Dst: netip.PrefixFrom(netip.AddrFrom4(net), width).Masked()}
			if gw := addr4(b[size:]); !gw.IsUnspecified() {
				r.Gateway = gw
			}
			routes = append(routes, r)
		}
		b = b[size+4:]
	}
	return routes, true
}

// AppendStaticRoutes decodes option 33 (RFC 2132 section 5.8) and appends at
// most max routes to dst. The option has no masks: a destination is a network
// of its class, or, if it does not end with the zeros of one, a host. Entries
// for 0.0.0.0, which are illegal, and by way of it, which is not a router, are
// left out. ok is false if the option is absent or ends inside an entry.
func (o *Options) AppendStaticRoutes(dst []Route, max int) (routes []Route, ok bool) {
	b := o.Bytes(StaticRoute)
	if len(b) == 0 || len(b)%8 != 0 {
		return dst, false
	}
	for ; len(b) > 0 && max > 0; b = b[8:] {
		net, gw := addr4(b), addr4(b[4:])
		if net.IsUnspecified() || gw.IsUnspecified() {
			continue
		}
		p := Classful(net)
		if p.Addr() != net {
			p = netip.PrefixFrom(net, 32)
		}
		dst = append(dst, Route{Dst: p, Gateway: gw})
		max--
	}
	return dst, true
}

// Classful is the network of class A, B or C that an IPv4 address belongs to;
// an address of no class is a network of its own. Of another address there is none.
func Classful(a netip.Addr) netip.Prefix {
	if !a.Is4() {
		return netip.Prefix{}
	}
	bits := 32
	switch first := a.As4()[0]; {
	case first < 128:
		bits = 8
	case first < 192:
		bits = 16
	case first < 224:
		bits = 24
	}
	return netip.PrefixFrom(a, bits).Masked()
}
