package dhcp4_test

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// A name with a domain is sent as option 81, for the server to enter it in the DNS;
// one without as option 12; never both.
func TestHostNameOptions(t *testing.T) {
	rfc.Shows(t, "R4702-3.1-01", "R4702-3.3-01", "R4702-2.1-01", "R4702-2.3-01", "P-HN-02")
	for name, want := range map[string]struct{ hostName, fqdn []byte }{
		"":               {nil, nil},
		"h":              {[]byte("h"), nil},
		"h.example.org":  {nil, unhex("05 00 00 01 68 07 6578616d706c65 03 6f7267 00")},
		"h.example.org.": {nil, unhex("05 00 00 01 68 07 6578616d706c65 03 6f7267 00")},
	} {
		for _, k := range kinds {
			id := talkative()
			id.HostName = name
			codes, values := wireOptions(t, build(t, full(k.kind), id))
			if k.kind == dhcp4.KindDecline || k.kind == dhcp4.KindRelease {
				if slices.Contains(codes, dhcp4.HostName) || slices.Contains(codes, dhcp4.ClientFQDN) {
					t.Errorf("%s has a name", k.name)
				}
				continue
			}
			if got := values[dhcp4.HostName]; !bytes.Equal(got, want.hostName) {
				t.Errorf("%s of %q: option 12 is %q", k.name, name, got)
			}
			if got := values[dhcp4.ClientFQDN]; !bytes.Equal(got, want.fqdn) {
				t.Errorf("%s of %q: option 81 is %x", k.name, name, got)
			}
		}
	}
}

// What servers say is a host name or nothing.
func TestFQDN(t *testing.T) {
	rfc.Shows(t, "P-HN-01", "R4702-2.1-01", "H-TXT-01")
	label := bytes.Repeat([]byte("x"), 63)
	for in, want := range map[string]string{
		"05 00 00 01 68 07 6578616d706c65 03 6f7267 00": "h.example.org",
		"ff ff ff 01 68 07 6578616d706c65 03 6f7267 00": "h.example.org", // other flags and result codes mean nothing to us
		"05 00 00 01 68":                    "h",         // a partial name
		"00 00 00 682e6578616d706c65":       "h.example", // ASCII, as it was done before
		"00 00 00 68":                       "h",
		"":                                  "",
		"05":                                "",
		"05 00 00":                          "", // choose one for me
		"00 00 00":                          "",
		"05 00 00 00":                       "",
		"05 00 00 01":                       "", // cut
		"05 00 00 05 68":                    "",
		"05 00 00 01 68 00 00":              "", // something follows
		"05 00 00 01 68 c0 03":              "", // a pointer
		"05 00 00 c0 00":                    "",
		"05 00 00 40 68":                    "",
		"05 00 00 09 6c6f63616c686f7374 00": "", // localhost
		"05 00 00 04 24286964 00":           "", // $(id
		"05 00 00 02 0a68 00":               "",
		"00 00 00 0a68":                     "",
		"00 00 00 3139322e302e322e31":       "", // 192.0.2.1
		"05 00 00 03 313932 01 30 01 32 01 31 00":                       "",
		"05 00 00 3f" + hex.EncodeToString(label) + "01 78 00":          "", // longer than Linux has them
		"05 00 00 " + strings.Repeat("3f"+hex.EncodeToString(label), 5): "",
		"05 00 00 " + strings.Repeat("01 78 ", 200):                     "",
		"05 00 00 " + strings.Repeat("01 78 ", 16) + " 00 ":             "x" + strings.Repeat(".x", 15),
		"05 00 00 02 2d68 00":                                           "", // -h
		"05 00 00 01 5f 00":                                             "", // _
	} {
		b := unhex(in)
		if len(b) > 255 {
			b = b[:255]
		}
		if got, ok := options(t, option(dhcp4.ClientFQDN, b...)).FQDN(); got != want || ok != (want != "") {
			t.Errorf("%s is %q, %v; want %q", in, got, ok, want)
		}
	}
}

func FuzzFQDN(f *testing.F) {
	f.Add(unhex("05 00 00 01 68 07 6578616d706c65 03 6f7267 00"))
	f.Add(unhex("00 00 00 682e6578616d706c65"))
	f.Fuzz(func(t *testing.T, value []byte) {
		b := pieces(dhcp4.ClientFQDN, value)
		if b == nil {
			return
		}
		m := decode(t, b)
		if s, ok := m.Options.FQDN(); ok != (s != "") || ok && (!hostName.MatchString(s) || len(s) > 64) {
			t.Errorf("%q, %v", s, ok)
		}
	})
}
