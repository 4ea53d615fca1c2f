package ifup

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

func TestForeignDefaultRouteStays(t *testing.T) {
	rfc.Shows(t, "H-LEAK-02", "P-RO-05")
	l := newUpLab(t)
	netns.Veth(t, l.NS, "eth1", l.far, "lan1")
	l.Up(t, "eth1")
	l.Address(t, "eth1", "198.51.100.5/24")
	l.route(netlink.Route{LinkIndex: l.index("eth1"), Gw: net.IPv4(198, 51, 100, 1), Priority: 1024})

	for range 2 { // the refusal does not turn into memory of a route
		l.n.Apply(l.eth0, leased("192.0.2.5/24"))
		l.flush(&Refused{Op: OpRoute, What: "0.0.0.0/0 via 192.0.2.1", Err: unix.EEXIST})
		l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.255 limited")
	}
	l.apply(Config{})
	l.wantRoutes(
		"198.51.100.0/24 dev eth1 proto 2 scope link src 198.51.100.5 metric 0",
		"default via 198.51.100.1 dev eth1 proto 3 metric 1024",
	)
}

// A foreign route through the same link, with the same router and metric.
func TestForeignTwinStays(t *testing.T) {
	rfc.Shows(t, "H-LEAK-02")
	for _, foreign := range []netlink.Route{
		{Protocol: unix.RTPROT_STATIC, Src: net.IPv4(192, 0, 2, 5)}, // not by DHCP
		{Protocol: unix.RTPROT_DHCP, Src: net.IPv4(192, 0, 2, 7)},   // of another address, which is there for good
		{Protocol: unix.RTPROT_DHCP},                                // of no address
	} {
		t.Run(fmt.Sprint(foreign), func(t *testing.T) {
			l := newUpLab(t)
			l.apply(Config{Addr: netip.MustParsePrefix("192.0.2.5/24"), Lifetime: time.Hour, Metric: 1024})
			l.Address(t, "eth0", "192.0.2.7/24")
			foreign.LinkIndex, foreign.Gw, foreign.Priority = l.eth0, net.IPv4(192, 0, 2, 1), 1024
			l.route(foreign)
			announced := l.monitor()
			l.n.Apply(l.eth0, leased("192.0.2.5/24"))
			l.flush(&Refused{Op: OpRoute, What: "0.0.0.0/0 via 192.0.2.1", Err: unix.EEXIST})
			l.n.Apply(l.eth0, Config{Addr: netip.MustParsePrefix("192.0.2.5/24"), Lifetime: time.Hour, Metric: 1024})
			l.flush(nil)
			if diff := cmp.Diff([]string{"new address", "new address"}, announced.heard()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestForeignAddressStays(t *testing.T) {
	rfc.Shows(t, "H-LEAK-02")
	l := newUpLab(t)
	l.Address(t, "eth0", "192.0.2.5/24")
	announced := l.monitor()
	l.apply(leased("192.0.2.5/24"))
	l.apply(leased("192.0.2.5/24")) // not refreshed either
	l.wantRoutes(
		"192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.5 metric 0",
		"default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.5 metric 1024",
	)
	l.apply(Config{})
	if diff := cmp.Diff([]string{"new route", "delete route"}, announced.heard()); diff != "" {
		t.Error(diff)
	}
	l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.255")

	l.apply(leased("192.0.2.5/24"))
	l.apply(leased("192.0.2.6/24"))
	l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.255", "192.0.2.6/24 brd 192.0.2.255 limited")
}

func TestForeignAddressGoes(t *testing.T) {
	l := newUpLab(t)
	l.Address(t, "eth0", "192.0.2.5/24")
	l.apply(leased("192.0.2.5/24"))
	addr, err := netlink.ParseAddr("192.0.2.5/24")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.AddrDel(l.Link(t, "eth0"), addr); err != nil {
		t.Fatal(err)
	}
	l.apply(leased("192.0.2.5/24"))
	l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.255 limited")
	l.apply(Config{})
	l.wantAddrs("eth0")
}

// Whether the address is ours turns out only when the first request is answered.
func TestAppliedTwiceBeforeFlush(t *testing.T) {
	for _, tt := range []struct {
		name    string
		foreign bool
		want    []string
	}{
		{"ours", false, nil},
		{"foreign", true, []string{"192.0.2.5/24 brd 192.0.2.255", "198.51.100.5/24 brd 198.51.100.255"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newUpLab(t)
			if tt.foreign {
				l.Address(t, "eth0", "192.0.2.5/24")
				l.Address(t, "eth0", "198.51.100.5/24")
			}
			c := leased("192.0.2.5/24")
			l.n.Apply(l.eth0, c)
			l.n.Apply(l.eth0, leased("198.51.100.5/24")) // which the next overtakes
			l.n.Apply(l.eth0, Config{})
			l.flush(nil)
			l.wantAddrs("eth0", tt.want...)
			l.n.Apply(l.eth0, Config{})
			c.Routes = slices.Clone(c.Routes)
			l.n.Apply(l.eth0, c)
			c.Routes[0] = Route{} // the caller's own again
			l.flush(nil)
			l.wantDefault("default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.5 metric 1024")
			l.apply(Config{}) // and nothing of the earlier calls is left over
			l.wantAddrs("eth0", tt.want...)
			l.wantDefault()
		})
	}
}

func TestForeignAddressInOurSubnetSurvives(t *testing.T) {
	rfc.Shows(t, "H-LEAK-02")
	l := newUpLab(t)
	l.Sysctl(t, "net/ipv4/conf/eth0/promote_secondaries", "0")
	l.apply(leased("192.0.2.5/24"))
	l.Address(t, "eth0", "192.0.2.7/24")
	l.apply(Config{})
	l.wantAddrs("eth0", "192.0.2.7/24 brd 192.0.2.255")
}

// A restart: what an earlier life has installed is taken over without a gap.
func TestEarlierLife(t *testing.T) {
	rfc.Shows(t, "H-CRASH-01")
	l := newUpLab(t)
	l.apply(leased("192.0.2.5/24"))
	l.n.Close()
	l.open()
	announced := l.monitor()
	l.apply(leased("192.0.2.5/24"))
	if diff := cmp.Diff([]string{"new address"}, announced.heard()); diff != "" {
		t.Errorf("more than the lifetime's refresh: %s", diff)
	}
	l.apply(Config{})
	l.wantAddrs("eth0")
	l.wantRoutes()
}

func TestEarlierLifeHadAnotherRouter(t *testing.T) {
	l := newUpLab(t)
	l.apply(leased("192.0.2.5/24"))
	l.n.Close()
	l.open()
	c := leased("192.0.2.5/24")
	c.Routes = []Route{defaultVia("192.0.2.2")}
	l.apply(c)
	l.wantRoutes(
		"192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.5 metric 1024",
		"default via 192.0.2.2 dev eth0 proto 16 src 192.0.2.5 metric 1024",
	)
}

func TestEarlierLifeHadAnotherAddress(t *testing.T) {
	l := newUpLab(t)
	l.apply(leased("192.0.2.5/24"))
	l.n.Close()
	l.open()
	l.apply(leased("192.0.2.6/24"))
	l.wantRoutes(
		"192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.5 metric 1024",
		"default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.6 metric 1024",
	)
}
