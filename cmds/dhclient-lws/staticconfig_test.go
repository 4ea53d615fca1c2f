package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

func TestStaticConfig(t *testing.T) {
	for text, want := range map[string]machine.Lease{
		`{"IP":"10.0.0.5"}`: {Addr: netip.MustParsePrefix("10.0.0.5/24")},
		// As package encoding/json writes the type of gokrazy's dhcp.
		`{"IP":"10.0.0.5","Netmask":"//8AAA==","Broadcast":"10.0.255.255","Router":"10.0.0.1","DNS":["10.0.0.2","10.0.0.3"],"Domain":"example.org","RenewalTime":0}`: {
			Addr: netip.MustParsePrefix("10.0.0.5/16"), Broadcast: netip.MustParseAddr("10.0.255.255"), Domain: "example.org",
			Routers: []netip.Addr{netip.MustParseAddr("10.0.0.1")},
			DNS:     []netip.Addr{netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.0.3")},
		},
		` {"ip":"::ffff:10.0.0.5", "netmask":"255.255.255.252", "broadcast":"", "router":null, "dns":null, "domain":""} `: {Addr: netip.MustParsePrefix("10.0.0.5/30")},
		`{"IP":"10.0.0.5","Netmask":"255.255.255.255"}`:                                                                   {Addr: netip.MustParsePrefix("10.0.0.5/32")},
	} {
		l, err := readStatic(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if l.Addr != want.Addr || l.Broadcast != want.Broadcast || l.Domain != want.Domain || !slices.Equal(l.Routers, want.Routers) || !slices.Equal(l.DNS, want.DNS) {
			t.Errorf("%s: %+v", text, l)
		}
		if l.Expiry != machine.Never {
			t.Errorf("%s: it ends", text)
		}
	}
}

// The word that is wrong is named.
func TestMalformedStaticConfig(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                 "IP: there is none",
		`{"IP":null}`:        "IP: there is none",
		`{"IP":"10.0.0"}`:    `IP: "10.0.0" is no IPv4 address`,
		`{"IP":"fe80::1"}`:   `IP: "fe80::1" is no IPv4 address`,
		`{"IP":"224.0.0.1"}`: `IP: no host has the address "224.0.0.1"`,
		`{"IP":"10.0.0.5","Netmask":"255.0.255.0"}`: `Netmask: "255.0.255.0" is no mask: write 255.255.255.0, or its bytes in base64`,
		`{"IP":"10.0.0.5","Netmask":"0.0.0.0"}`:     `Netmask: "0.0.0.0" is no mask: write 255.255.255.0, or its bytes in base64`,
		`{"IP":"240.0.0.1"}`:                        `IP: no host has the address "240.0.0.1"`,
		`{"IP":"10.0.0.5","Router":"0.0.0.1"}`:      `Router: no host has the address "0.0.0.1"`,
		`{"IP":"10.0.0.255"}`:                       "bad address",
		`{"IP":"10.0.0.5","Broadcast":"10.0.0.7"}`:  "bad broadcast address",
		`{"IP":"10.0.0.5","Netmask":"//8AA-=="}`:    `Netmask: "//8AA-==" is no mask: write 255.255.255.0, or its bytes in base64`,
		`{"IP":"10.0.0.5","Netmask":"AAAA"}`:        `Netmask: "AAAA" is no mask: write 255.255.255.0, or its bytes in base64`,
		`{"IP":"10.0.0.5","Router":"10.0.0.256"}`:   `Router: "10.0.0.256" is no IPv4 address`,
		`{"IP":"10.0.0.5","DNS":["10.0.0.1","x"]}`:  `DNS: "x" is no IPv4 address`,
		`{"IP":"10.0.0.5","Domain":"a b"}`:          `Domain: "a b" is no domain name`,
		`{"IP":"10.0.0.5","Gateway":"10.0.0.1"}`:    "Gateway: no such word; there are IP, Netmask, Broadcast, Router, DNS and Domain",
		`{"IP":"10.0.0.5","DNS":"10.0.0.1"}`:        `DNS: a list is wanted, as ["10.0.0.1"]`,
		`{"IP":"10.0.0.5",}`:                        `malformed JSON after "IP"`,
		`{"IP":"10.0.0.5"} x`:                       `malformed JSON after "IP"`,
		`{`:                                         `malformed JSON after "{"`,
		"/nonexistent":                              "/nonexistent: no such file or directory",
		"/dev/null":                                 "/dev/null: not a file",
	} {
		if _, err := readStatic(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// It is for one link, which is waited for, and DHCP is used there if it cannot be
// applied.
func TestStaticConfigOfALink(t *testing.T) {
	const good = `-static_network_config={"IP":"10.0.0.5"}`
	for _, tt := range []struct {
		args   []string
		static string
	}{
		{[]string{good}, "eth0"},
		{[]string{good, "-interface", "wlan0"}, "wlan0"},
		{[]string{good, "eth1"}, "eth1"},
		{[]string{good, "eth0", "eth1"}, ""},
		{[]string{good, "eth*"}, ""},
		{[]string{"-static_network_config={}"}, ""},
	} {
		o, err := parse("dhclient-lws", tt.args)
		if err != nil {
			t.Errorf("%q: %v", tt.args, err)
			continue
		}
		if tt.static == "" {
			if o.client.Static != nil || o.once || len(o.remarks) != 1 || !strings.HasSuffix(o.remarks[0], "; DHCP is used") || len(o.selectors) == 0 {
				t.Errorf("%q: %+v", tt.args, o)
			}
			continue
		}
		if o.client.Static == nil || o.client.Static(ifup.Link{Name: tt.static}) == nil || o.client.Static(ifup.Link{Name: "eth7"}) != nil {
			t.Errorf("%q: not what %s is to have", tt.args, tt.static)
		}
		if !o.once || !o.wait.patient || o.wait.timeout != 0 || len(o.selectors) != 1 || o.selectors[0].text != tt.static {
			t.Errorf("%q: %+v", tt.args, o)
		}
	}
}

// A link that is not there at first, then has no cable, gets what the file says in
// the end. Then the client ends with the status after which gokrazy's init leaves
// it alone.
func TestStaticConfigIsApplied(t *testing.T) {
	b := newBox(t)
	config := filepath.Join(t.TempDir(), "static.json")
	if err := os.WriteFile(config, []byte(`{"IP":"10.77.0.5","Netmask":"255.255.0.0","Router":"10.77.0.1","DNS":["10.77.0.53"]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	p := b.start(t, "-carrier-timeout", "1s", "-static_network_config", config)
	p.prints("eth0: no such interface; waiting for it")
	// Until the kernel has looked at its carrier a new link is taken to have one.
	netns.Veth(t, b.NS, "late0", b.NS, "other")
	b.Up(t, "late0")
	eventually(t, "be without carrier", func() bool {
		return b.Link(t, "late0").Attrs().OperState != netlink.OperUnknown
	})
	b.Down(t, "late0") // old kernels rename no link that is up
	if err := b.LinkSetName(b.Link(t, "late0"), "eth0"); err != nil {
		t.Fatal(err)
	}
	p.prints("eth0: no carrier")
	b.Up(t, "other")
	if out := p.end(); p.ProcessState.ExitCode() != exitStopped || !strings.Contains(out, "eth0: 10.77.0.5/16 as configured, router 10.77.0.1, DNS 10.77.0.53, for ever") {
		t.Errorf("status %d, output:\n%s", p.ProcessState.ExitCode(), out)
	}
	if a := b.address(t, "eth0"); a.IPNet.String() != "10.77.0.5/16" {
		t.Errorf("address %v", a)
	}
	routes, err := b.RouteList(b.Link(t, "eth0"), unix.AF_INET)
	if err != nil || len(routes) != 2 || routes[0].Priority != defaultMetric || routes[1].Priority != defaultMetric {
		t.Errorf("%v, routes %v", err, routes)
	}
	if text, err := os.ReadFile(b.resolv); err != nil || !strings.Contains(string(text), "nameserver 10.77.0.53\n") {
		t.Errorf("resolv.conf: %v\n%s", err, text)
	}
}
