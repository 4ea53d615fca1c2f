package servers

import (
	"bytes"
	"fmt"
	"math"
	"net/netip"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
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
			c.renewAll(t, s.names)
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

// Left to themselves, dnsmasq and dhcpd ping an address for three seconds or one
// before they offer it, and answer all that the client has said meanwhile: one
// REQUEST comes of it.
func TestServersThatPingFirst(t *testing.T) {
	rfc.Shows(t, "R2131-F5-02", "R2131-4.1-10")
	with(t, []server{{"dnsmasq", startDnsmasq}, {"dhcpd", startDhcpd}}, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		p := office()
		p.ping = true
		srv.start(t, s.lan, "br0", p)
		tr := watch(t, s.lan, "br0")
		c := s.run(t, dhcpc.Config{})
		c.bound(t, s)
		c.Renew("")
		c.await(t, dhcpc.Renewed) // by when the server has worked off the DISCOVERs
		if n := len(tr.saidSoFar(dhcp4.KindSelecting)); n != 1 {
			t.Errorf("%d REQUESTs", n)
		}
	})
}

// An infinite lease is an address for ever, and nobody is asked again. dhcpd has
// none: all its leases end in 2038.
func TestInfiniteLease(t *testing.T) {
	rfc.Shows(t, "R2131-3.3-02")
	with(t, []server{{"dnsmasq", startDnsmasq}, {"kea", startKea}}, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		p := office()
		p.lease = -1
		srv.start(t, s.lan, "br0", p)
		lease := s.run(t, dhcpc.Config{}).bound(t, s)[0]
		if lease.T1 != machine.Never || lease.T2 != machine.Never || lease.Expiry != machine.Never {
			t.Errorf("T1 %v, T2 %v, end %v", lease.T1, lease.T2, lease.Expiry)
		}
		if _, addr := s.address(t, "eth0"); uint32(addr.ValidLft) != math.MaxUint32 && addr.ValidLft != 0 {
			t.Errorf("valid for %d s", addr.ValidLft)
		}
	})
}

// Servers know their clients by whatever identifier they use, or by hardware
// address if they use none, and repeat it or not. Kea is silent to one of more than
// 128 bytes.
func TestClientIdentifiers(t *testing.T) {
	rfc.Shows(t, "R2131-2-07", "R2131-4.2-01", "R4361-6.1-01", "R6842-3-01")
	ids := map[string][]byte{
		"none": nil,
		"text": []byte("\x00box-7"),
		"duid": []byte("\xff\x00\x00\x00\x01\x00\x04\x12\x34\x56\x78\x9a\xbc\xde\xf0\x12\x34\x56\x78\x9a\xbc\xde\xf0"),
		"long": bytes.Repeat([]byte{0, 7}, 64),
	}
	with(t, servers, func(t *testing.T, srv server) {
		for name, id := range ids {
			t.Run(name, func(t *testing.T) {
				s := newSite(t, 1)
				srv.start(t, s.lan, "br0", office())
				tr := watch(t, s.lan, "br0")
				c := s.run(t, dhcpc.Config{ClientID: func(dhcp4.HardwareAddr) []byte { return id }})
				lease := c.bound(t, s)[0]
				c.Renew("")
				if ev := c.await(t, dhcpc.Renewed); ev.Lease.Addr != lease.Addr {
					t.Errorf("%v became %v", lease.Addr, ev.Lease.Addr)
				}
				for _, kind := range []dhcp4.Kind{dhcp4.KindDiscover, dhcp4.KindSelecting, dhcp4.KindRenewing} {
					if m := tr.await(t, kind, 1); !bytes.Equal(m.Option(dhcp4.ClientIdentifier), id) {
						t.Errorf("%v identifies itself as %x", m, m.Option(dhcp4.ClientIdentifier))
					}
				}
			})
		}
	})
}
