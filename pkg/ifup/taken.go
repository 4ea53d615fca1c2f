package ifup

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// Holds reports whether the link has this address from an earlier life of the
// program. Then it counts as installed by an earlier call, with the routes of
// which it is the source: Apply refreshes, replaces or removes them. An address
// that is foreign, as Apply would find, is not held.
func (n *Netlink) Holds(index int, addr netip.Prefix) bool {
	if n.existing == nil {
		n.existing = &existing{n.listAddrs(), n.listRoutes()}
	}
	i := slices.IndexFunc(n.existing.addrs, func(a existingAddr) bool {
		return a.index == index && a.prefix == addr && !a.foreign
	})
	if i >= 0 && n.installed[index] == nil {
		n.installed[index] = n.existing.adopt(&n.existing.addrs[i])
	}
	return i >= 0
}

// existing is what the kernel has, listed once for all links that are asked about
// between two changes.
type existing struct {
	addrs  []existingAddr
	routes []existingRoute
}

// adopt is what an earlier life has made of a link.
func (e *existing) adopt(a *existingAddr) *installed {
	in := &installed{addr: address{Prefix: a.prefix, broadcast: a.broadcast, lifetime: forever}}
	for _, r := range e.routes {
		if r.index == a.index && r.route.source == a.prefix.Addr() {
			in.routes = append(in.routes, r.route)
		}
	}
	return in
}

// settle decides whose the addresses and routes are that were there already
// where some were to be created. They are a DHCP client's, and therefore ours
// from an earlier life, if they go by themselves: an address with a limited
// lifetime, and a route of protocol DHCP with such an address as its source,
// which goes with it; and an address with our mark counts like these. Both are
// brought to what they are to be. All else is somebody else's.
//
// This is off the path of a first lease, so all there is of a kind is listed.
func (n *Netlink) settle() {
	if len(n.takenAddrs)+len(n.takenRoutes)+len(n.strayRoutes) == 0 {
		return
	}
	addrs := n.listAddrs()
	for i := range n.takenAddrs {
		n.settleAddr(&n.takenAddrs[i], addrs)
	}
	n.takenAddrs = n.takenAddrs[:0]
	n.reconnect() // only now it is known which addresses are ours
	if len(n.takenRoutes) > 0 {
		routes := n.listRoutes()
		for i := range n.takenRoutes {
			n.settleRoute(&n.takenRoutes[i], routes, addrs)
		}
		n.takenRoutes = n.takenRoutes[:0]
	}
	n.send()
	// What was taken again, in the meantime, is no leftover.
	for i := range n.takenRoutes {
		n.withdraw(&n.takenRoutes[i])
		n.refuse(n.takenRoutes[i].index, n.takenRoutes[i].refused(unix.EEXIST))
	}
	n.takenRoutes = n.takenRoutes[:0]
}

func (n *Netlink) settleAddr(r *request, addrs []existingAddr) {
	in := n.installed[r.index]
	if in == nil || in.addr.Prefix != r.addr {
		return // a later Apply, or the link's end, has overtaken it
	}
	for _, a := range addrs {
		if a.index != r.index || a.prefix != r.addr {
			continue
		}
		if a.foreign {
			in.foreign = true
		} else {
			n.queue.refresh(r.index, &in.addr)
		}
		return
	}
	n.withdraw(r)
	n.refuse(r.index, r.refused(unix.EEXIST))
}

func (n *Netlink) settleRoute(r *request, routes []existingRoute, addrs []existingAddr) {
	for _, e := range routes {
		if e.index != r.index || e.route.Dst != r.route.Dst || e.route.metric != r.route.metric {
			continue
		}
		if e.route == r.route {
			return
		}
		leftover := func(a existingAddr) bool {
			return a.index == r.index && a.prefix.Addr() == e.route.source && !a.foreign
		}
		if slices.ContainsFunc(addrs, leftover) {
			n.queue.createRoute(r.index, &r.route, true)
			n.queue.deleteRoute(r.index, &e.route)
			return
		}
	}
	n.withdraw(r)
	n.refuse(r.index, r.refused(unix.EEXIST))
}

