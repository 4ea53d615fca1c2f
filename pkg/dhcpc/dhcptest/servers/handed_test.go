package servers

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// What servers say to those who boot from them, set their clock or look for a portal
// is in the lease, without anybody asking for it. Vendor options are for those who
// ask, and so is whatever else.
func TestHandedOn(t *testing.T) {
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		p := office()
		p.dnsmasq = []string{
			"dhcp-boot=next.efi,boot,10.77.0.9", "dhcp-option=17,10.77.0.9:/srv", "dhcp-option=42,10.77.0.42",
			"dhcp-option=114,https://portal.example/", "dhcp-option=150,10.77.0.150",
		}
		p.kea = []string{`"next-server": "10.77.0.9", "boot-file-name": "next.efi"`}
		p.keaOptions = []string{
			`{ "name": "root-path", "data": "10.77.0.9:/srv" }`, `{ "name": "ntp-servers", "data": "10.77.0.42" }`,
			`{ "code": 114, "csv-format": false, "data": "68747470733a2f2f706f7274616c2e6578616d706c652f" }`,
			`{ "code": 150, "csv-format": false, "data": "0a4d0096" }`,
		}
		p.dhcpd = []string{
			`option portal code 114 = text; option tftp code 150 = array of ip-address;`,
			`next-server 10.77.0.9; filename "next.efi"; option root-path "10.77.0.9:/srv"; option ntp-servers 10.77.0.42;`,
			`option portal "https://portal.example/"; option tftp 10.77.0.150;`,
		}
		srv.start(t, s.lan, "br0", p)
		lease := s.run(t, dhcpc.Config{Parameters: []dhcp4.Code{150}}).bound(t, s)[0]
		if lease.NextServer != netip.MustParseAddr("10.77.0.9") || lease.BootFile != "next.efi" || lease.RootPath != "10.77.0.9:/srv" ||
			lease.CaptivePortal != "https://portal.example/" || !slices.Equal(lease.NTP, []netip.Addr{netip.MustParseAddr("10.77.0.42")}) {
			t.Errorf("lease is %+v", lease)
		}
		if o := lease.Options; len(o) != 1 || o[0].Code != 150 || string(o[0].Data) != "\x0aM\x00\x96" {
			t.Errorf("options are %v", o)
		}
		s.hasRoutes(t, "eth0", "10.77.0.0/16", "0.0.0.0/0 via 10.77.0.1") // and nothing to those servers
	})
}
