package ifup

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// settle decides whose the addresses and routes are that were there already
// where some were to be created. They are a DHCP client's, and therefore ours
// from an earlier life, if they go by themselves: an address with a limited
// lifetime, and a route of protocol DHCP with such an address as its source,
// which goes with it. Both are brought to what they are to be. All else is
// somebody else's.
//
// This is off the path of a first lease, so all there is of a kind is listed.
func (n *Netlink) settle() {
	if len(n.takenAddrs)+len(n.takenRoutes) == 0 {
		return
	}
	addrs := n.listAddrs()
	for i := range n.takenAddrs {
		n.settleAddr(&n.takenAddrs[i], addrs)
	}
	n.takenAddrs = n.takenAddrs[:0]
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
		if a.permanent {
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
			return a.index == r.index && a.prefix.Addr() == e.route.source && !a.permanent
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
	permanent bool
}

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

// listRoutes is the same of routes.
func (n *Netlink) listRoutes() (routes []existingRoute) {
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
	a.permanent = body[2]&unix.IFA_F_PERMANENT != 0
	a.index = int(int32(binary.NativeEndian.Uint32(body[4:])))
	for typ, value := range attributes(body[unix.SizeofIfAddrmsg:]) {
		if typ == unix.IFA_LOCAL {
			a.prefix = netip.PrefixFrom(ipv4(value), int(body[1]))
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
