package servers

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// shortLease are the servers that can lease for seconds; dnsmasq's shortest
// lease is two minutes.
var shortLease = []server{{"kea", startKea}, {"dhcpd", startDhcpd}}

// short is an office whose leases last six seconds.
func short() plan {
	p := office()
	p.lease, p.t1, p.t2 = 6, 2, 4
	return p
}

// unhurried is an office whose leases last long enough for a server to be replaced
// before T1, and no longer.
func unhurried() plan {
	p := office()
	p.lease, p.t1, p.t2 = 12, 5, 7
	return p
}

// A renewal is one frame to the server and one back, and the address stays.
func TestRenewByUnicast(t *testing.T) {
	rfc.Shows(t, "R2131-T4-01", "R2131-4.3.2-04", "R2131-4.1-08", "R2131-T5-16", "R2131-F5-22")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		srv.start(t, s.lan, "br0", office())
		tr := watch(t, s.lan, "br0")
		c := s.run(t, dhcpc.Config{})
		lease := c.bound(t, s)[0]
		c.Renew("")
		again := c.await(t, dhcpc.Renewed).Lease
		m := tr.await(t, dhcp4.KindRenewing, 1)
		if bridge := s.lan.Link(t, "br0").Attrs().HardwareAddr; string(m.HWDst[:]) != string(bridge) || m.Dst.Addr() != lease.Server || m.Src.Addr() != lease.Addr.Addr() {
			t.Errorf("sent to %x from %v to %v", m.HWDst, m.Src, m.Dst)
		}
		if again.Addr != lease.Addr || again.Expiry <= lease.Expiry {
			t.Errorf("%v until %v became %v until %v", lease.Addr, lease.Expiry, again.Addr, again.Expiry)
		}
		if p, addr := s.address(t, "eth0"); p != lease.Addr || addr.ValidLft < 3598 {
			t.Errorf("address %v for %d s", p, addr.ValidLft)
		}
		if n := len(tr.saidSoFar(dhcp4.KindRenewing)); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

// The server's own T1 and T2 are obeyed. When it is gone the client asks it at
// T1, asks everybody at T2, and takes address and routes away at the end; when
// it is back, so is the address.
func TestServerGoneAndBack(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.5-12", "R2131-F5-21", "R2131-F5-24", "R2131-F5-27", "R2131-3.7-01", "R2131-4.4.5-17", "R2131-4.3.2-01", "H-LEAK-01", "P-TM-07")
	with(t, shortLease, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		running := srv.start(t, s.lan, "br0", short())
		tr := watch(t, s.lan, "br0")
		c := s.run(t, dhcpc.Config{})
		lease := c.bound(t, s)[0]
		if lease.T1-lease.Start != 2e9 || lease.T2-lease.Start != 4e9 || lease.Expiry-lease.Start != 6e9 {
			t.Errorf("T1, T2 and end at %v, %v, %v", lease.T1-lease.Start, lease.T2-lease.Start, lease.Expiry-lease.Start)
		}
		renewed := c.await(t, dhcpc.Renewed)
		if d := renewed.Time - lease.Start; d < 2e9 || d >= 4e9 {
			t.Errorf("extended after %v", d)
		}
		running.Stop(t)
		lost := c.await(t, dhcpc.Lost)
		if lost.Reason != machine.ReasonExpiry || lost.Time < renewed.Lease.Expiry {
			t.Errorf("lost for %v at %v, the lease is until %v", lost.Reason, lost.Time, renewed.Lease.Expiry)
		}
		if renewing, rebinding := tr.saidSoFar(dhcp4.KindRenewing), tr.saidSoFar(dhcp4.KindRebinding); len(renewing) != 2 || len(rebinding) != 1 {
			t.Errorf("%d asked of the server, %d of everybody", len(renewing), len(rebinding))
		}
		if list, err := s.home.AddrList(s.home.Link(t, "eth0"), netlink.FAMILY_V4); err != nil || len(list) != 0 {
			t.Errorf("after the end of the lease: %v, %v", list, err)
		}
		if r := s.routes(t); len(r) != 0 {
			t.Errorf("after the end of the lease: %v", r)
		}
		srv.start(t, s.lan, "br0", short())
		back := c.bound(t, s)[0]
		if p, _ := s.address(t, "eth0"); p != back.Addr {
			t.Errorf("address %v, leased %v", p, back.Addr)
		}
	})
}

