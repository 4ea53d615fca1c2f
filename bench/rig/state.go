package rig

import (
	"fmt"
	"testing"

	"github.com/vishvananda/netlink"
)

// State is what the kernel has of the client's links.
type State struct {
	Right    int // links with the address that the server has for them, and no other
	Routes   int // links with one default route, to the router
	Defaults int // default routes in all
	Fault    string
}

// State looks how the links are, and names the first fault.
func (r *Rig) State(t testing.TB) (s State) {
	t.Helper()
	addrs, err := r.Client.AddrList(nil, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	routes, err := r.Client.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	faults := make([]string, r.N)
	has, lasts := make([]int, r.N), make([]int, r.N)
	for _, a := range addrs {
		i, ours := r.place[a.LinkIndex]
		if !ours {
			continue
		}
		has[i]++
		ones, _ := a.Mask.Size()
		if a.IP.String() != Addr(i).String() || ones != prefix.Bits() {
			faults[i] = fmt.Sprintf("%s has %v, not %v/%d", Name(i), a.IPNet, Addr(i), prefix.Bits())
		}
		lasts[i] = a.ValidLft
	}
	leads := make([]int, r.N)
	for _, route := range routes {
		i, ours := r.place[route.LinkIndex]
		if !ours || route.Dst != nil && !route.Dst.IP.IsUnspecified() {
			continue
		}
		s.Defaults++
		if route.Gw.String() == Router.String() {
			leads[i]++
		}
	}
	for i := range r.N {
		if has[i] != 1 && faults[i] == "" {
			faults[i] = fmt.Sprintf("%s has %d addresses", Name(i), has[i])
		}
		if faults[i] == "" {
			s.Right++
			if lasts[i] > Seconds {
				faults[i] = fmt.Sprintf("the kernel is not told that the lease of %s ends", Name(i))
			}
		}
		if leads[i] == 1 {
			s.Routes++
		} else if faults[i] == "" {
			faults[i] = fmt.Sprintf("%s has %d default routes", Name(i), leads[i])
		}
		if s.Fault == "" {
			s.Fault = faults[i]
		}
	}
	return s
}

// Frames are how many of all kinds came from the client, and how many went to it.
func (r *Rig) Frames(t testing.TB) (from, to uint64) {
	t.Helper()
	s := r.Server.Link(t, bridge).Attrs().Statistics
	return s.RxPackets, s.TxPackets
}
