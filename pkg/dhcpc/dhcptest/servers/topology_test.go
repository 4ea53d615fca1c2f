package servers

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/vishvananda/netlink"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// The server is in another network, behind a relay: its identifier is outside of
// the client's subnet, and renewals reach it through the router.
func TestBehindARelay(t *testing.T) {
	rfc.Shows(t, "P-RV-06", "R2131-4.1-08", "R2131-T4-01", "R1542-3.4-02")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		far := netns.New(t)
		netns.Veth(t, s.lan, "up0", far, "lan0")
		s.lan.Up(t, "up0")
		far.Up(t, "lan0")
		s.lan.Address(t, "up0", "10.99.0.1/24")
		far.Address(t, "lan0", "10.99.0.2/24")
		if err := far.RouteAdd(&netlink.Route{Gw: net.IPv4(10, 99, 0, 1)}); err != nil {
			t.Fatal(err)
		}
		s.lan.Sysctl(t, "net/ipv4/ip_forward", "1")
		netns.Dnsmasq{Interfaces: []string{"br0", "up0"}, Lines: []string{"dhcp-relay=10.77.0.1,10.99.0.2"}}.Start(t, s.lan)
		p := office()
		p.dhcpd = []string{"subnet 10.99.0.0 netmask 255.255.255.0 { }"}
		srv.start(t, far, "lan0", p)
		tr := watch(t, s.lan, "br0")

		c := s.run(t, dhcpc.Config{})
		lease := c.bound(t, s)[0]
		server := netip.MustParseAddr("10.99.0.2")
		if lease.Server != server {
			t.Errorf("leased by %v, want %v", lease.Server, server)
		}
		s.hasRoutes(t, "eth0", "0.0.0.0/0 via 10.77.0.1", "10.77.0.0/16")
		c.Renew("")
		c.await(t, dhcpc.Renewed)
		if m := tr.await(t, dhcp4.KindRenewing, 1); m.Dst.Addr() != server {
			t.Errorf("the renewal went to %v", m.Dst)
		}
	})
}

// The address is a network of its own, as some clouds have it, and the gateway is
// outside of it: it gets a host route.
func TestGatewayOffLink(t *testing.T) {
	rfc.Shows(t, "P-RO-02", "P-RV-06")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		p := office()
		p.mask, p.router = "255.255.255.255", "10.77.0.1"
		srv.start(t, s.lan, "br0", p)
		c := s.run(t, dhcpc.Config{})
		lease := c.bound(t, s)[0]
		if got, _ := s.address(t, "eth0"); got != lease.Addr || got.Bits() != 32 {
			t.Errorf("address %v, leased %v", got, lease.Addr)
		}
		s.hasRoutes(t, "eth0", "10.77.0.1/32", "0.0.0.0/0 via 10.77.0.1")
		// The routes work: the server can be asked through them.
		c.Renew("")
		c.await(t, dhcpc.Renewed)
	})
}

// A network without a way out, and without name servers, is a network.
func TestNoRouterAndNoDNS(t *testing.T) {
	rfc.Shows(t, "R2131-T3-04")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		p := office()
		p.router, p.dns = "", nil
		srv.start(t, s.lan, "br0", p)
		lease := s.run(t, dhcpc.Config{}).bound(t, s)[0]
		s.hasRoutes(t, "eth0", "10.77.0.0/16")
		if len(lease.DNS) != 0 || len(lease.Routers) != 0 {
			t.Errorf("DNS %v, routers %v", lease.DNS, lease.Routers)
		}
	})
}