// existingAddr is an address that the kernel has.
type existingAddr struct {
	index     int
	prefix    netip.Prefix
	broadcast netip.Addr
	foreign   bool
}

// addrProto marks an address that is there for good as a DHCP client's, as
// RTPROT_DHCP does a route. Kernels before 5.18 do not keep it.
const (
	ifaProto  = 11 // IFA_PROTO
	addrProto = unix.RTPROT_DHCP
)

// existingRoute is a route that the kernel has, if it could be ours.
type existingRoute struct {
	index int
	route route
}

// listAddrs is the addresses that the kernel has. If not all of them can be had,
// what is missing stays refused.
func (n *Netlink) listAddrs() (addrs []existingAddr) {
	_ = n.list((*queue).dumpAddrs, func(m message) {
		if a, ok := parseAddr(m.body); ok {
			addrs = append(addrs, a)
		}
	})
	return addrs
}

// listRoutes is the same of routes that could be ours. There may be a whole Internet
// of others: from Linux 4.20 on the kernel leaves them out, if it is told to look
// at more of the request than its kind.
func (n *Netlink) listRoutes() (routes []existingRoute) {
	_ = unix.SetsockoptInt(n.requests, unix.SOL_NETLINK, unix.NETLINK_GET_STRICT_CHK, 1)
	_ = n.list((*queue).dumpRoutes, func(m message) {
		if r, ok := parseRoute(m.body); ok {
			routes = append(routes, r)
		}
	})
	return routes
}

// parseAddr reads the body of an RTM_NEWADDR message.
func parseAddr(body []byte) (a existingAddr, ok bool) {
	if len(body) < unix.SizeofIfAddrmsg || body[0] != unix.AF_INET {
		return a, false
	}
	a.foreign = body[2]&unix.IFA_F_PERMANENT != 0
	a.index = int(int32(binary.NativeEndian.Uint32(body[4:])))
	for typ, value := range attributes(body[unix.SizeofIfAddrmsg:]) {
		switch typ {
		case unix.IFA_LOCAL:
			a.prefix = netip.PrefixFrom(ipv4(value), int(body[1]))
		case unix.IFA_BROADCAST:
			a.broadcast = ipv4(value)
		case ifaProto:
			a.foreign = a.foreign && (len(value) != 1 || value[0] != addrProto)
		}
	}
	return a, a.prefix.IsValid()
}

// parseRoute reads the body of an RTM_NEWROUTE message. It returns false for
// what cannot be a route of ours.
func parseRoute(body []byte) (r existingRoute, ok bool) {
	if len(body) < unix.SizeofRtMsg || body[0] != unix.AF_INET {
		return r, false
	}
	tos, table, protocol, kind := body[3], body[4], body[5], body[7]
	if tos != 0 || table != unix.RT_TABLE_MAIN || protocol != unix.RTPROT_DHCP || kind != unix.RTN_UNICAST {
		return r, false
	}
	dst := netip.IPv4Unspecified()
	for typ, value := range attributes(body[unix.SizeofRtMsg:]) {
		switch typ {
		case unix.RTA_DST:
			dst = ipv4(value)
		case unix.RTA_GATEWAY:
			r.route.Gateway = ipv4(value)
		case unix.RTA_PREFSRC:
			r.route.source = ipv4(value)
		case unix.RTA_PRIORITY:
			r.route.metric = uint32Of(value)
		case unix.RTA_OIF:
			r.index = number(value)
		}
	}
	r.route.Dst = netip.PrefixFrom(dst, int(body[1]))
	return r, r.route.Dst.IsValid()
}

func ipv4(b []byte) netip.Addr {
	if len(b) != 4 {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(b))
}
