package dhcp4_test

import (
	"slices"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

func TestFixedLengthValues(t *testing.T) {
	rfc.Shows(t, "R2132-3.3-01", "R2132-3.3-02", "R2132-9.2-01", "R2132-9.7-01", "R2132-9.11-01", "R2132-2-02", "R3396-7-01", "P-OP-05")
	value := []byte{0xff, 0xff, 0xff, 0, 1, 2, 3, 4}
	for n := range len(value) + 1 {
		o := options(t, option(dhcp4.SubnetMask, value[:n]...))
		if a, ok := o.Addr(dhcp4.SubnetMask); ok != (n == 4) || (ok && a.String() != "255.255.255.0") {
			t.Errorf("Addr of %d bytes: %v, %v", n, a, ok)
		}
		if v, ok := o.Uint32(dhcp4.SubnetMask); ok != (n == 4) || (ok && v != 0xffffff00) {
			t.Errorf("Uint32 of %d bytes: %#x, %v", n, v, ok)
		}
		if v, ok := o.Uint16(dhcp4.SubnetMask); ok != (n == 2) || (ok && v != 0xffff) {
			t.Errorf("Uint16 of %d bytes: %#x, %v", n, v, ok)
		}
	}
	mask := option(dhcp4.SubnetMask, 255, 255, 255, 0)
	if a, ok := options(t, mask, mask).Addr(dhcp4.SubnetMask); ok {
		t.Errorf("a mask sent twice reads as %v, want it absent", a)
	}
}

func TestAddressLists(t *testing.T) {
	rfc.Shows(t, "R2132-3.5-01", "R2132-3.8-01", "R5859-01", "H-DNS-02", "R3396-7-01", "R3396-7-02")
	value := unhex("c0000201 c0000202 c0000203")
	for _, c := range []struct {
		name string
		opts [][]byte
		max  int
		want string
	}{
		{"absent", nil, 9, ""},
		{"empty", [][]byte{option(dhcp4.Router)}, 9, ""},
		{"one", [][]byte{option(dhcp4.Router, value[:4]...)}, 9, "192.0.2.1"},
		{"in order", [][]byte{option(dhcp4.Router, value...)}, 9, "192.0.2.1 192.0.2.2 192.0.2.3"},
		{"at most two", [][]byte{option(dhcp4.Router, value...)}, 2, "192.0.2.1 192.0.2.2"},
		{"none wanted", [][]byte{option(dhcp4.Router, value...)}, 0, ""},
		{"3 bytes", [][]byte{option(dhcp4.Router, value[:3]...)}, 9, ""},
		{"7 bytes: not even the whole one", [][]byte{option(dhcp4.Router, value[:7]...)}, 9, ""},
		{"two options are one list", [][]byte{option(dhcp4.Router, value[:4]...), option(dhcp4.Router, value[4:8]...)}, 9, "192.0.2.1 192.0.2.2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := addrs("198.51.100.1")
			got := options(t, c.opts...).AppendAddrs(before, dhcp4.Router, c.max)
			if want := append(before, addrs(c.want)...); !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}
