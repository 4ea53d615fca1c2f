package machine

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// handed is what is handed on of an ACK with these changes, to a client that
// asks for options 2 and 150 beside the usual ones.
func handed(t *testing.T, edits ...edit) Handed {
	t.Helper()
	c := Config{}
	c.Identity.Parameters = dhcp4.ParameterList(2, 150)
	return play(t, middle, c).at(0).toBound(edits...).m.Lease().Handed
}

func inHeader(next, sname, file string) edit {
	return func(r *dhcptest.Reply) {
		r.NextServer, r.ServerName, r.BootFile = netip.MustParseAddr(next), []byte(sname), []byte(file)
	}
}

// What is for others is handed on as it came; what nobody asked for, or cannot
// be what it should, is left out.
func TestHanded(t *testing.T) {
	rfc.Shows(t, "R8910-2.1-01", "R3396-7-01")
	text := func(c dhcp4.Code, s string) edit { return with(c, []byte(s)) }
	for what, tt := range map[string]struct {
		edits []edit
		want  Handed
	}{
		"nothing": {},
		"header":  {[]edit{inHeader("192.0.2.9", "boot.example", "pxe/next.efi")}, Handed{NextServer: netip.MustParseAddr("192.0.2.9"), BootServer: "boot.example", BootFile: "pxe/next.efi"}},
		"options": {
			[]edit{text(dhcp4.TFTPServerName, "192.0.2.8"), text(dhcp4.BootFileName, "http://192.0.2.8/x"), text(dhcp4.RootPath, "192.0.2.8:/srv,v4"), text(dhcp4.CaptivePortal, "https://p.example/a?b=1"), with(dhcp4.VendorSpecific, []byte{1, 0, 0xff})},
			Handed{BootServer: "192.0.2.8", BootFile: "http://192.0.2.8/x", RootPath: "192.0.2.8:/srv,v4", CaptivePortal: "https://p.example/a?b=1", Vendor: []byte{1, 0, 0xff}},
		},
		"asked for":     {[]edit{with(150, []byte{192, 0, 2, 7}), with(2, dhcptest.Uint32(3600))}, Handed{Options: []Option{{2, dhcptest.Uint32(3600)}, {150, []byte{192, 0, 2, 7}}}}},
		"not asked for": {[]edit{with(151, []byte{1})}, Handed{}},
		"no host":       {[]edit{inHeader("127.0.0.1", "", "")}, Handed{}},
		"hostile":       {[]edit{inHeader("0.0.0.0", "a b", "`id`"), text(dhcp4.RootPath, "$(id)"), text(dhcp4.CaptivePortal, "x\ny")}, Handed{}},
		"endless": {[]edit{func(r *dhcptest.Reply) {
			half := dhcptest.Option{Code: dhcp4.RootPath, Data: []byte(strings.Repeat("x", 128))}
			r.Options = append(r.Options, half, half)
		}}, Handed{}},
	} {
		got := handed(t, tt.edits...)
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%s, -want +got:\n%s", what, diff)
		}
		if !got.Equal(&tt.want) || got.valid() != nil {
			t.Errorf("%s: equal %v, valid %v", what, got.Equal(&tt.want), got.valid())
		}
	}
}

// A lease that was remembered is not believed more than one from the wire.
func TestHandedValid(t *testing.T) {
	for what, h := range map[string]Handed{
		"next server":      {NextServer: netip.MustParseAddr("224.0.0.1")},
		"boot server":      {BootServer: "a b"},
		"boot file":        {BootFile: "'"},
		"root path":        {RootPath: strings.Repeat("x", 256)},
		"portal":           {CaptivePortal: "\x1b[2J"},
		"own option":       {Options: []Option{{dhcp4.Router, []byte{192, 0, 2, 1}}}},
		"pad":              {Options: []Option{{dhcp4.Pad, nil}}},
		"too much":         {Vendor: make([]byte, 1500), Options: []Option{{150, make([]byte, 501)}}},
		"too many options": {Options: make([]Option, 256)},
	} {
		l := *granted(t, middle)
		if l.Handed = h; l.Valid() == nil {
			t.Errorf("%s: %+v is valid", what, h)
		}
	}
}
