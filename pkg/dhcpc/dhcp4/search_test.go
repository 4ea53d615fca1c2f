package dhcp4_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// search decodes option 119, in pieces if one does not suffice.
func search(t testing.TB, value []byte, limit int) []string {
	t.Helper()
	var parts [][]byte
	for piece := range slices.Chunk(value, 255) {
		parts = append(parts, option(dhcp4.DomainSearch, piece...))
	}
	return options(t, parts...).AppendDomainSearch(nil, limit)
}

// example is that of RFC 3397: eng.apple.com, and marketing with a pointer to apple.com.
const example = "\x03eng\x05apple\x03com\x00\x09marketing\xc0\x04"

func TestDomainSearch(t *testing.T) {
	rfc.Shows(t, "R3397-2-01", "R3397-3-01", "R1035-4.1.4-01", "R1035-4.1.4-02", "P-DS-01", "P-DS-02", "P-DS-03", "P-DS-05", "H-PARSE-01")
	label := func(n int) string { return string(rune(n)) + strings.Repeat("x", n) }
	name255 := label(63) + label(63) + label(63) + label(61) + "\x00"
	for _, c := range []struct{ name, value, want string }{
		{"the example of the RFC", example, "eng.apple.com marketing.apple.com"},
		{"absent", "", ""},
		{"one label", "\x03lan\x00", "lan"},
		{"underscore, hyphen, digits, capitals", "\x04_a-1\x01Z\x00", "_a-1.Z"},
		{"a pointer alone", example + "\xc0\x04", "eng.apple.com marketing.apple.com apple.com"},
		{"a pointer to a pointer", example + "\x01x\xc0\x0f", "eng.apple.com marketing.apple.com x.marketing.apple.com"},

		{"only the root", "\x00", ""},
		{"root between names", "\x01a\x00\x00\x01b\x00", "a b"},

		{"cut in a label", "\x03en", ""},
		{"cut before its end", "\x03eng", ""},
		{"cut after a whole one", "\x03lan\x00\x03eng", "lan"},
		{"half a pointer", "\xc0", ""},
		{"half a pointer after a whole one", "\x03lan\x00\x01a\xc0", "lan"},

		{"pointer to itself", "\xc0\x00", ""},
		{"pointer to its own name", "\x01a\xc0\x00", ""},
		{"pointer forward", "\x01a\xc0\x04\x01b\x00", ""},
		{"two pointers to each other", "\xc0\x02\xc0\x00", ""},
		{"pointer back, then forward", "\x06\xc0\x03\x01a\x00.\x00\xc0\x01", ""},
		{"pointer beyond the end", "\x01a\x00\xff\xff", ""},
		{"a bad one rejects those before", "\x03lan\x00\x01a\xc0\x05", ""},
		{"label type 01", "\x03lan\x00\x40a\x00", ""},
		{"label type 10", "\x03lan\x00\x80a\x00", ""},

		{"63 bytes in a label", label(63) + "\x00", strings.Repeat("x", 63)},
		{"255 bytes in a name", name255, strings.Repeat(strings.Repeat("x", 63)+".", 3) + strings.Repeat("x", 61)},
		{"256 bytes in a name", label(63) + label(63) + label(63) + label(62) + "\x00", ""},
		{"256 bytes by way of a pointer", "\x01a\x00" + label(63) + label(63) + label(63) + label(60) + "\xc0\x00", ""},

		{"newline", "\x03a\nb\x00\x01c\x00", "c"},
		{"space", "\x03a b\x00\x01c\x00", "c"},
		{"semicolon", "\x03a;b\x00\x01c\x00", "c"},
		{"hash", "\x03a#b\x00\x01c\x00", "c"},
		{"NUL", "\x03a\x00b\x00\x01c\x00", "c"},
		{"not ASCII", "\x03a\xffb\x00\x01c\x00", "c"},
		{"a dot inside a label", "\x03a.b\x00\x01c\x00", "c"},
		{"a hyphen first", "\x02-a\x00\x01c\x00", "c"},
		{"a bad label reached by a pointer", "\x01;\x00\x01a\xc0\x00\x01c\x00", "c"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := search(t, []byte(c.value), 9); !slices.Equal(got, strings.Fields(c.want)) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestDomainSearchMayBeSplitAnywhere(t *testing.T) {
	rfc.Shows(t, "R3397-2-01", "R3396-7-01", "R2131-4.1-30")
	want := []string{"eng.apple.com", "marketing.apple.com"}
	for first, second := range split(dhcp4.DomainSearch, []byte(example)) {
		if got := options(t, first, second).AppendDomainSearch(nil, 9); !slices.Equal(got, want) {
			t.Errorf("%d+%d bytes: %q, want %q", first[1], second[1], got, want)
		}
	}
	// The three pieces of the RFC, in three fields.
	b := overloaded(option(dhcp4.Overload, 3), text(dhcp4.DomainSearch, example[:9]),
		append(text(dhcp4.DomainSearch, example[9:18]), 255), append(text(dhcp4.DomainSearch, example[18:]), 255))
	if got := decode(t, b).Options.AppendDomainSearch(nil, 9); !slices.Equal(got, want) {
		t.Errorf("in three fields: %q, want %q", got, want)
	}
}

func TestDomainSearchIsBounded(t *testing.T) {
	rfc.Shows(t, "P-DS-01", "P-DS-04", "R1035-2.3.4-01", "R3396-7-01", "H-PARSE-02")
	long := "\x3f" + longLabel + "\x3f" + longLabel + "\x3f" + longLabel + "\x00"
	bomb := []byte(long + strings.Repeat("\xc0\x00", 700))
	if got := search(t, bomb, 6); len(got) != 6 {
		t.Errorf("%d names of a bomb, want 6", len(got))
	}
	before := []string{"first"}
	if got := options(t, text(dhcp4.DomainSearch, example)).AppendDomainSearch(before, 0); !slices.Equal(got, before) {
		t.Errorf("none wanted: %q", got)
	}

	// A chain in which each pointer leads to the one before.
	chain := func(n int) []byte {
		b := []byte("\x01a\x00")
		for to := 0; n > 0; n-- {
			b, to = append(b, 0xc0|byte(to>>8), byte(to)), len(b)
		}
		return b
	}
	if got := search(t, chain(127), 1000); len(got) != 128 {
		t.Errorf("%d names of a chain of 127 pointers, want 128", len(got))
	}
	if got := search(t, chain(200), 1000); len(got) != 0 {
		t.Errorf("%d names of a chain of 200 pointers, want none", len(got))
	}
	if got := search(t, bytes.Repeat([]byte{0xc0}, 1500), 1000); len(got) != 0 {
		t.Errorf("%q of pointers to nowhere", got)
	}
}
