package servers

import (
	"slices"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// acquired is what is said until there is a lease.
var acquired = []string{
	"x1 DISCOVER us > all, none > all, ciaddr none",
	"x1 OFFER",
	"x1 REQUEST us > all, none > all, ciaddr none, 50 is leased, 54 is server",
	"x1 ACK",
}

// called is names for what belongs to a lease of the server on the switch itself.
func (s *site) called(t *testing.T, lease *machine.Lease) map[string]string {
	t.Helper()
	return map[string]string{
		"leased": lease.Addr.Addr().String(),
		"server": lease.Server.String(),
		"switch": s.lan.Link(t, "br0").Attrs().HardwareAddr.String(),
	}
}

// A lease from its beginning to its end and beyond, word for word: the server is
// asked at T1 and answers, is asked at T1 and is gone; everybody is asked at T2; and
// when it is over there is a wish for the same address, which the server grants when
// it is back. A lease of dnsmasq is longer than a test: that one is followed up to T2.
func TestLifeOfALease(t *testing.T) {
	rfc.Shows(t, "R2131-T5-16", "R2131-T5-17", "R2131-T5-11", "R2131-4.1-03", "R2131-4.1-04", "R2131-4.1-05", "R2131-T5-01", "R2131-T5-02", "R2131-T5-03", "R2131-4.4.5-12")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		p := short()
		lasts := srv.name == "dnsmasq"
		if lasts {
			p.lease = 120 // its shortest
		}
		running := srv.start(t, s.lan, "br0", p)
		tr := s.record(t, "eth0", "port0")
		c := s.run(t, dhcpc.Config{})
		lease := c.bound(t, s)[0]
		c.await(t, dhcpc.Renewed)
		running.Stop(t)
		want := slices.Concat(acquired, []string{
			"x2 REQUEST us > switch, leased > server, ciaddr leased",
			"x2 ACK",
			"x3 REQUEST us > switch, leased > server, ciaddr leased",
			"x4 REQUEST us > all, leased > all, ciaddr leased",
		})
		if lasts {
			tr.reads(t, s.called(t, lease), want...)
			return
		}
		c.await(t, dhcpc.Lost)
		tr.reads(t, s.called(t, lease), append(want, "x5 DISCOVER us > all, none > all, ciaddr none, 50 is leased")...)
		srv.start(t, s.lan, "br0", p)
		if again := c.bound(t, s)[0]; again.Addr != lease.Addr {
			t.Errorf("%v became %v", lease.Addr, again.Addr)
		}
	})
}
