package main

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// newRoutedBox is a box with a cable, eth0 to lan0, on which a server leases
// addresses with routes of option 121.
func newRoutedBox(t *testing.T) (b *box, lan *netns.NS) {
	t.Helper()
	b, lan = newBox(t), netns.New(t)
	netns.Veth(t, b.NS, "eth0", lan, "lan0")
	lan.Up(t, "lan0")
	lan.Address(t, "lan0", "10.77.0.1/24")
	b.server = netns.Dnsmasq{
		Interfaces: []string{"lan0"},
		Ranges:     []string{"10.77.0.50,10.77.0.99,255.255.255.0,1h"},
		Lines:      []string{"dhcp-option=121,0.0.0.0/0,10.77.0.1,10.1.0.0/16,10.77.0.2,10.2.0.0/16,10.77.0.3", "dhcp-option=26,1400"},
	}.Start(t, lan)
	return b, lan
}

// kernelHas is the addresses of a link, its routes and its MTU.
func (b *box) kernelHas(t *testing.T, name string) (list []string) {
	t.Helper()
	link := b.Link(t, name)
	addrs, err := b.AddrList(link, unix.AF_INET)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		list = append(list, fmt.Sprintf("%v, for a limited time: %t", a.IPNet, a.Flags&unix.IFA_F_PERMANENT == 0))
	}
	for _, r := range b.routesOf(t, link) {
		list = append(list, r.String())
	}
	slices.Sort(list)
	return append(list, fmt.Sprint("MTU ", link.Attrs().MTU))
}

func (b *box) routesOf(t *testing.T, link netlink.Link) []netlink.Route {
	t.Helper()
	routes, err := b.RouteList(link, unix.AF_INET)
	if err != nil {
		t.Fatal(err)
	}
	return routes
}

// Whatever somebody takes away of what a lease brought, it is all there again
// before long: address, prefix route, default route and classless routes.
func TestWhatIsTakenAwayIsPutBack(t *testing.T) {
	rfc.Shows(t, "P-ST-06")
	b, lan := newRoutedBox(t)
	p := b.start(t, "-v", "eth0")
	p.prints("1 of 1 links bound")
	all := b.kernelHas(t, "eth0")
	if len(all) != 6 || all[5] != "MTU 1400" {
		t.Fatalf("the lease brought %q", all)
	}
	eth0 := b.Link(t, "eth0")
	said := func(what string) int { return strings.Count(p.output(), what) }
	const putBack = "eth0: somebody took its address or a route away; putting it back"
	for _, c := range []struct {
		name      string
		take      func()
		tells     int  // that something was put back
		confirmed bool // the server was asked whether the address is still ours
	}{
		{"the address", func() {
			addr := b.address(t, "eth0")
			if err := b.AddrDel(eth0, &addr); err != nil {
				t.Fatal(err)
			}
		}, 1, false},
		{"the default route", func() {
			for _, r := range b.routesOf(t, eth0) {
				if ones, _ := r.Dst.Mask.Size(); ones == 0 {
					if err := b.RouteDel(&r); err != nil {
						t.Fatal(err)
					}
				}
			}
		}, 1, false},
		{"all routes", func() {
			for _, r := range b.routesOf(t, eth0) {
				if err := b.RouteDel(&r); err != nil {
					t.Fatal(err)
				}
			}
		}, 1, false},
		{"the link, for a moment", func() {
			b.Down(t, "eth0")
			b.Up(t, "eth0")
		}, 0, true},
		{"the link", func() {
			b.Down(t, "eth0")
			p.prints("eth0: no carrier")
			b.Up(t, "eth0")
		}, 0, true},
		{"the cable", func() {
			lan.Down(t, "lan0")
			eventually(t, "put the routes behind all others", func() bool {
				return slices.ContainsFunc(b.routesOf(t, eth0), func(r netlink.Route) bool { return r.Priority > 1<<16 })
			})
			lan.Up(t, "lan0")
		}, 0, true},
	} {
		before, renewed := said(putBack), said("eth0: renewed")
		began := time.Now()
		c.take()
		eventually(t, "put "+c.name+" back", func() bool { return slices.Equal(b.kernelHas(t, "eth0"), all) })
		t.Logf("%s: all is back after %v", c.name, time.Since(began))
		eventually(t, "say so", func() bool {
			return said(putBack)-before >= c.tells && (!c.confirmed || said("eth0: renewed") > renewed)
		})
		if n := said(putBack) - before; n != c.tells {
			t.Errorf("%s: told %d times that something was put back", c.name, n)
		}
	}
	p.signal(syscall.SIGTERM)
	p.diesOf(syscall.SIGTERM)
}

// A client that was killed leaves the MTU as the lease had it. The next one knows
// what it was before, and gives it back with the lease.
func TestMTUOutlivesAKill(t *testing.T) {
	rfc.Shows(t, "P-OF-01", "H-LEAK-01")
	b, _ := newRoutedBox(t)
	mtu := func() int { return b.Link(t, "eth0").Attrs().MTU }
	before := mtu()
	for range 2 { // what is remembered is remembered on
		p := b.start(t, "-v", "eth0")
		p.prints("1 of 1 links bound")
		eventually(t, "remember the lease", func() bool {
			f, err := readLeaseFile(leasePath(b.state, "eth0"))
			return err == nil && f.linkMTU == int64(before)
		})
		if got := mtu(); got != 1400 || got == before {
			t.Fatalf("MTU %d, before it was %d", got, before)
		}
		p.signal(syscall.SIGKILL)
		p.diesOf(syscall.SIGKILL)
	}
	p := b.start(t, "-release", "eth0")
	p.prints("1 of 1 links bound")
	p.signal(syscall.SIGTERM)
	p.diesOf(syscall.SIGTERM)
	if got := mtu(); got != before {
		t.Errorf("MTU %d, before it was %d", got, before)
	}
}
