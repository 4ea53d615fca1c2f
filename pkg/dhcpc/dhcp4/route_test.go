package dhcp4_test

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// routes parses "destination>gateway", where no gateway means on-link.
func routes(s string) []dhcp4.Route {
	var list []dhcp4.Route
	for _, f := range strings.Fields(s) {
		dst, gw, _ := strings.Cut(f, ">")
		r := dhcp4.Route{Dst: netip.MustParsePrefix(dst)}
		if gw != "" {
			r.Gateway = netip.MustParseAddr(gw)
		}
		list = append(list, r)
	}
	return list
}

var sameRoutes = cmp.Options{cmp.Comparer(func(a, b dhcp4.Route) bool { return a == b }), cmpopts.EquateEmpty()}

func TestClasslessRoutes(t *testing.T) {
	rfc.Shows(t, "R3442-01", "R3442-05", "R3442-06", "R3442-09", "P-RO-01", "H-PARSE-02")
	for _, c := range []struct {
		name, hex, want string
		ok              bool
	}{
		// The examples of RFC 3442, each by way of 192.0.2.1.
		{"default", "00 c0000201", "0.0.0.0/0>192.0.2.1", true},
		{"/8", "08 0a c0000201", "10.0.0.0/8>192.0.2.1", true},
		{"/24", "18 0a0000 c0000201", "10.0.0.0/24>192.0.2.1", true},
		{"/16", "10 0a11 c0000201", "10.17.0.0/16>192.0.2.1", true},
		{"/24 with all its bytes", "18 0a1b81 c0000201", "10.27.129.0/24>192.0.2.1", true},
		{"/25", "19 0ae50080 c0000201", "10.229.0.128/25>192.0.2.1", true},
		{"/32", "20 0ac67f7f c0000201", "10.198.127.127/32>192.0.2.1", true},

		{"/1", "01 ff c0000201", "128.0.0.0/1>192.0.2.1", true},
		{"/9", "09 0aff c0000201", "10.128.0.0/9>192.0.2.1", true},
		{"host bits", "19 81d2b184 c0000201", "129.210.177.128/25>192.0.2.1", true},
		{"on-link", "18 0a0000 00000000", "10.0.0.0/24", true},
		{"in the order sent", "00 c0000201 20 c0000201 00000000", "0.0.0.0/0>192.0.2.1 192.0.2.1/32", true},

		{"empty", "", "", false},
		{"width 33", "21 0a00000000 c0000201", "", false},
		{"width 255", "ff 0a00000000 c0000201", "", false},
		{"only a width", "00", "", false},
		{"gateway cut off", "18 0a0000 c00002", "", false},
		{"destination cut off", "18 0a00", "", false},
		{"a good one, then a bad one", "00 c0000201 21 0a", "", false},
		{"a good one, then one byte", "00 c0000201 00", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := routes("198.51.100.0/24")
			got, ok := options(t, option(dhcp4.ClasslessRoute, unhex(c.hex)...)).AppendClasslessRoutes(before, 9)
			want := append(before, routes(c.want)...)
			if diff := cmp.Diff(want, got, sameRoutes); ok != c.ok || diff != "" {
				t.Errorf("ok %v, routes (-want +got):\n%s", ok, diff)
			}
		})
	}
	if _, ok := options(t).AppendClasslessRoutes(nil, 9); ok {
		t.Error("an absent option is ok")
	}
}

func TestClasslessRoutesMayBeSplitAnywhere(t *testing.T) {
	rfc.Shows(t, "R3442-08", "R3396-7-01")
	value := unhex("18 0a1b81 c0000201 00 c0000202 20 c0000202 00000000")
	want := routes("10.27.129.0/24>192.0.2.1 0.0.0.0/0>192.0.2.2 192.0.2.2/32")
	for first, second := range split(dhcp4.ClasslessRoute, value) {
		got, ok := options(t, first, text(dhcp4.HostName, "h"), second).AppendClasslessRoutes(nil, 9)
		if diff := cmp.Diff(want, got, sameRoutes); !ok || diff != "" {
			t.Errorf("%d+%d bytes: ok %v, routes (-want +got):\n%s", first[1], second[1], ok, diff)
		}
	}
}

