package dhcp4_test

import (
	"encoding/hex"
	"slices"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// A network boot client describes its machine in all that a server chooses a boot
// file by, and in nothing else: DECLINE and RELEASE have no room for it (RFC 2131
// table 5).
func TestPXE(t *testing.T) {
	rfc.Shows(t, "R4578-2-01", "R4578-2.1-01")
	pxe := &dhcp4.PXE{Architecture: dhcp4.ArchEFIx64, UUID: [16]byte{0xa0, 15: 0xaf}}
	for _, k := range kinds {
		_, with := wireOptions(t, build(t, full(k.kind), &dhcp4.Identity{HardwareAddr: clientMAC, PXE: pxe}))
		_, without := wireOptions(t, build(t, full(k.kind), &dhcp4.Identity{HardwareAddr: clientMAC}))
		for code, want := range map[dhcp4.Code]string{93: "0007", 94: "010310", 97: "00a00000000000000000000000000000af"} {
			if k.kind == dhcp4.KindDecline || k.kind == dhcp4.KindRelease {
				want = ""
			}
			if got := hex.EncodeToString(with[code]); got != want {
				t.Errorf("%s: option %d is %s, want %s", k.name, code, got, want)
			}
			if without[code] != nil {
				t.Errorf("%s: option %d is there though nobody asked for it", k.name, code)
			}
		}
	}
}

func TestPXEVendorClass(t *testing.T) {
	for arch, want := range map[dhcp4.Architecture]string{
		dhcp4.ArchBIOS:   "PXEClient:Arch:00000:UNDI:002001",
		dhcp4.ArchEFIx64: "PXEClient:Arch:00007:UNDI:003016",
	} {
		if got := (&dhcp4.PXE{Architecture: arch}).VendorClass(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestPXEParameters(t *testing.T) {
	rfc.Shows(t, "R4578-2.4-01")
	list := dhcp4.ParameterList(dhcp4.PXEParameters()...)
	for code := dhcp4.Code(128); code <= 135; code++ {
		if !slices.Contains(list, code) || slices.Contains(dhcp4.ParameterList(), code) {
			t.Errorf("option %d is not asked for, or always", code)
		}
	}
}