// A lease of seconds is kept for as long as the server extends it.
func TestShortLeaseIsKept(t *testing.T) {
	with(t, shortLease, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		srv.start(t, s.lan, "br0", short())
		tr := watch(t, s.lan, "br0")
		c := s.run(t, dhcpc.Config{})
		lease := c.bound(t, s)[0]
		for last := lease; last.Start < lease.Expiry; {
			ev := <-c.events
			switch ev.Kind {
			case dhcpc.Lost, dhcpc.Failed:
				t.Fatalf("%+v", ev)
			case dhcpc.Renewed:
				last = ev.Lease
			}
		}
		if p, addr := s.address(t, "eth0"); p != lease.Addr || addr.ValidLft > 6 || addr.ValidLft < 3 {
			t.Errorf("%v for %d s", p, addr.ValidLft)
		}
		if n := len(tr.saidSoFar(dhcp4.KindRenewing)) + len(tr.saidSoFar(dhcp4.KindRebinding)); n != 3 {
			t.Errorf("asked %d times in 6 s", n)
		}
	})
}

// The leasing server is gone for good, but another one that shares its pool
// takes over when everybody is asked, and is the one that is asked from then on.
// Kea is not among them: it refuses a lease that it does not know.
func TestAnotherServerTakesOver(t *testing.T) {
	rfc.Shows(t, "R2131-F5-25", "R2131-4.4.5-02", "R2131-T5-17", "R2131-4.1-08")
	with(t, []server{{"dnsmasq", startDnsmasq}, {"dhcpd", startDhcpd}}, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		second := s.plug(t, "10.77.0.2/16")
		first := startKea(t, s.lan, "br0", unhurried())
		watch(t, s.lan, "port0")
		tr := s.record(t, "eth0", "port0")
		c := s.run(t, dhcpc.Config{})
		lease := c.bound(t, s)[0]
		first.Stop(t)
		srv.start(t, second, "lan0", office())

		ev := c.await(t, dhcpc.Renewed)
		if addr := netip.MustParseAddr("10.77.0.2"); ev.Lease.Addr != lease.Addr || ev.Lease.Server != addr {
			t.Errorf("%v from %v, want %v from %v", ev.Lease.Addr, ev.Lease.Server, lease.Addr, addr)
		}
		c.Renew("")
		c.await(t, dhcpc.Renewed)
		names := s.called(t, lease)
		names["second"], names["rack"] = "10.77.0.2", second.Link(t, "lan0").Attrs().HardwareAddr.String()
		tr.reads(t, names, slices.Concat(acquired, []string{
			"x2 REQUEST us > switch, leased > server, ciaddr leased",
			"x3 REQUEST us > all, leased > all, ciaddr leased",
			"x3 ACK",
			"x4 REQUEST us > rack, leased > second, ciaddr leased",
			"x4 ACK",
		})...)
	})
}

// moveServer gives the bridge another address.
func (s *site) moveServer(t *testing.T, cidr string) {
	t.Helper()
	old, err := netlink.ParseAddr(serverAddr)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.lan.AddrDel(s.lan.Link(t, "br0"), old); err != nil {
		t.Fatal(err)
	}
	s.lan.Address(t, "br0", cidr)
}

// renumbered is another network than that of an office, for the same bridge.
func renumbered() plan {
	p := office()
	p.subnet, p.first, p.last, p.router = "10.88.0.0/16", "10.88.1.0", "10.88.9.255", "10.88.0.1"
	return p
}

