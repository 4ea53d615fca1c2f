package dhcpc

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// route reads "192.0.2.0/24" or "0.0.0.0/0 via 192.0.2.1".
func route(s string) dhcp4.Route {
	dst, gw, ok := strings.Cut(s, " via ")
	r := dhcp4.Route{Dst: netip.MustParsePrefix(dst)}
	if ok {
		r.Gateway = netip.MustParseAddr(gw)
	}
	return r
}

func TestRoutes(t *testing.T) {
	rfc.Shows(t, "R3442-02", "R3442-03", "R3442-06", "P-RO-02", "P-RO-03", "P-RO-06", "R2132-3.5-02")
	for _, tc := range []struct {
		name      string
		addr      string
		routers   []string
		routes    []string
		classless bool
		want      []string
	}{
		{"nothing", "192.0.2.50/24", nil, nil, false, nil},
		{"a router", "192.0.2.50/24", []string{"192.0.2.1"}, nil, false, []string{"0.0.0.0/0 via 192.0.2.1"}},
		{
			"only the first of several routers", "192.0.2.50/24",
			[]string{"192.0.2.1", "192.0.2.2"},
			nil, false,
			[]string{"0.0.0.0/0 via 192.0.2.1"},
		},
		{
			"a router off the subnet", "10.0.0.5/32",
			[]string{"10.0.0.1"},
			nil, false,
			[]string{"10.0.0.1/32", "0.0.0.0/0 via 10.0.0.1"},
		},
		{
			"classless routes alone bring no default route", "192.0.2.50/24",
			nil,
			[]string{"10.0.0.0/8 via 192.0.2.1"},
			true,
			[]string{"10.0.0.0/8 via 192.0.2.1"},
		},
		{
			"classless routes silence the router", "192.0.2.50/24",
			[]string{"192.0.2.1"},
			[]string{"10.0.0.0/8 via 192.0.2.2"},
			true,
			[]string{"10.0.0.0/8 via 192.0.2.2"},
		},
		{
			"the way to a gateway comes before its use", "10.0.0.5/32",
			nil,
			[]string{"0.0.0.0/0 via 10.0.0.1", "10.0.0.1/32"},
			true,
			[]string{"10.0.0.1/32", "0.0.0.0/0 via 10.0.0.1"},
		},
		{
			"one host route for a gateway used twice", "10.0.0.5/32",
			nil,
			[]string{"0.0.0.0/0 via 10.0.0.1", "10.9.0.0/16 via 10.0.0.1"},
			true,
			[]string{"10.0.0.1/32", "0.0.0.0/0 via 10.0.0.1", "10.9.0.0/16 via 10.0.0.1"},
		},
		{
			"the first of two routes to one destination", "192.0.2.50/24",
			nil,
			[]string{"10.0.0.0/8 via 192.0.2.1", "10.0.0.0/8 via 192.0.2.2"},
			true,
			[]string{"10.0.0.0/8 via 192.0.2.1"},
		},
		{
			"what the kernel has by itself, and where nothing can be", "192.0.2.50/24",
			nil,
			[]string{
				"192.0.2.0/24", "192.0.2.50/32 via 192.0.2.1", "127.0.0.0/8 via 192.0.2.1", "224.0.0.0/4 via 192.0.2.1",
				"240.0.0.0/4 via 192.0.2.1", "0.0.0.0/8 via 192.0.2.1", "169.254.0.0/16 via 192.0.2.1", "169.254.0.0/16",
			},
			true,
			[]string{"169.254.0.0/16"},
		},
		{
			"gateways that are none", "192.0.2.50/24",
			nil,
			[]string{"10.0.0.0/8 via 127.0.0.1", "10.0.0.0/8 via 192.0.2.50", "10.0.0.0/8 via 224.0.0.1", "10.0.0.0/8 via 192.0.2.1"},
			true,
			[]string{"10.0.0.0/8 via 192.0.2.1"},
		},
		{
			"old static routes beside a router", "192.0.2.50/24",
			[]string{"192.0.2.1"},
			[]string{"10.0.0.0/8 via 192.0.2.9"},
			false,
			[]string{"10.0.0.0/8 via 192.0.2.9", "0.0.0.0/0 via 192.0.2.1"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lease := &machine.Lease{Addr: netip.MustParsePrefix(tc.addr), Classless: tc.classless}
			for _, s := range tc.routers {
				lease.Routers = append(lease.Routers, netip.MustParseAddr(s))
			}
			for _, s := range tc.routes {
				lease.Routes = append(lease.Routes, route(s))
			}
			var got []string
			for _, r := range routes(lease) {
				s := r.Dst.String()
				if r.Gateway.IsValid() {
					s += " via " + r.Gateway.String()
				}
				got = append(got, s)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestConfiguration(t *testing.T) {
	rfc.Shows(t, "P-ST-05")
	lease := machine.Lease{
		Addr:    netip.MustParsePrefix("192.0.2.50/24"),
		Expiry:  100 * time.Second,
		Routers: []netip.Addr{netip.MustParseAddr("192.0.2.1")},
		MTU:     1400,
	}
	infinite := lease
	infinite.Expiry = machine.Never
	for _, tc := range []struct {
		name    string
		cfg     Config
		carrier bool
		slot    int
		lease   machine.Lease
		now     time.Duration
		want    func(*ifup.Config)
	}{
		{name: "as granted", carrier: true, lease: lease, now: 40 * time.Second, want: func(*ifup.Config) {}},
		{
			name: "whole seconds, never past the expiry", carrier: true, lease: lease, now: 40*time.Second + 1,
			want: func(c *ifup.Config) { c.Lifetime = 59 * time.Second },
		},
		{
			name: "an infinite lease", carrier: true, lease: infinite,
			want: func(c *ifup.Config) { c.Lifetime = ifup.Forever },
		},
		{
			name: "an address to keep", cfg: Config{KeepForever: true}, carrier: true, lease: lease,
			want: func(c *ifup.Config) { c.Lifetime = ifup.Forever },
		},
		{
			name: "the third link", carrier: true, slot: 2, lease: lease, now: 40 * time.Second,
			want: func(c *ifup.Config) { c.Metric = 1024 + 32 },
		},
		{
			name: "without carrier", lease: lease, now: 40 * time.Second,
			want: func(c *ifup.Config) { c.Metric = 1024 + 65536 },
		},
		{
			name: "without routes", cfg: Config{NoRoutes: true}, carrier: true, lease: lease, now: 40 * time.Second,
			want: func(c *ifup.Config) { c.Routes = nil },
		},
		{
			name: "without MTU", cfg: Config{NoMTU: true}, carrier: true, lease: lease, now: 40 * time.Second,
			want: func(c *ifup.Config) { c.MTU = 0 },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := New(tc.cfg)
			l := &link{slot: tc.slot, carrier: tc.carrier, facts: ifup.Link{MinMTU: 68, MaxMTU: 1500}}
			want := ifup.Config{
				Addr: lease.Addr, Lifetime: 60 * time.Second, Metric: 1024, MTU: 1400,
				Routes: []ifup.Route{{Dst: netip.MustParsePrefix("0.0.0.0/0"), Gateway: netip.MustParseAddr("192.0.2.1")}},
			}
			tc.want(&want)
			got := c.configuration(l, &tc.lease, tc.now)
			if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMTUWithinTheLinksLimits(t *testing.T) {
	rfc.Shows(t, "R2132-5.1-01")
	for mtu, want := range map[uint16]int{0: 0, 576: 0, 1280: 1280, 1500: 1500, 1501: 0} {
		l := &link{facts: ifup.Link{MinMTU: 1000, MaxMTU: 1500}}
		lease := &machine.Lease{Addr: netip.MustParsePrefix("192.0.2.50/24"), MTU: mtu}
		if got := New(Config{}).configuration(l, lease, 0).MTU; got != want {
			t.Errorf("MTU %d becomes %d, want %d", mtu, got, want)
		}
	}
}

func TestNoLeaseIsNoConfiguration(t *testing.T) {
	if got := New(Config{}).configuration(&link{}, nil, 0); got.Addr.IsValid() || got.Routes != nil {
		t.Errorf("got %+v", got)
	}
}
