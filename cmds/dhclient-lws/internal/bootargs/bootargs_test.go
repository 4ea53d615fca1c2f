package bootargs

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

func TestParse(t *testing.T) {
	addr, prefix := netip.MustParseAddr, netip.MustParsePrefix
	static := IP{
		Device: "eth0", Address: prefix("10.0.2.15/24"), Gateway: addr("10.0.2.2"), Server: addr("10.0.2.4"), Host: "box",
		DNS: []netip.Addr{addr("10.0.2.3"), addr("10.0.2.5")}, NTP: []netip.Addr{addr("10.0.2.6")},
	}
	for line, want := range map[string]Args{
		"":                           {},
		"quiet root=/dev/sda1 ip":    {},
		"ip=dhcp":                    {IP: []IP{{}}},
		"ip=on ip=any":               {IP: []IP{{}, {}}},
		"ip=off":                     {}, // there is nothing to be done
		"ip=none":                    {},
		"ip=":                        {IP: []IP{{}}},
		"ip=eth0:dhcp":               {IP: []IP{{Device: "eth0"}}},
		"ip=:::::eth0:dhcp":          {IP: []IP{{Device: "eth0"}}},
		"ip=:::::eth0":               {IP: []IP{{Device: "eth0"}}},
		"ip=:::::eth0:off":           {},
		"ip=::::box:eth0:on":         {IP: []IP{{Device: "eth0"}}},
		"ip=10.0.2.15:::::eth0:dhcp": {IP: []IP{{Device: "eth0"}}},
		"ip=10.0.2.15":               {IP: []IP{{Address: prefix("10.0.2.15/8")}}},
		"ip=172.16.0.9::::":          {IP: []IP{{Address: prefix("172.16.0.9/16")}}},
		"ip=192.168.7.7:::::eth1":    {IP: []IP{{Address: prefix("192.168.7.7/24"), Device: "eth1"}}},
		"ip=10.0.2.15:10.0.2.4:10.0.2.2:255.255.255.0:box:eth0:off:10.0.2.3:10.0.2.5:10.0.2.6": {IP: []IP{static}},
		"ip=10.0.2.15:10.0.2.4:10.0.2.2:24:box:eth0:none:10.0.2.3:10.0.2.5:10.0.2.6":           {IP: []IP{static}},
		"ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0:off ip=eth1:dhcp": {IP: []IP{
			{Device: "eth0", Address: prefix("10.0.2.15/24"), Gateway: addr("10.0.2.2")}, {Device: "eth1"},
		}},
		`x="a ip=off" ip=dhcp`:        {IP: []IP{{}}},
		"ip=dhcp -- ip=eth0:dhcp":     {IP: []IP{{}}},
		"BOOTIF=01-52-54-00-12-34-56": {BootIF: [6]byte{0x52, 0x54, 0, 0x12, 0x34, 0x56}},
		"BOOTIF=01-02-03-04-05-06":    {BootIF: [6]byte{1, 2, 3, 4, 5, 6}},
		"BOOTIF=52:54:00:12:34:56\n":  {BootIF: [6]byte{0x52, 0x54, 0, 0x12, 0x34, 0x56}},
	} {
		got := Parse(line)
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
			t.Errorf("%s:\n%s", line, diff)
		}
	}
}

// What cannot be understood is named, and the link is asked on.
func TestMalformed(t *testing.T) {
	for line, want := range map[string]struct {
		says string
		ip   []IP
	}{
		"ip=10.0.2.300::::x:eth0:off":          {`the client cannot have the address "10.0.2.300"`, []IP{{Device: "eth0"}}},
		"ip=10.0.2.3::10.0.2:24::eth0:off":     {`the gateway cannot have the address "10.0.2"`, []IP{{Device: "eth0"}}},
		"ip=10.0.2.3:::255.0.255.0::eth0:off":  {`"255.0.255.0" is no mask`, []IP{{Device: "eth0"}}},
		"ip=10.0.2.3:::33::eth0:off":           {`"33" is no mask`, []IP{{Device: "eth0"}}},
		"ip=10.0.2.3:::24::eth0:dhpc":          {`"dhpc" is no way to get an address`, []IP{{Device: "eth0"}}},
		"ip=10.0.2.3:::24::eth0:off:127.0.0.1": {`a DNS server cannot have the address "127.0.0.1"`, []IP{{Device: "eth0"}}},
		"ip=224.0.0.1:::24::eth0:off":          {`the client cannot have the address "224.0.0.1"`, []IP{{Device: "eth0"}}},
		"ip=10.0.2.3:::24::eth0:off:::::":      {"12 words", []IP{{}}},
		"ip=[fd00::1]::[fd00::2]:64::eth0:off": {"IPv6 is not served", []IP{{}}},
		"ip=nonsense":                          {`the client cannot have the address "nonsense"`, []IP{{}}},
		"ip=240.0.0.1:::24::eth0:off":          {`the client cannot have the address "240.0.0.1"`, []IP{{Device: "eth0"}}},
		"ip=10.0.2.3::0.0.0.1:24::eth0:off":    {`the gateway cannot have the address "0.0.0.1"`, []IP{{Device: "eth0"}}},
		"ip=10.0.2.3:::0.0.0.0::eth0:off":      {`"0.0.0.0" is no mask`, []IP{{Device: "eth0"}}},
		"BOOTIF=20-52-54-00-12-34-56":          {"not a MAC address", nil},
		"BOOTIF=":                              {"not a MAC address", nil},
		"ip=10.0.2.3\x1b[31m":                  {"cannot have the address", []IP{{}}},
	} {
		got := Parse(line)
		if len(got.Errors) != 1 || !strings.Contains(got.Errors[0].Error(), want.says) {
			t.Errorf("%s: %v, not %s", line, got.Errors, want.says)
		}
		if diff := cmp.Diff(want.ip, got.IP, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" {
			t.Errorf("%s:\n%s", line, diff)
		}
	}
}

// Whatever the line is, what is static has an address that a host may have.
func FuzzParse(f *testing.F) {
	f.Add("BOOTIF=01-52-54-00-12-34-56 ip=10.0.2.15:10.0.2.4:10.0.2.2:24:box:eth0:none:10.0.2.3:10.0.2.5:10.0.2.6")
	f.Add(`a="b c" ip=eth0:dhcp -- x`)
	f.Fuzz(func(t *testing.T, line string) {
		for _, ip := range Parse(line).IP {
			if ip.Static() && (!dhcp4.IsHost(ip.Address.Addr()) || ip.Address.Bits() < 1) {
				t.Errorf("%q: %v", line, ip.Address)
			}
			for _, a := range append(ip.DNS, ip.NTP...) {
				if !a.Is4() {
					t.Errorf("%q: %v", line, a)
				}
			}
		}
	})
}
