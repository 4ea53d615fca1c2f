package ifup

import (
	"encoding/binary"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/internal/sockfilter"
)

// newsGroups are the kernel's announcements that the event socket is subscribed to.
const newsGroups = unix.RTMGRP_LINK | unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV4_ROUTE

// news is the filter of the event socket: links; and of addresses and routes only
// that one went which could be ours, unless the request came from our own socket.
// What others add, what we refresh, and routes of other protocols wake nobody.
func news(self uint32) []sockfilter.Instruction {
	// Offsets in a struct nlmsghdr, and of rtm_protocol in the struct rtmsg behind it.
	const typ, sender, protocol = 4, 12, unix.SizeofNlMsghdr + 5
	return []sockfilter.Instruction{
		sockfilter.Load16(typ),
		sockfilter.IfEqual(loaded16(unix.RTM_NEWLINK), 7),
		sockfilter.IfEqual(loaded16(unix.RTM_DELLINK), 6),
		sockfilter.IfEqual(loaded16(unix.RTM_DELADDR), 3),
		sockfilter.UnlessEqual(loaded16(unix.RTM_DELROUTE), 5),
		sockfilter.Load8(protocol),
		sockfilter.UnlessEqual(unix.RTPROT_DHCP, 3),
		sockfilter.Load32(sender),
		sockfilter.IfEqual(loaded32(self), 1),
		sockfilter.Pass(),
		sockfilter.Drop(),
	}
}

// loaded16 is what a filter finds, which reads numbers as a network has them.
func loaded16(v uint16) uint32 {
	return uint32(binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, v)))
}

func loaded32(v uint32) uint32 {
	return binary.BigEndian.Uint32(binary.NativeEndian.AppendUint32(nil, v))
}

// stripped is told of an address or a route that went without our asking. If it
// was installed by Apply it is so no more, and the next creates it again.
func (n *Netlink) stripped(m message, fn func(Event)) {
	index, ours := 0, false
	switch m.typ {
	case unix.RTM_DELADDR:
		if a, ok := parseAddr(m.body); ok {
			index, ours = a.index, n.installed[a.index].loseAddr(&a)
		}
	case unix.RTM_DELROUTE:
		if r, ok := parseRoute(m.body); ok {
			index, ours = r.index, n.installed[r.index].loseRoute(&r.route)
		}
	}
	if k := n.links[index]; ours && k != nil {
		fn(Event{Link: k.Link, Stripped: true})
	}
}

// loseAddr forgets an address with its routes, which have it as their source. It
// returns false if the address is not what in has.
func (in *installed) loseAddr(a *existingAddr) bool {
	if in == nil || in.addr.Prefix != a.prefix {
		return false
	}
	in.addr, in.foreign = address{}, false
	in.forgetRoutes()
	return true
}

func (in *installed) loseRoute(r *route) bool {
	if in == nil {
		return false
	}
	i := slices.Index(in.routes, *r)
	if i >= 0 {
		in.routes = slices.Delete(in.routes, i, i+1)
	}
	return i >= 0
}

// cutOff reports whether a gateway is in the subnet of the address that we
// installed: then it is the prefix route that somebody took away.
func (n *Netlink) cutOff(r *request) bool {
	in := n.installed[r.index]
	return in != nil && !in.foreign && in.addr.IsValid() && in.addr.Contains(r.route.Gateway)
}

// reconnect has the kernel make the prefix route of an address again, as it does
// when the metric changes, and asks for the routes that need it once more.
func (n *Netlink) reconnect() {
	if len(n.strayRoutes) == 0 {
		return
	}
	unreachable := func(r *request) {
		n.withdraw(r)
		n.refuse(r.index, r.refused(unix.ENETUNREACH))
	}
	for i := range n.strayRoutes {
		r := &n.strayRoutes[i]
		if !n.cutOff(r) { // the address was somebody else's, or has gone
			unreachable(r)
			continue
		}
		a := n.installed[r.index].addr
		a.metric++
		n.queue.refresh(r.index, &a)
		a.metric--
		n.queue.refresh(r.index, &a)
		n.queue.createRoute(r.index, &r.route, false)
	}
	n.strayRoutes = n.strayRoutes[:0]
	n.send()
	for i := range n.strayRoutes { // there is more that is wrong
		unreachable(&n.strayRoutes[i])
	}
	n.strayRoutes = n.strayRoutes[:0]
}
