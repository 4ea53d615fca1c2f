package servers

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// Routes, search list, domain and MTU as each server encodes them arrive in the
// kernel. The router of option 3 is not used beside option 121.
func TestRoutesSearchListAndMTU(t *testing.T) {
	rfc.Shows(t, "R3442-02", "R3442-03", "R3442-06", "R3397-2-01", "R2132-5.1-01", "R2132-3.17-01")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		p := office()
		p.routes = []string{"198.51.100.0/24", "10.77.0.7", "203.0.113.128/25", "10.77.0.8", "192.168.7.0/24", "0.0.0.0"}
		p.domain, p.search, p.mtu = "example.org", []string{"eng.example.org", "example.org", "example.net"}, 1400
		srv.start(t, s.lan, "br0", p)
		lease := s.run(t, dhcpc.Config{}).bound(t, s)[0]
		s.hasRoutes(t, "eth0", "10.77.0.0/16", "192.168.7.0/24", "198.51.100.0/24 via 10.77.0.7", "203.0.113.128/25 via 10.77.0.8")
		if !slices.Equal(lease.Search, p.search) || lease.Domain != p.domain {
			t.Errorf("search list %v, domain %v", lease.Search, lease.Domain)
		}
		if mtu := s.home.Link(t, "eth0").Attrs().MTU; mtu != 1400 {
			t.Errorf("MTU %d", mtu)
		}
	})
}

// manyRoutes makes option 121 longer than 255 bytes for n above 31, so that it must
// be split, and one of its routes is cut in two.
func manyRoutes(n int) (option, want []string) {
	for i := range n {
		dst := fmt.Sprintf("198.18.%d.0/24", i)
		option = append(option, dst, "10.77.0.7")
		want = append(want, dst+" via 10.77.0.7")
	}
	return option, append(want, "10.77.0.0/16")
}

// An option of more than 255 bytes comes in pieces, which are joined before they
// are read. dnsmasq cannot send any.
func TestSplitOption(t *testing.T) {
	rfc.Shows(t, "R3396-7-01", "R3442-08")
	with(t, []server{{"kea", startKea}, {"dhcpd", startDhcpd}}, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		p := office()
		var want []string
		p.routes, want = manyRoutes(60)
		srv.start(t, s.lan, "br0", p)
		tr := watch(t, s.lan, "br0")
		s.run(t, dhcpc.Config{}).bound(t, s)
		s.hasRoutes(t, "eth0", want...)
		for _, r := range tr.replied(t) {
			if n := len(r.Options.Get(dhcpv4.OptionClasslessStaticRoute)); n != 480 {
				t.Errorf("%v: option 121 has %d bytes, the test needs 480", r.MessageType(), n)
			}
		}
	})
}

// The client says that 576 bytes is all that it takes, and the options do not fit
// beside the fields for server and file name: the server puts them there. Kea never
// does, and sends more than the client takes.
func TestOverload(t *testing.T) {
	rfc.Shows(t, "R2131-4.1-30", "R2132-9.3-01", "R2131-4.1-31", "R2131-2-05")
	with(t, []server{{"dnsmasq", startDnsmasq}, {"dhcpd", startDhcpd}}, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		if err := s.home.LinkSetMTU(s.home.Link(t, "eth0"), 576); err != nil {
			t.Fatal(err)
		}
		p := office()
		var want []string
		p.routes, want = manyRoutes(30)
		p.domain = "example.org"
		for i := range 9 {
			p.search = append(p.search, fmt.Sprintf("%c.%s.example", 'a'+i, strings.Repeat("x", 10)))
		}
		srv.start(t, s.lan, "br0", p)
		tr := watch(t, s.lan, "br0")
		lease := s.run(t, dhcpc.Config{}).bound(t, s)[0]
		s.hasRoutes(t, "eth0", want...)
		if !slices.Equal(lease.Search, p.search) || len(lease.DNS) != 1 || lease.Domain != p.domain {
			t.Errorf("search list %v, DNS %v, domain %v", lease.Search, lease.DNS, lease.Domain)
		}
		for _, r := range tr.replied(t) {
			if !r.Options.Has(dhcpv4.OptionOptionOverload) || r.size > 576 {
				t.Errorf("%v of %d bytes, overloaded %v", r.MessageType(), r.size, r.Options.Has(dhcpv4.OptionOptionOverload))
			}
		}
	})
}

