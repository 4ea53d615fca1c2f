package dhcp4_test

import (
	"net/netip"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// What is no IPv4 address to package netip is none here, and the others are the same.
func FuzzParseAddr(f *testing.F) {
	for _, s := range []string{
		"192.0.2.1", "0.0.0.0", "255.255.255.255", "", ".", "1.2.3", "1.2.3.4.5", "1.2.3.4.", ".1.2.3.4", "1..2.3", "256.0.0.1",
		"01.2.3.4", "00.2.3.4", "+1.2.3.4", "1.2.3.-4", "1_0.2.3.4", " 1.2.3.4", "1.2.3.4 ", "::1", "::ffff:1.2.3.4", "fe80::1%eth0",
		"192.0.2.1/24", "0.0.0.0/0", "1.2.3.4/32", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/024", "1.2.3.4/+1", "1.2.3.4/1/1", "/24", "::1/24",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, bad := netip.ParseAddr(s)
		got, err := dhcp4.ParseAddr(s)
		if ok := bad == nil && want.Is4(); ok != (err == nil) || ok && got != want {
			t.Errorf("address %q: %v, %v; netip has %v, %v", s, got, err, want, bad)
		}
		prefix, bad := netip.ParsePrefix(s)
		gotPrefix, err := dhcp4.ParsePrefix(s)
		if ok := bad == nil && prefix.Addr().Is4(); ok != (err == nil) || ok && gotPrefix != prefix {
			t.Errorf("prefix %q: %v, %v; netip has %v, %v", s, gotPrefix, err, prefix, bad)
		}
	})
}