// isRenumbered requires that the client gives up its lease, is refused, and gets
// one of the new network without asking for the old address again. It returns what
// both are called in a transcript.
func (s *site) isRenumbered(t *testing.T, c *client, tr *traffic, old *machine.Lease) (names map[string]string) {
	t.Helper()
	if ev := c.await(t, dhcpc.Lost); ev.Reason != machine.ReasonNak || ev.Lease.Addr != old.Addr {
		t.Errorf("lost %v for %v", ev.Lease.Addr, ev.Reason)
	}
	lease := c.bound(t, s)[0]
	if got, _ := s.address(t, "eth0"); got != lease.Addr || !netip.MustParsePrefix("10.88.0.0/16").Contains(got.Addr()) {
		t.Errorf("address %v, leased %v", got, lease.Addr)
	}
	s.hasRoutes(t, "eth0", "0.0.0.0/0 via 10.88.0.1", "10.88.0.0/16")
	for _, d := range tr.saidSoFar(dhcp4.KindDiscover) {
		if d.Has(dhcp4.RequestedAddress) {
			t.Errorf("DISCOVER asks for %v", d.Addr(dhcp4.RequestedAddress))
		}
	}
	names = s.called(t, old)
	names["new"], names["refuser"] = lease.Addr.Addr().String(), lease.Server.String()
	return names
}

// anew is what is said, from exchange n on, by a client that was refused.
func anew(n int) []string {
	return []string{
		fmt.Sprintf("x%d DISCOVER us > all, none > all, ciaddr none", n),
		fmt.Sprintf("x%d OFFER", n),
		fmt.Sprintf("x%d REQUEST us > all, none > all, ciaddr none, 50 is new, 54 is refuser", n),
		fmt.Sprintf("x%d ACK", n),
	}
}

// The cable was moved to another network: the client asks for what it had, is
// refused, and has a lease of the new network without delay.
func TestCableMovedToAnotherNetwork(t *testing.T) {
	rfc.Shows(t, "R2131-F5-17", "R2131-F5-19", "R2131-3.2-12", "R2131-T5-15", "H-LEAK-01")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		before := srv.start(t, s.lan, "br0", office())
		tr := watch(t, s.lan, "br0")
		script := s.record(t, "eth0", "port0")
		c := s.run(t, dhcpc.Config{})
		lease := c.bound(t, s)[0]
		s.lan.Down(t, "port0")
		c.await(t, dhcpc.LinkDown)
		before.Stop(t)
		s.moveServer(t, "10.88.0.1/16")
		srv.start(t, s.lan, "br0", renumbered())
		s.lan.Up(t, "port0")
		names := s.isRenumbered(t, c, tr, lease)
		script.reads(t, names, slices.Concat(acquired, []string{
			"x2 REQUEST us > all, none > all, ciaddr none, 50 is leased",
			"x2 NAK",
		}, anew(3))...)
	})
}

// The network was renumbered while the client was not looking: whoever is asked
// at T2 may refuse. Only dnsmasq does; Kea and dhcpd say nothing about leases
// that they do not know, although they are authoritative, and have the client
// wait for the end of its lease.
func TestRenumbered(t *testing.T) {
	rfc.Shows(t, "R2131-F5-26", "R2131-F5-01", "H-LEAK-01")
	t.Parallel()
	s := newSite(t, 1)
	before := startKea(t, s.lan, "br0", unhurried())
	tr := watch(t, s.lan, "br0")
	script := s.record(t, "eth0", "port0")
	c := s.run(t, dhcpc.Config{})
	lease := c.bound(t, s)[0]
	before.Stop(t)
	s.moveServer(t, "10.88.0.1/16")
	startDnsmasq(t, s.lan, "br0", renumbered())
	names := s.isRenumbered(t, c, tr, lease)
	script.reads(t, names, slices.Concat(acquired, []string{
		"x2 REQUEST us > all, leased > all, ciaddr leased", // at T1 nobody says who has the server's address
		"x2 NAK",
	}, anew(3))...)
}