// A reply that fills an Ethernet frame arrives whole.
func TestLargeReply(t *testing.T) {
	rfc.Shows(t, "R2132-9.10-01", "R3442-C-01", "R2131-3-06")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		p := office()
		const first, last, size = 224, 228, 220 // options for private use
		cfg := dhcpc.Config{}
		text := func(code int) string { return strings.Repeat(string(rune('a'+code-first)), size) }
		for code := first; code <= last; code++ {
			cfg.Parameters = append(cfg.Parameters, dhcp4.Code(code))
			p.dnsmasq = append(p.dnsmasq, fmt.Sprintf("dhcp-option=%d,%s", code, text(code)))
			p.dhcpd = append(p.dhcpd, fmt.Sprintf("option fill-%d code %[1]d = text; option fill-%[1]d %q;", code, text(code)))
			p.keaOptions = append(p.keaOptions, fmt.Sprintf(`{ "code": %d, "csv-format": false, "data": "%x" }`, code, text(code)))
		}
		srv.start(t, s.lan, "br0", p)
		tr := watch(t, s.lan, "br0")
		cfg.OnMessage = func(_ string, m *dhcp4.Message, r dhcp4.Refusal) {
			if r == dhcp4.UnexpectedType || r == dhcp4.WrongXid {
				return // it came when the client had already asked again
			}
			if m == nil || r != dhcp4.Accepted {
				t.Errorf("refused: %v", r)
				return
			}
			for code := first; code <= last; code++ {
				if got := string(m.Options.Bytes(dhcp4.Code(code))); got != text(code) {
					t.Errorf("%v: option %d is %q", m.Type, code, got)
				}
			}
		}
		s.run(t, cfg).bound(t, s)
		for _, r := range tr.replied(t) {
			if r.size < 1400 || r.size > 1500 {
				t.Errorf("%v has %d bytes, the test needs about 1450", r.MessageType(), r.size)
			}
		}
	})
}

// Servers answer to the address that they are about to give, or by broadcast: to
// whoever asks for that, or always. Kea has no such setting.
func TestBroadcastAndUnicastReplies(t *testing.T) {
	rfc.Shows(t, "R2131-2-06", "R2131-4.1-05", "R2131-4.1-06", "R2131-4.1-07")
	for _, row := range []struct {
		name            string
		ask, always, is bool // broadcast
	}{
		{"as the server likes", false, false, false},
		{"asked for", true, false, true},
		{"always", false, true, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			list := servers
			if row.always {
				list = []server{{"dnsmasq", startDnsmasq}, {"dhcpd", startDhcpd}}
			}
			with(t, list, func(t *testing.T, srv server) {
				s := newSite(t, 1)
				p := office()
				p.broadcast = row.always
				srv.start(t, s.lan, "br0", p)
				tr := watch(t, s.lan, "br0")
				lease := s.run(t, dhcpc.Config{Broadcast: row.ask}).bound(t, s)[0]
				hw := dhcp4.HardwareAddr(s.home.Link(t, "eth0").Attrs().HardwareAddr)
				dst := lease.Addr.Addr()
				if row.is {
					dst = netip.MustParseAddr("255.255.255.255")
					if srv.name != "kea" { // which broadcasts to one
						hw = dhcp4.Broadcast
					}
				}
				for _, r := range tr.replied(t) {
					if r.hwDst != hw || r.dst != dst {
						t.Errorf("%v went to %v, %x", r.MessageType(), r.dst, r.hwDst)
					}
				}
			})
		})
	}
}
