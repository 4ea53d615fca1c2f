package servers

import (
	"os"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// A name with a domain goes as option 81, one without as option 12, and the servers
// know it: dnsmasq and kea answer in kind, which counts for more than option 12.
// dhcpd has use for option 81 only where it updates a DNS server, and grants the
// lease all the same. Whatever they say, the machine keeps its name.
func TestHostNames(t *testing.T) {
	rfc.Shows(t, "R4702-3.3-01", "R4702-2.1-01", "R4702-2.3-01", "R4702-3.1-02", "P-HN-01", "P-HN-02")
	before, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, hostName, fqdn string // what is sent
		told                 map[string]string
	}{
		{"box", "box", "", map[string]string{"dnsmasq": "box", "kea": "box"}},
		{"box.example.org", "", "\x05\x00\x00\x03box\x07example\x03org\x00", map[string]string{"dnsmasq": "box.example.org", "kea": "box.example.org"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			with(t, servers, func(t *testing.T, srv server) {
				s := newSite(t, 1)
				p := office()
				p.domain, p.dnsmasq = "example.org", []string{"domain=example.org"}
				process := srv.start(t, s.lan, "br0", p)
				tr := watch(t, s.lan, "br0")
				lease := s.run(t, dhcpc.Config{HostName: row.name}).bound(t, s)[0]
				said := append(tr.saidSoFar(dhcp4.KindDiscover), tr.await(t, dhcp4.KindSelecting, 1))
				for _, m := range said {
					if got := string(m.Option(dhcp4.HostName)); got != row.hostName {
						t.Errorf("%v: option 12 is %q", m.Kind, got)
					}
					if got := string(m.Option(dhcp4.ClientFQDN)); got != row.fqdn {
						t.Errorf("%v: option 81 is %q", m.Kind, got)
					}
				}
				if lease.HostName != row.told[srv.name] {
					t.Errorf("told of %q, want %q", lease.HostName, row.told[srv.name])
				}
				if srv.name == "dnsmasq" {
					eventually(t, func() string { // it has entered the name
						for line := range strings.Lines(process.Log()) {
							if strings.Contains(line, "DHCPACK(br0) "+lease.Addr.Addr().String()+" ") && strings.HasSuffix(line, " box\n") {
								return ""
							}
						}
						return "no name in the log:\n" + process.Log()
					})
				}
			})
		})
	}
	t.Cleanup(func() {
		if after, err := os.Hostname(); err != nil || after != before {
			t.Errorf("the machine's name has become %q, %v", after, err)
		}
	})
}
