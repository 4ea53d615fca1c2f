package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

func TestDUID(t *testing.T) {
	rfc.Shows(t, "R4361-6.1-01")
	const (
		uuid    = "4c4c4544-0042-3010-8053-b7c04f4d5a31"
		machine = "b08dfa6083e7567a1921a715000001fb"
		none    = "00000000-0000-0000-0000-000000000000"
	)
	hw := dhcp4.HardwareAddr{0x02, 0x11, 0x22, 0x33, 0x44, 0x55}
	iaid := "\xff\x22\x33\x44\x55"
	ofUUID := iaid + "\x00\x04" + "\x4c\x4c\x45\x44\x00\x42\x30\x10\x80\x53\xb7\xc0\x4f\x4d\x5a\x31"
	ofMachine := iaid + "\x00\x04" + "\xb0\x8d\xfa\x60\x83\xe7\x56\x7a\x19\x21\xa7\x15\x00\x00\x01\xfb"
	ofLink := iaid + "\x00\x03\x00\x01" + "\x02\x11\x22\x33\x44\x55"
	for _, tt := range []struct {
		name, product, machine, want string
	}{
		{"the product's UUID", uuid, machine, ofUUID},
		{"capitals and a line end", strings.ToUpper(uuid) + "\n", machine, ofUUID},
		{"no product UUID", "", machine + "\n", ofMachine},
		{"a product UUID of zeros", none, machine, ofMachine},
		{"a product UUID of ones", strings.Repeat("f", 32), machine, ofMachine},
		{"an example for a product UUID", "03000200-0400-0500-0006-000700080009", machine, ofMachine},
		{"no UUID", "Not Settable", machine, ofMachine},
		{"a UUID too long", uuid + "00", machine, ofMachine},
		{"before the first boot is complete", "", "uninitialized\n", ofLink},
		{"neither", "", "", ofLink},
	} {
		dir := t.TempDir()
		files := []string{filepath.Join(dir, "product"), filepath.Join(dir, "machine")}
		for i, text := range []string{tt.product, tt.machine} {
			if text == "" {
				continue
			}
			if err := os.WriteFile(files[i], []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if id := newDUID(func() []byte { return firstUUID(files) })(hw); string(id) != tt.want {
			t.Errorf("%s:\n got % x\nwant % x", tt.name, id, tt.want)
		}
	}
}

// The IAID tells the links of a machine apart, which share its DUID.
func TestDUIDOfTwoLinks(t *testing.T) {
	rfc.Shows(t, "R4361-6.1-05", "R4361-6.1-06", "R2131-2-20")
	file := filepath.Join(t.TempDir(), "uuid")
	if err := os.WriteFile(file, []byte("b08dfa6083e7567a1921a715000001fb"), 0o644); err != nil {
		t.Fatal(err)
	}
	uuid := func() []byte { return firstUUID([]string{file}) }
	id := newDUID(uuid)
	a, b := id(dhcp4.HardwareAddr{2, 0, 0, 0, 0, 1}), id(dhcp4.HardwareAddr{2, 0, 0, 0, 0, 2})
	if string(a[:5]) == string(b[:5]) || string(a[5:]) != string(b[5:]) {
		t.Errorf("% x and % x", a, b)
	}
	// The next start makes the same, though nothing was stored.
	if again := newDUID(uuid)(dhcp4.HardwareAddr{2, 0, 0, 0, 0, 1}); string(again) != string(a) {
		t.Errorf("% x, and then % x", a, again)
	}
}

// With a DUID no link is told by its hardware address alone: another may get that
// with the network card.
func TestDUIDIsMoreThanAHardwareAddress(t *testing.T) {
	rfc.Shows(t, "R4361-6.1-02")
	hw := dhcp4.HardwareAddr{2, 0, 0, 0, 0, 1}
	o, err := parse("dhclient-lws", []string{"-client-id", "duid"})
	if err != nil {
		t.Fatal(err)
	}
	if o.client.ClientID == nil || o.client.ClientID(hw)[0] != 255 || len(o.client.ClientID(hw)) < len(newDUID(func() []byte { return nil })(hw)) {
		t.Error("-client-id duid makes no DUID")
	}
}

// By default a link is who the firmware was that booted the machine, and who the
// next system will be: the client's own identifier is 1 and the hardware address.
func TestClientIDAlongTheBootChain(t *testing.T) {
	rfc.Shows(t, "R4361-P-01")
	for _, args := range [][]string{nil, {"-client-id", "mac"}} {
		if o, err := parse("dhclient-lws", args); err != nil || o.client.ClientID != nil {
			t.Errorf("%v: not the client's own identifier; %v", args, err)
		}
	}
}
