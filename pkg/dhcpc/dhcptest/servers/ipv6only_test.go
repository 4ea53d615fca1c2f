package servers

import (
	"errors"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// preferring is an office that would rather have no IPv4.
func preferring() plan {
	p := office()
	p.dnsmasq = []string{"dhcp-option=108,00:00:07:08"}
	p.keaOptions = []string{`{ "name": "v6-only-preferred", "data": "1800" }`}
	p.dhcpd = []string{"option v6-only-preferred code 108 = unsigned integer 32; option v6-only-preferred 1800;"}
	return p
}

// A client that asks whether the network prefers IPv6, and is told so, goes without
// an address; one that does not ask is not told, and gets one.
func TestIPv6OnlyPreferred(t *testing.T) {
	rfc.Shows(t, "R8925-3.2-02", "R8925-3.2-03", "R8925-3.2-11", "P-V6-01")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		srv.start(t, s.lan, "br0", preferring())
		tr := watch(t, s.lan, "br0")
		c := s.run(t, dhcpc.Config{Parameters: []dhcp4.Code{dhcp4.IPv6OnlyPreferred}})
		ev := c.await(t, dhcpc.IPv6Only)
		if wait := ev.Until - ev.Time; wait != 30*time.Minute || ev.State != machine.IPv6Only {
			t.Errorf("rests for %v in %v", wait, ev.State)
		}
		if list, err := s.home.AddrList(s.home.Link(t, "eth0"), netlink.FAMILY_V4); err != nil || len(list) != 0 {
			t.Errorf("addresses: %v, %v", list, err)
		}
		if n := len(tr.saidSoFar(dhcp4.KindSelecting)); n != 0 {
			t.Errorf("%d REQUESTs", n)
		}
	})
	t.Run("not asked", func(t *testing.T) {
		with(t, servers, func(t *testing.T, srv server) {
			s := newSite(t, 1)
			srv.start(t, s.lan, "br0", preferring())
			s.run(t, dhcpc.Config{}).bound(t, s)
		})
	})
}

// To the command a link that rests is as good as bound: nobody waits for it.
func TestCommandWithoutIPv4(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	startDnsmasq(t, s.lan, "br0", preferring())
	tr := watch(t, s.lan, "br0")
	c := &command{s, build(t), t.TempDir()}
	if err := c.start(t, "-request", "108", "-once").Wait(); err != nil { // 3 would be the timeout
		t.Error(err)
	}
	out, err := exec.Command(c.binary, "status", "-state-dir", c.dir).Output()
	if ended := new(exec.ExitError); !errors.As(err, &ended) || ended.ExitCode() != 1 {
		t.Errorf("status of one that has ended: %v", err)
	}
	if !regexp.MustCompile(`(?m)^eth0 +IPV6-ONLY .*\n  IPv6 only is preferred here \d+s ago, asks again in (30m|29m\d+s)$`).Match(out) {
		t.Errorf("status:\n%s", out)
	}
	if n := len(tr.saidSoFar(dhcp4.KindSelecting)); n != 0 {
		t.Errorf("%d REQUESTs", n)
	}
}