// siaddr names where the next boot stage is, if at all. Kea and dhcpd leave it 0,
// dnsmasq names itself. Whatever it is, the server is asked by its identifier.
func TestNextServerIsNotTheServer(t *testing.T) {
	rfc.Shows(t, "R2131-2-08", "R2131-4.1-08", "R2131-T5-13")
	for _, row := range []struct {
		server
		lines []string
		want  string
	}{
		{server{"dnsmasq", startDnsmasq}, nil, "10.77.0.1"},
		{server{"dnsmasq, elsewhere", startDnsmasq}, []string{"dhcp-boot=kernel,tftp,10.77.0.99"}, "10.77.0.99"},
		{server{"kea", startKea}, nil, "0.0.0.0"},
		{server{"kea, elsewhere", startKea}, []string{`"next-server": "10.77.0.99"`}, "10.77.0.99"},
		{server{"dhcpd", startDhcpd}, nil, "0.0.0.0"},
		{server{"dhcpd, elsewhere", startDhcpd}, []string{"next-server 10.77.0.99;"}, "10.77.0.99"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, 1)
			p := office()
			p.dnsmasq, p.kea, p.dhcpd = row.lines, row.lines, row.lines
			row.start(t, s.lan, "br0", p)
			tr := watch(t, s.lan, "br0")
			c := s.run(t, dhcpc.Config{})
			c.bound(t, s)
			c.Renew("")
			c.await(t, dhcpc.Renewed)
			server := netip.MustParseAddr("10.77.0.1")
			if m := tr.await(t, dhcp4.KindRenewing, 1); m.Dst.Addr() != server {
				t.Errorf("the renewal went to %v", m.Dst)
			}
			if a := tr.await(t, dhcp4.KindSelecting, 1).Addr(dhcp4.ServerIdentifier); a != server {
				t.Errorf("selected server %v", a)
			}
			for _, r := range tr.replied(t) {
				if r.ServerIPAddr.String() != row.want {
					t.Errorf("%v has siaddr %v, the test needs %v", r.MessageType(), r.ServerIPAddr, row.want)
				}
			}
		})
	}
}

// open lets the links see each other, as those at a plain switch do.
func (s *site) open(t *testing.T) {
	t.Helper()
	for i := range s.names {
		if err := s.lan.LinkSetIsolated(s.lan.Link(t, fmt.Sprintf("port%d", i)), false); err != nil {
			t.Fatal(err)
		}
	}
}

// Two links of one machine are plugged into one switch, and each renews its own
// lease by unicast through itself.
func TestTwoLinksOnOneSubnet(t *testing.T) {
	rfc.Shows(t, "P-SA-02", "R2131-3.6-01")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 2)
		s.open(t)
		srv.start(t, s.lan, "br0", office())
		tr := watch(t, s.lan, "br0")
		c := s.run(t, dhcpc.Config{})
		leases := c.bound(t, s)
		for i, name := range s.names {
			c.Renew(name)
			if ev := c.await(t, dhcpc.Renewed); ev.Interface != name || ev.Lease.Addr != leases[i].Addr {
				t.Errorf("%s has %v, want %s with %v", ev.Interface, ev.Lease.Addr, name, leases[i].Addr)
			}
			m := tr.await(t, dhcp4.KindRenewing, i+1)
			if hw := s.home.Link(t, name).Attrs().HardwareAddr; string(m.HardwareAddr[:]) != string(hw) || m.ClientAddr != leases[i].Addr.Addr() {
				t.Errorf("%s asked as %x for %v", name, m.HardwareAddr, m.ClientAddr)
			}
		}
		if n := len(tr.saidSoFar(dhcp4.KindRenewing)); n != 2 {
			t.Errorf("asked %d times", n)
		}
	})
}

// With a strict reverse path filter the kernel keeps answers to the second link
// from the UDP socket, since it would have answered through the first. The next
// time the client listens with the packet socket as well.
func TestTwoLinksOnOneSubnetWithStrictReversePathFilter(t *testing.T) {
	rfc.Shows(t, "P-SA-02")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 2)
		s.open(t)
		s.home.Sysctl(t, "net/ipv4/conf/all/rp_filter", "1")
		srv.start(t, s.lan, "br0", office())
		tr := watch(t, s.lan, "br0")
		c := s.run(t, dhcpc.Config{})
		leases := c.bound(t, s)
		c.Renew("eth0")
		if ev := c.await(t, dhcpc.Renewed); ev.Interface != "eth0" {
			t.Errorf("renewed %s", ev.Interface)
		}
		c.Renew("eth1")
		eventually(t, func() string {
			acks := slices.DeleteFunc(tr.repliesTo(t, s, "eth1"), func(r reply) bool { return r.MessageType() != dhcpv4.MessageTypeAck })
			if len(acks) < 2 { // of the lease, and of the renewal
				return "the server does not answer"
			}
			return ""
		})
		c.Renew("eth1")
		if ev := c.await(t, dhcpc.Renewed); ev.Interface != "eth1" || ev.Lease.Addr != leases[1].Addr {
			t.Errorf("renewed %s with %v", ev.Interface, ev.Lease.Addr)
		}
		tr.await(t, dhcp4.KindRenewing, 3)
		if n := len(tr.saidSoFar(dhcp4.KindRenewing)); n != 3 {
			t.Errorf("asked %d times, eth1 should have needed two", n)
		}
	})
}

