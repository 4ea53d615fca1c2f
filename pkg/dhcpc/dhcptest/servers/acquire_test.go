package servers

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// Each server leases an address to a link that was down, and what it said is
// what the kernel has.
func TestOneLink(t *testing.T) {
	rfc.Shows(t, "R2131-F5-13", "P-RV-08", "P-RO-04", "R2131-4.1-03", "R2131-4.1-04", "R2131-4.4.1-02")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		srv.start(t, s.lan, "br0", office())
		watch(t, s.lan, "br0")
		lease := s.run(t, dhcpc.Config{}).bound(t, s)[0]

		p, addr := s.address(t, "eth0")
		if p != lease.Addr || p.Bits() != 16 || !netip.MustParsePrefix("10.77.0.0/16").Contains(p.Addr()) {
			t.Errorf("address %v, leased %v", p, lease.Addr)
		}
		if addr.ValidLft <= 3500 || addr.ValidLft > 3600 {
			t.Errorf("valid for %d s of a lease of 3600 s", addr.ValidLft)
		}
		s.hasRoutes(t, "eth0", "0.0.0.0/0 via 10.77.0.1", "10.77.0.0/16")
		if lease.Server != netip.MustParseAddr("10.77.0.1") || len(lease.DNS) != 1 || lease.DNS[0] != netip.MustParseAddr("10.77.0.53") {
			t.Errorf("server %v, DNS %v", lease.Server, lease.DNS)
		}
	})
}

// 256 links lead to one server: each gets an address of its own, the default
// routes stand in the order of the links, and all are renewed at once.
func TestManyLinks(t *testing.T) {
	rfc.Shows(t, "R2131-3.6-01", "P-RO-04")
	for _, srv := range servers {
		t.Run(srv.name, func(t *testing.T) {
			s := newSite(t, 256)
			srv.start(t, s.lan, "br0", office())
			c := s.run(t, dhcpc.Config{})
			leases := c.bound(t, s)
			owner := map[netip.Addr]string{}
			var want []string
			for i, name := range s.names {
				p, _ := s.address(t, name)
				if p != leases[i].Addr {
					t.Errorf("%s has %v, leased %v", name, p, leases[i].Addr)
				}
				if other := owner[p.Addr()]; other != "" {
					t.Errorf("%s and %s both have %v", name, other, p.Addr())
				}
				owner[p.Addr()] = name
				want = append(want, fmt.Sprintf("dev %s src %s metric %d", name, p.Addr(), 1024+16*i))
			}
			got := s.routes(t)
			if len(got) != 2*len(want) {
				t.Fatalf("%d routes for %d links", len(got), len(want))
			}
			for i, suffix := range want {
				if line := "0.0.0.0/0 via 10.77.0.1 " + suffix; got[i] != line {
					t.Errorf("default route %d: %s, want %s", i, got[i], line)
				}
				if line := "10.77.0.0/16 " + suffix; got[len(want)+i] != line {
					t.Errorf("subnet's route %d: %s, want %s", i, got[len(want)+i], line)
				}
			}
			c.Renew("")
			for range s.names {
				c.await(t, dhcpc.Renewed)
			}
			for i, l := range c.Status().Links {
				if l.Lease == nil || l.Lease.Addr != leases[i].Addr || l.Lease.Start <= leases[i].Start {
					t.Errorf("%s renewed %+v as %+v", l.Interface, leases[i], l.Lease)
				}
			}
		})
	}
}

// The cable is out for a moment: the lease is confirmed by the server that gave
// it, in one exchange, and nothing changes.
func TestCableOutAndIn(t *testing.T) {
	rfc.Shows(t, "R2131-F5-17", "R2131-F5-18", "R2131-4.4.2-10")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		srv.start(t, s.lan, "br0", office())
		tr := watch(t, s.lan, "br0")
		c := s.run(t, dhcpc.Config{})
		lease := c.bound(t, s)[0]
		s.lan.Down(t, "port0")
		c.await(t, dhcpc.LinkDown)
		s.lan.Up(t, "port0")
		if ev := c.await(t, dhcpc.Renewed); ev.Lease.Addr != lease.Addr {
			t.Errorf("%v became %v", lease.Addr, ev.Lease.Addr)
		}
		if m := tr.await(t, dhcp4.KindInitReboot, 1); m.Addr(dhcp4.RequestedAddress) != lease.Addr.Addr() {
			t.Errorf("asked for %v", m.Addr(dhcp4.RequestedAddress))
		}
		s.hasRoutes(t, "eth0", "0.0.0.0/0 via 10.77.0.1", "10.77.0.0/16")
	})
}

// With rapid commit a lease takes two messages. dnsmasq is the server that can.
func TestRapidCommit(t *testing.T) {
	rfc.Shows(t, "R4039-4-02", "R4039-3-03", "R4039-3-02")
	t.Parallel()
	s := newSite(t, 1)
	p := office()
	p.dnsmasq = []string{"dhcp-rapid-commit"}
	startDnsmasq(t, s.lan, "br0", p)
	tr := watch(t, s.lan, "br0")
	lease := s.run(t, dhcpc.Config{RapidCommit: true}).bound(t, s)[0]
	if p, _ := s.address(t, "eth0"); p != lease.Addr {
		t.Errorf("address %v, leased %v", p, lease.Addr)
	}
	if n := len(tr.saidSoFar(dhcp4.KindSelecting)); n != 0 {
		t.Errorf("%d REQUESTs", n)
	}
}