func TestClasslessRoutesAreCapped(t *testing.T) {
	rfc.Shows(t, "P-RO-07", "R3396-7-01")
	piece := option(dhcp4.ClasslessRoute, bytes.Repeat(unhex("20 0a000001 c0000201"), 28)...)
	o := options(t, piece, piece, piece, piece)
	for _, limit := range []int{0, 1, 111, 112, 1000} {
		got, ok := o.AppendClasslessRoutes(nil, limit)
		if want := min(limit, 112); !ok || len(got) != want {
			t.Errorf("at most %d: %d routes, %v; want %d", limit, len(got), ok, want)
		}
	}
	// What is beyond the limit still has to be well-formed.
	if _, ok := options(t, piece, option(dhcp4.ClasslessRoute, 33)).AppendClasslessRoutes(nil, 1); ok {
		t.Error("a malformed entry beyond the limit was not seen")
	}
}

func TestStaticRoutes(t *testing.T) {
	rfc.Shows(t, "R2132-5.8-01", "R2132-5.8-02", "R3442-06")
	for _, c := range []struct {
		name, hex, want string
		ok              bool
	}{
		{"class A", "0a000000 c0000201", "10.0.0.0/8>192.0.2.1", true},
		{"class B", "ac100000 c0000201", "172.16.0.0/16>192.0.2.1", true},
		{"class C", "c0a80100 c0000201", "192.168.1.0/24>192.0.2.1", true},
		{
			"the classes' borders", "7f000000 c0000201 80000000 c0000201 bfff0000 c0000201 c0000000 c0000201 dfffff00 c0000201",
			"127.0.0.0/8>192.0.2.1 128.0.0.0/16>192.0.2.1 191.255.0.0/16>192.0.2.1 192.0.0.0/24>192.0.2.1 223.255.255.0/24>192.0.2.1", true,
		},
		{"no class", "e0000000 c0000201", "224.0.0.0/32>192.0.2.1", true},
		{"a host", "0a010200 c0000201", "10.1.2.0/32>192.0.2.1", true},
		{"in order of priority", "0a000000 c0000202 0a000000 c0000201", "10.0.0.0/8>192.0.2.2 10.0.0.0/8>192.0.2.1", true},
		{"default is illegal", "00000000 c0000201 0a000000 c0000201", "10.0.0.0/8>192.0.2.1", true},
		{"no on-link routes here", "0a000000 00000000 0b000000 c0000201", "11.0.0.0/8>192.0.2.1", true},
		{"empty", "", "", false},
		{"3 bytes", "0a0000", "", false},
		{"12 bytes", "0a000000 c0000201 0b000000", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := routes("198.51.100.0/24")
			got, ok := options(t, option(dhcp4.StaticRoute, unhex(c.hex)...)).AppendStaticRoutes(before, 9)
			want := append(before, routes(c.want)...)
			if diff := cmp.Diff(want, got, sameRoutes); ok != c.ok || diff != "" {
				t.Errorf("ok %v, routes (-want +got):\n%s", ok, diff)
			}
		})
	}
	// A skipped entry does not count.
	o := options(t, option(dhcp4.StaticRoute, unhex("00000000 c0000201 0a000000 c0000201 0b000000 c0000201")...))
	if got, ok := o.AppendStaticRoutes(nil, 1); !ok || cmp.Diff(routes("10.0.0.0/8>192.0.2.1"), got, sameRoutes) != "" {
		t.Errorf("at most one: %v, %v", got, ok)
	}
}

func TestClassful(t *testing.T) {
	for in, want := range map[string]string{
		"10.1.2.3": "10.0.0.0/8", "172.16.9.9": "172.16.0.0/16", "192.0.2.50": "192.0.2.0/24", "240.0.0.1": "240.0.0.1/32",
	} {
		if got := dhcp4.Classful(netip.MustParseAddr(in)); got != netip.MustParsePrefix(want) {
			t.Errorf("%s: %v, want %s", in, got, want)
		}
	}
	for _, in := range []netip.Addr{{}, netip.MustParseAddr("2001:db8::1")} {
		if got := dhcp4.Classful(in); got.IsValid() {
			t.Errorf("%v: %v, want none", in, got)
		}
	}
}