// repliesTo is what servers have said to a link so far.
func (tr *traffic) repliesTo(t *testing.T, s *site, name string) []reply {
	hw := s.home.Link(t, name).Attrs().HardwareAddr
	return slices.DeleteFunc(tr.replied(t), func(r reply) bool { return !bytes.Equal(r.ClientHWAddr, hw) })
}

// The server calls itself by an address that nobody can reach, as one behind a
// relay may, and names a router outside of the subnet. At T1 it does not hear the
// client; at T2 it does, and the lease goes on.
func TestServerIdentifierOutOfReach(t *testing.T) {
	rfc.Shows(t, "P-RV-06", "P-RO-02", "R2131-4.4.5-02", "R2131-4.4.4-04")
	with(t, shortLease, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		p := short()
		p.router = "192.168.1.1"
		p.keaOptions = []string{`{ "name": "dhcp-server-identifier", "data": "203.0.113.1" }`}
		p.dhcpd = []string{"server-identifier 203.0.113.1;"}
		srv.start(t, s.lan, "br0", p)
		tr := watch(t, s.lan, "br0")
		c := s.run(t, dhcpc.Config{})
		lease := c.bound(t, s)[0]
		server := netip.MustParseAddr("203.0.113.1")
		if lease.Server != server {
			t.Errorf("leased by %v, want %v", lease.Server, server)
		}
		s.hasRoutes(t, "eth0", "0.0.0.0/0 via 192.168.1.1", "10.77.0.0/16", "192.168.1.1/32")
		if again := c.await(t, dhcpc.Renewed).Lease; again.Addr != lease.Addr || again.Server != server {
			t.Errorf("renewed %v from %v", again.Addr, again.Server)
		}
		if n := len(tr.saidSoFar(dhcp4.KindRebinding)); n != 1 {
			t.Errorf("everybody was asked %d times", n)
		}
	})
}

// A machine answers ARP for all its addresses through all its links, so that a
// server on the same subnet may come to send what is for one link through the
// other. The renewal is recognised by the address that it goes to.
func TestAnswerThroughTheOtherLink(t *testing.T) {
	rfc.Shows(t, "P-SA-02")
	t.Parallel()
	s := newSite(t, 2)
	s.open(t)
	startDnsmasq(t, s.lan, "br0", office()) // Kea and dhcpd send frames, and look at no ARP
	tr := watch(t, s.lan, "br0")
	c := s.run(t, dhcpc.Config{})
	leases := c.bound(t, s)
	err := s.lan.NeighSet(&netlink.Neigh{
		LinkIndex: s.lan.Link(t, "br0").Attrs().Index,
		State:     netlink.NUD_PERMANENT,
		IP:        leases[1].Addr.Addr().AsSlice(), HardwareAddr: s.home.Link(t, "eth0").Attrs().HardwareAddr,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Renew("eth1")
	if ev := c.await(t, dhcpc.Renewed); ev.Interface != "eth1" || ev.Lease.Addr != leases[1].Addr {
		t.Errorf("renewed %s with %v", ev.Interface, ev.Lease.Addr)
	}
	eth0 := dhcp4.HardwareAddr(s.home.Link(t, "eth0").Attrs().HardwareAddr)
	if list := tr.repliesTo(t, s, "eth1"); list[len(list)-1].hwDst != eth0 {
		t.Errorf("the answer came to %x, the test needs %x", list[len(list)-1].hwDst, eth0)
	}
}
