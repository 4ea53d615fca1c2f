// Package network is what a booted machine has of a network: plain facts, found
// out by the guest and judged by the host that booted it.
package network

import (
	"cmp"
	"math"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
)

// Link is a network interface and its IPv4 addresses.
type Link struct {
	Name  string         `json:"name"`
	MAC   string         `json:"mac"`
	Addrs []netip.Prefix `json:"addrs,omitempty"`
	Kept  bool           `json:"kept,omitempty"` // for ever: no address has an end
}

// Route is a default route.
type Route struct {
	Link    string     `json:"link"`
	Gateway netip.Addr `json:"gateway"`
	Metric  int        `json:"metric"`
}

// Links lists all links but loopback, by index.
func Links() ([]Link, error) {
	all, err := netlink.LinkList()
	if err != nil {
		return nil, err
	}
	var out []Link
	for _, l := range all {
		a := l.Attrs()
		if a.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := netlink.AddrList(l, netlink.FAMILY_V4)
		if err != nil {
			return nil, err
		}
		link := Link{Name: a.Name, MAC: a.HardwareAddr.String(), Kept: len(addrs) > 0}
		for _, addr := range addrs {
			link.Addrs = append(link.Addrs, Prefix(addr.IPNet))
			link.Kept = link.Kept && uint32(addr.ValidLft) == math.MaxUint32
		}
		out = append(out, link)
	}
	return out, nil
}

// DefaultRoutes lists the default routes as the kernel prefers them: by metric.
func DefaultRoutes() ([]Route, error) {
	all, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, err
	}
	var out []Route
	for _, r := range all {
		if r.Dst != nil && Prefix(r.Dst).Bits() != 0 {
			continue
		}
		l, err := netlink.LinkByIndex(r.LinkIndex)
		if err != nil {
			return nil, err
		}
		gw, _ := netip.AddrFromSlice(r.Gw)
		out = append(out, Route{Link: l.Attrs().Name, Gateway: gw.Unmap(), Metric: r.Priority})
	}
	slices.SortStableFunc(out, func(a, b Route) int { return cmp.Compare(a.Metric, b.Metric) })
	return out, nil
}

// Prefix is an address of package net as one of netip.
func Prefix(n *net.IPNet) netip.Prefix {
	addr, _ := netip.AddrFromSlice(n.IP)
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(addr.Unmap(), bits)
}
