package ifup

import (
	"encoding/binary"
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// settleAddrs decides whose the addresses are that were there already. One with
// a limited lifetime is a DHCP client's, on a link that is ours: it was
// installed in an earlier life, and a refresh makes it what it is to be. One
// that is there for good is somebody else's.
//
// This is off the path of a first lease, so all addresses are listed.
func (n *Netlink) settleAddrs() {
	if len(n.takenAddrs) == 0 {
		return
	}
	bodies := n.list(unix.RTM_GETADDR, nl.NewIfAddrmsg(unix.AF_INET))
	there := map[existing[netip.Prefix]]bool{} // to: for good
	for _, body := range bodies {
		if a, permanent, ok := parseAddr(body); ok {
			there[a] = permanent
		}
	}
	for i := range n.takenAddrs {
		r := &n.takenAddrs[i]
		in := n.installed[r.index]
		permanent, found := there[existing[netip.Prefix]{r.index, r.addr}]
		switch {
		case in == nil || in.addr.Prefix != r.addr: // a later Apply, or the link's end, has overtaken it
		case !found:
			n.withdraw(r)
			n.refuse(r.index, r.refused(unix.EEXIST))
		case permanent:
			in.foreign = true
		default:
			n.queue.refresh(r.index, &in.addr)
		}
	}
	n.takenAddrs = n.takenAddrs[:0]
}

// settleRoutes decides whose the routes are that were there already: ours, from
// an earlier life, if there is nothing to tell them from what was to be created.
func (n *Netlink) settleRoutes() {
	if len(n.takenRoutes) == 0 {
		return
	}
	bodies := n.list(unix.RTM_GETROUTE, &nl.RtMsg{RtMsg: unix.RtMsg{Family: unix.AF_INET}})
	there := map[existing[route]]bool{}
	for _, body := range bodies {
		if r, ok := parseRoute(body); ok {
			there[r] = true
		}
	}
	for i := range n.takenRoutes {
		r := &n.takenRoutes[i]
		if !there[existing[route]{r.index, r.route}] {
			n.withdraw(r)
			n.refuse(r.index, r.refused(unix.EEXIST))
		}
	}
	n.takenRoutes = n.takenRoutes[:0]
}

// existing is what the kernel has on a link.
type existing[T comparable] struct {
	index int
	what  T
}

// list is the bodies of the kernel's answer to a request for all of a kind. If
// it cannot be had, or not all of it, what is missing stays refused.
func (n *Netlink) list(typ int, header nl.NetlinkRequestData) [][]byte {
	r := nl.NewNetlinkRequest(typ, unix.NLM_F_DUMP)
	r.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: {Socket: n.requests}}
	r.AddData(header)
	bodies, _ := r.Execute(unix.NETLINK_ROUTE, 0)
	return bodies
}

// parseAddr reads the body of an RTM_NEWADDR message.
func parseAddr(body []byte) (a existing[netip.Prefix], permanent, ok bool) {
	if len(body) < unix.SizeofIfAddrmsg || body[0] != unix.AF_INET {
		return a, false, false
	}
	a.index = int(int32(binary.NativeEndian.Uint32(body[4:])))
	for typ, value := range attributes(body[unix.SizeofIfAddrmsg:]) {
		if typ == unix.IFA_LOCAL {
			a.what = netip.PrefixFrom(ipv4(value), int(body[1]))
		}
	}
	return a, body[2]&unix.IFA_F_PERMANENT != 0, a.what.IsValid()
}

// parseRoute reads the body of an RTM_NEWROUTE message. It returns false for
// what cannot be a route of ours.
func parseRoute(body []byte) (r existing[route], ok bool) {
	if len(body) < unix.SizeofRtMsg || body[0] != unix.AF_INET {
		return r, false
	}
	tos, table, protocol, typ := body[3], body[4], body[5], body[7]
	if tos != 0 || table != unix.RT_TABLE_MAIN || protocol != unix.RTPROT_DHCP || typ != unix.RTN_UNICAST {
		return r, false
	}
	dst := netip.IPv4Unspecified()
	for typ, value := range attributes(body[unix.SizeofRtMsg:]) {
		switch typ {
		case unix.RTA_DST:
			dst = ipv4(value)
		case unix.RTA_GATEWAY:
			r.what.Gateway = ipv4(value)
		case unix.RTA_PREFSRC:
			r.what.source = ipv4(value)
		case unix.RTA_PRIORITY:
			r.what.metric = uint32Of(value)
		case unix.RTA_OIF:
			r.index = number(value)
		}
	}
	r.what.Dst = netip.PrefixFrom(dst, int(body[1]))
	return r, r.what.Dst.IsValid()
}

func ipv4(b []byte) netip.Addr {
	if len(b) != 4 {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(b))
}
