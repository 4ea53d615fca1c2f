package dhcp4

import (
	"net/netip"
	"testing"
)

func TestIsHost(t *testing.T) {
	for s, want := range map[string]bool{
		"10.0.0.1": true, "1.0.0.0": true, "126.255.255.255": true, "128.0.0.1": true, "169.254.169.254": true, "223.255.255.255": true,
		"0.0.0.0": false, "0.1.2.3": false, "127.0.0.53": false, "224.0.0.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"fd00::1": false, "::ffff:10.0.0.1": false,
	} {
		if IsHost(netip.MustParseAddr(s)) != want {
			t.Errorf("%s: %v", s, !want)
		}
	}
	if IsHost(netip.Addr{}) {
		t.Error("no address at all")
	}
}

func TestMaskBits(t *testing.T) {
	all := netip.MustParseAddr("255.255.255.255")
	for length := range 33 {
		mask, err := all.Prefix(length)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := MaskBits(mask.Addr()); got != length || !ok {
			t.Errorf("%v: %d, %v", mask.Addr(), got, ok)
		}
	}
	for _, s := range []string{"255.0.255.0", "0.0.0.255", "255.255.255.253", "ffff::"} {
		if got, ok := MaskBits(netip.MustParseAddr(s)); ok {
			t.Errorf("%s: %d", s, got)
		}
	}
}

func TestParseHardwareAddr(t *testing.T) {
	want := HardwareAddr{0x52, 0x54, 0, 0xab, 0xcd, 0xef}
	for _, s := range []string{"52:54:00:ab:cd:ef", "52-54-00-AB-cd-ef"} {
		if got, ok := ParseHardwareAddr(s); got != want || !ok {
			t.Errorf("%s: %v, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "52:54:00:ab:cd", "52:54:00-ab:cd:ef", "52.54.00.ab.cd.ef", "52:54:00:ab:cd:eg", "525400abcdef12345"} {
		if got, ok := ParseHardwareAddr(s); ok {
			t.Errorf("%s: %v", s, got)
		}
	}
}
