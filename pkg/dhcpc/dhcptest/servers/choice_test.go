package servers

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// plug is another machine on the bridge, in sight of everybody, for a server
// beside that of the bridge. Its link is lan0.
func (s *site) plug(t *testing.T, cidr string) *netns.NS {
	t.Helper()
	other := netns.New(t)
	netns.Veth(t, s.lan, "rack0", other, "lan0")
	if err := s.lan.LinkSetMaster(s.lan.Link(t, "rack0"), s.lan.Link(t, "br0")); err != nil {
		t.Fatal(err)
	}
	s.lan.Up(t, "rack0")
	other.Up(t, "lan0")
	other.Address(t, "lan0", cidr)
	return other
}

// Two servers answer every link, each with a network of its own. Each link has
// what one of them said, and nothing of the other, and stays with it.
func TestTwoServersAtOnce(t *testing.T) {
	rfc.Shows(t, "R2131-F5-02", "R2131-F5-11", "R2131-4.3.2-02", "P-RV-03")
	t.Parallel()
	s := newSite(t, 16)
	second := s.plug(t, "10.88.0.1/16")
	startDnsmasq(t, s.lan, "br0", office())
	startKea(t, second, "lan0", renumbered())
	for i := range s.names { // the bridge itself does not see what Kea says
		watch(t, s.lan, fmt.Sprintf("port%d", i))
	}
	c := s.run(t, dhcpc.Config{})
	leases := c.bound(t, s)
	first := netip.MustParseAddr("10.77.0.1")
	for i, name := range s.names {
		subnet, server := "10.88.0.0/16", netip.MustParseAddr("10.88.0.1")
		if leases[i].Server == first {
			subnet, server = "10.77.0.0/16", first
		}
		if p, _ := s.address(t, name); p != leases[i].Addr || p.Masked().String() != subnet {
			t.Errorf("%s has %v, leased %v by %v", name, p, leases[i].Addr, leases[i].Server)
		}
		s.hasRoutes(t, name, "0.0.0.0/0 via "+server.String(), subnet)
	}
	c.renewAll(t, s.names)
	for i, l := range c.Status().Links {
		if l.Lease == nil || l.Lease.Addr != leases[i].Addr || l.Lease.Server != leases[i].Server {
			t.Errorf("%s renewed %+v as %+v", l.Interface, leases[i], l.Lease)
		}
	}
}

// The strict rules pass over a server that offers neither router nor DNS, however
// early it comes, and wait for one that offers all.
func TestStrictWaitsForTheCompleteOffer(t *testing.T) {
	rfc.Shows(t, "R2131-4.3.2-03")
	t.Parallel()
	s := newSite(t, 1)
	second := s.plug(t, "10.88.0.1/16")
	p := office()
	p.router, p.dns = "", nil
	startDnsmasq(t, s.lan, "br0", p)
	complete := renumbered()
	complete.dns = []string{"10.88.0.53"}
	c := s.run(t, dhcpc.Config{Strict: true})
	eventually(t, func() string {
		if c.Status().Links[0].Refused[dhcp4.NotStrict] == 0 {
			return "nothing was refused"
		}
		return ""
	})
	startKea(t, second, "lan0", complete)
	if lease := c.bound(t, s)[0]; lease.Server != netip.MustParseAddr("10.88.0.1") {
		t.Errorf("leased by %v", lease.Server)
	}
	s.hasRoutes(t, "eth0", "0.0.0.0/0 via 10.88.0.1", "10.88.0.0/16")
}
