package main

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// The client says what the ROM said: what kind of machine it is, by its firmware,
// and which one, in the order of the firmware's bytes.
func TestNetboot(t *testing.T) {
	sys := t.TempDir()
	for name, content := range map[string]string{
		"firmware/efi/fw_platform_size": "64\n",
		"class/dmi/id/product_uuid":     "00112233-4455-6677-8899-aabbccddeeff\n",
	} {
		file := filepath.Join(sys, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	o, err := parse("dhclient-lws", []string{"-netboot", "-request", "128,150"})
	if err != nil {
		t.Fatal(err)
	}
	o.client.VendorClass, o.client.Parameters = "", nil
	o.sayNetboot(sys)
	pxe := o.client.PXE
	if got := hex.EncodeToString(pxe.UUID[:]); got != "33221100554477668899aabbccddeeff" {
		t.Errorf("UUID %s", got)
	}
	if pxe.Architecture == dhcp4.ArchBIOS || o.client.VendorClass != pxe.VendorClass() || !slices.Contains(o.client.Parameters, dhcp4.BootFileName) {
		t.Errorf("%+v", o.client)
	}
	// A vendor class that was given goes before that.
	if o, err = parse("dhclient-lws", []string{"-netboot", "-vendor-class", "HTTPClient"}); err != nil || o.client.VendorClass != "HTTPClient" || o.client.PXE == nil {
		t.Errorf("%v: %+v", err, o)
	}
}

// Proxy DHCP servers answer to whoever calls himself a network boot client.
func TestNoNetbootUnlessAskedFor(t *testing.T) {
	rfc.Shows(t, "P-PX-01")
	o, err := parse("dhclient-lws", nil)
	if err != nil || o.client.PXE != nil || o.client.VendorClass != "" || o.client.Parameters != nil {
		t.Errorf("%v: %+v", err, o)
	}
}

func TestArchitecture(t *testing.T) {
	for _, tt := range []struct {
		goarch string
		efi    bool
		want   dhcp4.Architecture
	}{
		{"amd64", false, 0},
		{"amd64", true, 7},
		{"386", false, 0},
		{"386", true, 6},
		{"arm64", true, 11},
		{"arm64", false, 22},
		{"arm", true, 10},
		{"arm", false, 21},
	} {
		if got, known := architecture(tt.goarch, tt.efi); got != tt.want || !known {
			t.Errorf("%s, EFI %v: %d, want %d", tt.goarch, tt.efi, got, tt.want)
		}
	}
	// A server would give a machine of another kind what it cannot boot.
	for _, efi := range []bool{true, false} {
		if got, known := architecture("riscv64", efi); known {
			t.Errorf("riscv64, EFI %v: %d", efi, got)
		}
	}
}