// The server lost its records and gave the address to somebody else: it refuses
// the renewal, and the address is not used a moment longer.
func TestAddressGivenToAnother(t *testing.T) {
	rfc.Shows(t, "R2131-F5-23")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 2)
		other := s.split(t)
		p := office()
		p.last = p.first
		before := srv.start(t, s.lan, "br0", p)
		watch(t, s.lan, "br0")
		script := s.record(t, "eth0", "port0")
		c := s.run(t, dhcpc.Config{})
		lease := c.bound(t, s)[0]
		before.Stop(t)
		srv.start(t, s.lan, "br0", p)
		if its := other.run(t, dhcpc.Config{}).bound(t, other)[0]; its.Addr != lease.Addr {
			t.Fatalf("the other has %v, not %v", its.Addr, lease.Addr)
		}
		c.Renew("")
		if ev := c.await(t, dhcpc.Lost); ev.Reason != machine.ReasonNak {
			t.Errorf("lost for %v", ev.Reason)
		}
		eventually(t, func() string {
			if list, err := s.home.AddrList(s.home.Link(t, "eth0"), netlink.FAMILY_V4); err != nil || len(list) > 0 {
				return "the address is still there"
			}
			return ""
		})
		script.reads(t, s.called(t, lease), slices.Concat(acquired, []string{
			"x2 REQUEST us > switch, leased > server, ciaddr leased",
			"x2 NAK",
			"x3 DISCOVER us > all, none > all, ciaddr none",
		})...)
	})
}

// split moves the last link to a machine of its own.
func (s *site) split(t *testing.T) *site {
	t.Helper()
	n := len(s.names) - 1
	other := &site{home: netns.New(t), lan: s.lan, names: s.names[n:]}
	if err := s.home.LinkSetNsFd(s.home.Link(t, s.names[n]), other.home.FD()); err != nil {
		t.Fatal(err)
	}
	s.names = s.names[:n]
	return other
}

// A lease that is given back is taken away here before it can be given to anybody
// else there.
func TestRelease(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.4-02", "R2131-4.4.6-01", "R2131-T5-20", "R2131-3.1-13", "P-DR-04")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 2)
		other := s.split(t)
		p := office()
		p.last = p.first // the only address
		srv.start(t, s.lan, "br0", p)
		tr := watch(t, s.lan, "br0")
		c := s.run(t, dhcpc.Config{})
		lease := c.bound(t, s)[0]
		c.Release("")
		if ev := c.await(t, dhcpc.Lost); ev.Reason != machine.ReasonRelease {
			t.Errorf("lost for %v", ev.Reason)
		}
		if m := tr.await(t, dhcp4.KindRelease, 1); m.Dst.Addr() != lease.Server || m.ClientAddr != lease.Addr.Addr() {
			t.Errorf("released %v to %v", m.ClientAddr, m.Dst)
		}
		if list, err := s.home.AddrList(s.home.Link(t, "eth0"), netlink.FAMILY_V4); err != nil || len(list) != 0 {
			t.Errorf("after the release: %v, %v", list, err)
		}
		if its := other.run(t, dhcpc.Config{}).bound(t, other)[0]; its.Addr != lease.Addr {
			t.Errorf("the next client has %v", its.Addr)
		}
	})
}

// The administrator gave the network another router and took away the small MTU: the
// next renewal brings it, and the address stays all the while.
func TestRenewalBringsChanges(t *testing.T) {
	rfc.Shows(t, "P-ST-03", "P-RO-05")
	t.Parallel()
	s := newSite(t, 1)
	p := office()
	p.mtu, p.routes = 1400, []string{"198.51.100.0/24", "10.77.0.7", "0.0.0.0/0", "10.77.0.1"}
	before := startDnsmasq(t, s.lan, "br0", p)
	watch(t, s.lan, "br0")
	c := s.run(t, dhcpc.Config{})
	lease := c.bound(t, s)[0]
	s.hasRoutes(t, "eth0", "0.0.0.0/0 via 10.77.0.1", "10.77.0.0/16", "198.51.100.0/24 via 10.77.0.7")
	before.Stop(t)
	p.mtu, p.routes, p.router = 0, nil, "10.77.0.9"
	startDnsmasq(t, s.lan, "br0", p) // which takes a client's word for a lease that it does not know
	c.Renew("")
	if ev := c.await(t, dhcpc.Renewed); ev.Lease.Addr != lease.Addr {
		t.Errorf("%v became %v", lease.Addr, ev.Lease.Addr)
	}
	s.hasRoutes(t, "eth0", "0.0.0.0/0 via 10.77.0.9", "10.77.0.0/16")
	if mtu := s.home.Link(t, "eth0").Attrs().MTU; mtu != 1500 {
		t.Errorf("MTU %d", mtu)
	}
}
