package ifup

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// queue holds encoded requests until they are sent. Its buffers are kept.
type queue struct {
	bytes    []byte
	requests []request
	seq      uint32 // of the last message
	start    int    // in bytes, of the message that is being written
}

// clear empties the queue.
func (q *queue) clear() { q.bytes, q.requests = q.bytes[:0], q.requests[:0] }

// up asks for the link to be set up and leaves its other flags alone.
func (q *queue) up(index int) {
	q.begin(unix.RTM_SETLINK, 0)
	q.link(index, unix.IFF_UP, unix.IFF_UP)
	q.end(request{index: index, verb: setUp})
}

func (q *queue) down(index int) {
	q.begin(unix.RTM_SETLINK, 0)
	q.link(index, 0, unix.IFF_UP)
	q.end(request{index: index, verb: setDown})
}

func (q *queue) mtu(index, mtu int) {
	q.begin(unix.RTM_SETLINK, 0)
	q.link(index, 0, 0)
	q.attr32(unix.IFLA_MTU, uint32(mtu))
	q.end(request{index: index, verb: setMTU, mtu: mtu})
}

// promote sees to it that the other addresses of a subnet survive the deletion
// of the first one, which by default the kernel takes as the end of them all:
// foreign ones, and the one that replaces it.
func (q *queue) promote(index int, of netip.Prefix) {
	const devconfPromoteSecondaries = 20 // IPV4_DEVCONF_PROMOTE_SECONDARIES
	q.begin(unix.RTM_SETLINK, 0)
	q.link(index, 0, 0)
	spec := q.nest(unix.IFLA_AF_SPEC)
	inet := q.nest(unix.AF_INET)
	conf := q.nest(unix.IFLA_INET_CONF)
	q.attr32(devconfPromoteSecondaries, 1)
	q.close(conf)
	q.close(inet)
	q.close(spec)
	q.end(request{index: index, verb: promote, addr: of})
}

// create asks for an address that is not there, in any form.
func (q *queue) create(index int, a *address) {
	q.newAddr(index, a, unix.NLM_F_CREATE|unix.NLM_F_EXCL, createAddr)
}

// refresh gives an address that is there a new lifetime and metric.
func (q *queue) refresh(index int, a *address) {
	q.newAddr(index, a, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, refreshAddr)
}

func (q *queue) newAddr(index int, a *address, flags uint16, v verb) {
	q.begin(unix.RTM_NEWADDR, flags)
	q.addr(index, a.Prefix)
	if a.broadcast.IsValid() {
		q.attrAddr(unix.IFA_BROADCAST, a.broadcast)
	}
	if a.metric != 0 {
		q.attr32(unix.IFA_RT_PRIORITY, a.metric)
	}
	if a.lifetime == forever {
		q.attr(ifaProto, []byte{addrProto})
	}
	q.attrHeader(unix.IFA_CACHEINFO, unix.SizeofIfaCacheinfo)
	q.u32(a.lifetime, a.lifetime, 0, 0) // preferred and valid; when it was created and changed is the kernel's
	q.end(request{index: index, verb: v, addr: a.Prefix})
}

func (q *queue) deleteAddr(index int, a *address) {
	q.begin(unix.RTM_DELADDR, 0)
	q.addr(index, a.Prefix)
	q.end(request{index: index, verb: deleteAddr, addr: a.Prefix})
}

// createRoute asks for a route where there is none with the same destination
// and metric; with beside, where there is no other than our own, which is about
// to go.
func (q *queue) createRoute(index int, r *route, beside bool) {
	flags := uint16(unix.NLM_F_CREATE | unix.NLM_F_EXCL)
	if beside {
		flags = unix.NLM_F_CREATE | unix.NLM_F_APPEND
	}
	q.route(unix.RTM_NEWROUTE, flags, index, r)
	q.end(request{index: index, verb: createRoute, route: *r})
}

// deleteRoute names all that distinguishes the route, so that nobody else's can be meant.
func (q *queue) deleteRoute(index int, r *route) {
	q.route(unix.RTM_DELROUTE, 0, index, r)
	q.end(request{index: index, verb: deleteRoute, route: *r})
}

// dumpLinks asks for all links, without the statistics that make up half of the
// answer.
func (q *queue) dumpLinks() {
	const skipStats = 1 << 3 // RTEXT_FILTER_SKIP_STATS
	q.begin(unix.RTM_GETLINK, unix.NLM_F_DUMP)
	q.link(0, 0, 0)
	q.attr32(unix.IFLA_EXT_MASK, skipStats)
	q.finish()
}

func (q *queue) dumpAddrs() {
	q.begin(unix.RTM_GETADDR, unix.NLM_F_DUMP)
	q.addrHeader(0, 0)
	q.finish()
}

// dumpRoutes asks for the routes that could be ours. A kernel that does not know
// strict checking gives all.
func (q *queue) dumpRoutes() {
	q.begin(unix.RTM_GETROUTE, unix.NLM_F_DUMP)
	q.routeHeader(unix.RtMsg{Table: unix.RT_TABLE_MAIN, Protocol: unix.RTPROT_DHCP})
	q.finish()
}

func (q *queue) addr(index int, p netip.Prefix) {
	q.addrHeader(index, p.Bits())
	q.attrAddr(unix.IFA_LOCAL, p.Addr())
	q.attrAddr(unix.IFA_ADDRESS, p.Addr())
}

func (q *queue) route(typ, flags uint16, index int, r *route) {
	scope := uint8(unix.RT_SCOPE_UNIVERSE)
	if !r.Gateway.IsValid() {
		scope = unix.RT_SCOPE_LINK
	}
	q.begin(typ, flags)
	q.routeHeader(unix.RtMsg{
		Dst_len:  uint8(r.Dst.Bits()),
		Table:    unix.RT_TABLE_MAIN,
		Protocol: unix.RTPROT_DHCP,
		Scope:    scope,
		Type:     unix.RTN_UNICAST,
	})
	if r.Dst.Bits() > 0 {
		q.attrAddr(unix.RTA_DST, r.Dst.Addr())
	}
	if r.Gateway.IsValid() {
		q.attrAddr(unix.RTA_GATEWAY, r.Gateway)
	}
	q.attr32(unix.RTA_OIF, uint32(index))
	if r.source.IsValid() {
		q.attrAddr(unix.RTA_PREFSRC, r.source)
	}
	q.attr32(unix.RTA_PRIORITY, r.metric)
}
