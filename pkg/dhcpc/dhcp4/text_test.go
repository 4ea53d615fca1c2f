package dhcp4_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// wire is text as it comes out of an option.
func wire(t testing.TB, s string) dhcp4.Text {
	t.Helper()
	return options(t, text(site, s)).Text(site)
}

func TestTextLosesTrailingNULs(t *testing.T) {
	rfc.Shows(t, "R2132-2-11")
	for in, want := range map[string]string{
		"example.org\x00": `"example.org"`,
		"a\x00\x00":       `"a"`,
		"\x00":            `""`,
		"\x00a":           `"\x00a"`,
		"":                `""`,
	} {
		got := wire(t, in)
		if got.String() != want || got.IsZero() != (want == `""`) {
			t.Errorf("%q is %v, IsZero %v; want %s", in, got, got.IsZero(), want)
		}
	}
	if !options(t).Text(dhcp4.HostName).IsZero() {
		t.Error("an absent option has text")
	}
}

func TestTextInALogLine(t *testing.T) {
	rfc.Shows(t, "H-TXT-05", "R2132-9.9-01")
	for in, want := range map[string]string{
		"no\n\x1b[2J":            `"no\n\x1b[2J"`,
		"\xff\u202e":             `"\xff\u202e"`,
		`say "x"`:                `"say \"x\""`,
		strings.Repeat("x", 64):  strconv.Quote(strings.Repeat("x", 64)),
		strings.Repeat("x", 65):  strconv.Quote(strings.Repeat("x", 64)) + "...",
		strings.Repeat("x", 255): strconv.Quote(strings.Repeat("x", 64)) + "...",
	} {
		if got := wire(t, in).String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// hostile is what no reading of a text may let through.
var hostile = []string{
	"", ".", "a\nnameserver 6.6.6.6", "a b", "a\tb", "x;reboot", "$(id)", "`id`", "a\x00b", "a\"b", "a'b", `a\b`,
	"() { :;}; x", "\x1b[2J", "a\xffb", "héhé", "a\rb",
}

var longLabel = strings.Repeat("x", 63)

func TestDomain(t *testing.T) {
	rfc.Shows(t, "R2132-3.17-01", "H-TXT-01", "H-TXT-06", "P-DS-06")
	long := strings.Repeat(longLabel+".", 4)[:253]
	good := map[string]string{
		"example.org": "example.org", "EXAMPLE.org.": "EXAMPLE.org", "lan": "lan", "_tcp.a-b.example": "_tcp.a-b.example",
		"1.2": "1.2", longLabel: longLabel, long: long, long + ".": long,
	}
	for in, want := range good {
		if got, ok := wire(t, in).Domain(); !ok || got != want {
			t.Errorf("%q: %q, %v; want %q", in, got, ok, want)
		}
	}
	bad := append([]string{
		"a..b", ".a", "a..", "-a", "a-", "a.-b", longLabel + "x", long + "x", "a/b", "a#b", "a.org b.org", "(none)",
	}, hostile...)
	for _, in := range bad {
		if got, ok := wire(t, in).Domain(); ok || got != "" {
			t.Errorf("%q: %q, %v; want it refused", in, got, ok)
		}
	}
}

func TestHostName(t *testing.T) {
	rfc.Shows(t, "R2132-3.14-01", "P-HN-01", "H-TXT-01", "H-TXT-06")
	good := map[string]string{
		"host": "host", "Host-1.example.org.": "Host-1.example.org", "0001": "0001", "1.2": "1.2",
		longLabel: longLabel, longLabel[:62] + ".x": longLabel[:62] + ".x",
	}
	for in, want := range good {
		if got, ok := wire(t, in).HostName(); !ok || got != want {
			t.Errorf("%q: %q, %v; want %q", in, got, ok, want)
		}
	}
	bad := append([]string{
		"localhost", "LocalHost", "localhost.localdomain", "localhost.", "(none)", "a_b", "192.0.2.1", "-a", "a-",
		longLabel + ".x", longLabel + "x", strings.Repeat("x", 255),
	}, hostile...)
	for _, in := range bad {
		if got, ok := wire(t, in).HostName(); ok || got != "" {
			t.Errorf("%q: %q, %v; want it refused", in, got, ok)
		}
	}
}

func TestPrintable(t *testing.T) {
	rfc.Shows(t, "H-TXT-01")
	for _, in := range []string{"pxelinux.0", "../boot/x", "https://host.example:8080/a?b=c&d=%20#~e", "!", "~"} {
		if got, ok := wire(t, in).Printable(); !ok || got != in {
			t.Errorf("%q: %q, %v; want it unchanged", in, got, ok)
		}
	}
	for _, in := range append([]string{" ", "a\x7f"}, hostile...) {
		if in == "." {
			continue // a path
		}
		if got, ok := wire(t, in).Printable(); ok || got != "" {
			t.Errorf("%q: %q, %v; want it refused", in, got, ok)
		}
	}
}
