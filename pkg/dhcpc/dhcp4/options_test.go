package dhcp4_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// site is an option that means nothing to anybody.
const site dhcp4.Code = 224

func TestOptionList(t *testing.T) {
	rfc.Shows(t, "R2132-2-10", "R2131-3-06", "R2132-3.1-01", "R2132-3.2-01", "P-OP-01", "P-OP-03", "R3396-4-02", "R3396-7-01", "R3396-7-02")
	for _, c := range []struct {
		name    string
		options []byte
		want    map[dhcp4.Code]string
	}{
		{"unknown option skipped by its length", unhex("e0 02 ff 00 35 01 05 ff"), map[dhcp4.Code]string{site: "\xff\x00"}},
		{"padding anywhere", unhex("00 00 35 01 05 00 00 36 04 c0 00 02 01 00 ff"), map[dhcp4.Code]string{dhcp4.ServerIdentifier: "\xc0\x00\x02\x01"}},
		{"nothing counts after the end", unhex("35 01 05 ff 36 04 c0 00 02 01"), nil},
		{"garbage after the end", unhex("35 01 05 ff 33"), nil},
		{"no end", unhex("35 01 05 36 04 c0 00 02 01"), map[dhcp4.Code]string{dhcp4.ServerIdentifier: "\xc0\x00\x02\x01"}},
		{"only padding behind", unhex("35 01 05 00 00"), nil},
		{"empty options", unhex("0c 00 0f 00 03 00 35 01 05 ff"), map[dhcp4.Code]string{dhcp4.HostName: "", dhcp4.DomainName: "", dhcp4.Router: ""}},
		{"two pieces", unhex("0c 02 6162 35 01 05 0c 02 6364 ff"), map[dhcp4.Code]string{dhcp4.HostName: "abcd"}},
		{"an empty piece between", unhex("0c 02 6162 0c 00 0c 02 6364 35 01 05 ff"), map[dhcp4.Code]string{dhcp4.HostName: "abcd"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := decode(t, reply(c.options))
			if m.Type != dhcp4.Ack {
				t.Errorf("type is %v, want ACK", m.Type)
			}
			got := map[dhcp4.Code]string{}
			for code, value := range m.Options.All {
				got[code] = string(value)
			}
			want := map[dhcp4.Code]string{dhcp4.DHCPMessageType: "\x05"}
			for code, value := range c.want {
				want[code] = value
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("options (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHasAndBytes(t *testing.T) {
	rfc.Shows(t, "R4039-4-01", "P-OP-03")
	o := options(t, unhex("50 00"), text(dhcp4.HostName, "h"))
	for _, c := range []struct {
		code dhcp4.Code
		has  bool
		want []byte
	}{
		{dhcp4.RapidCommit, true, nil},
		{dhcp4.HostName, true, []byte("h")},
		{dhcp4.Router, false, nil},
		{dhcp4.Pad, false, nil},
		{dhcp4.End, false, nil},
	} {
		if got := o.Has(c.code); got != c.has {
			t.Errorf("Has(%v) is %v", c.code, got)
		}
		if got := o.Bytes(c.code); !bytes.Equal(got, c.want) || (got == nil) != (c.want == nil) {
			t.Errorf("Bytes(%v) is %#v, want %#v", c.code, got, c.want)
		}
	}
}

func TestBytesCannotGrowIntoTheNextOption(t *testing.T) {
	o := options(t, text(dhcp4.HostName, "h"), text(dhcp4.DomainName, "example.org"))
	_ = append(o.Bytes(dhcp4.HostName), "overwritten"...)
	if got := string(o.Bytes(dhcp4.DomainName)); got != "example.org" {
		t.Errorf("domain name is %q after an append to the host name", got)
	}
}

func TestAllIsAscendingAndCanStop(t *testing.T) {
	o := options(t, text(site, "s"), option(dhcp4.Router, 192, 0, 2, 1), text(dhcp4.HostName, "h"))
	var all, some []dhcp4.Code
	for code := range o.All {
		all = append(all, code)
	}
	for code := range o.All {
		if some = append(some, code); len(some) == 2 {
			break
		}
	}
	if want := []dhcp4.Code{dhcp4.Router, dhcp4.HostName, dhcp4.DHCPMessageType, site}; !slices.Equal(all, want) || !slices.Equal(some, want[:2]) {
		t.Errorf("all %v, the first two %v; want %v", all, some, want)
	}
}

// overloaded is an ACK with options in all three fields.
func overloaded(announced, inOptions, inFile, inSName []byte) []byte {
	b := reply(ack, announced, inOptions, end)
	copy(b[108:236], inFile)
	copy(b[44:108], inSName)
	return b
}

func TestOverloadedFieldsAreReadInOrder(t *testing.T) {
	rfc.Shows(t, "R2131-4.1-30", "R2132-9.3-01", "R3396-7-01")
	dns := func(last byte) []byte { return append(option(dhcp4.DNSServer, 192, 0, 2, last), byte(dhcp4.End)) }
	for _, c := range []struct {
		name      string
		announced []byte
		want      string
	}{
		{"none", nil, "192.0.2.1"},
		{"file", option(dhcp4.Overload, 1), "192.0.2.1 192.0.2.2"},
		{"sname", option(dhcp4.Overload, 2), "192.0.2.1 192.0.2.3"},
		{"both, against the order on the wire", option(dhcp4.Overload, 3), "192.0.2.1 192.0.2.2 192.0.2.3"},
		{"value 0", option(dhcp4.Overload, 0), "192.0.2.1"},
		{"value 4", option(dhcp4.Overload, 4), "192.0.2.1"},
		{"value 5", option(dhcp4.Overload, 5), "192.0.2.1"},
		{"value 255", option(dhcp4.Overload, 255), "192.0.2.1"},
		{"two bytes", option(dhcp4.Overload, 3, 3), "192.0.2.1"},
		{"twice", append(option(dhcp4.Overload, 1), option(dhcp4.Overload, 1)...), "192.0.2.1"},
		{"empty", option(dhcp4.Overload), "192.0.2.1"},
		{"empty, then one byte", append(option(dhcp4.Overload), option(dhcp4.Overload, 1)...), "192.0.2.1 192.0.2.2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inOptions := option(dhcp4.DNSServer, 192, 0, 2, 1)
			m := decode(t, overloaded(c.announced, inOptions, dns(2), dns(3)))
			got := m.Options.AppendAddrs(nil, dhcp4.DNSServer, 9)
			if want := addrs(c.want); !slices.Equal(got, want) {
				t.Errorf("servers %v, want %v", got, want)
			}
		})
	}
}

func TestOverloadedFieldEndsWithItself(t *testing.T) {
	rfc.Shows(t, "R2131-4.1-31", "R2131-4.1-32")
	// 126 bytes of value fill the field to its last byte.
	full := option(site, bytes.Repeat([]byte("x"), 126)...)
	m := decode(t, overloaded(option(dhcp4.Overload, 1), nil, full, nil))
	if got := len(m.Options.Bytes(site)); got != 126 {
		t.Errorf("option that fills the file field has %d bytes, want 126", got)
	}
	full[1]++ // and one more would have to come from the cookie
	var bad dhcp4.Message
	if r := bad.Decode(overloaded(option(dhcp4.Overload, 1), nil, full, nil)); r != dhcp4.BadOption {
		t.Errorf("option that leaves the file field: %v, want %v", r, dhcp4.BadOption)
	}
	sname := option(site, bytes.Repeat([]byte("x"), 62)...)
	sname[1]++ // into the file field
	if r := bad.Decode(overloaded(option(dhcp4.Overload, 2), nil, nil, sname)); r != dhcp4.BadOption {
		t.Errorf("option that leaves the sname field: %v, want %v", r, dhcp4.BadOption)
	}
}

func TestOverloadInsideAnOverloadedFieldMeansNothing(t *testing.T) {
	rfc.Shows(t, "P-OP-04")
	inFile := append(option(dhcp4.Overload, 2), byte(dhcp4.End))
	inSName := append(option(dhcp4.DNSServer, 192, 0, 2, 3), byte(dhcp4.End))
	m := decode(t, overloaded(option(dhcp4.Overload, 1), nil, inFile, inSName))
	if m.Options.Has(dhcp4.DNSServer) {
		t.Error("sname was read as options because the file field said so")
	}
}

func TestMessageTypeMayStandInAnOverloadedField(t *testing.T) {
	b := overloaded(nil, nil, append(option(dhcp4.DHCPMessageType, 2), byte(dhcp4.End)), nil)
	copy(b[240:], slices.Concat(option(dhcp4.Overload, 1), end))
	if m := decode(t, b); m.Type != dhcp4.Offer {
		t.Errorf("type %v, want OFFER", m.Type)
	}
}

// split yields the options that say the same as one option of the given value:
// in two pieces, cut at every position.
func split(c dhcp4.Code, value []byte) func(yield func(first, second []byte) bool) {
	return func(yield func(first, second []byte) bool) {
		for i := range len(value) + 1 {
			if !yield(option(c, value[:i]...), option(c, value[i:]...)) {
				return
			}
		}
	}
}

func TestAnOptionMayBeSplitAnywhere(t *testing.T) {
	rfc.Shows(t, "R3396-7-01", "R3396-4-02", "R2131-4.1-30")
	value := unhex("c0000201 c0000202 c0000203")
	want := addrs("192.0.2.1 192.0.2.2 192.0.2.3")
	for first, second := range split(dhcp4.DNSServer, value) {
		for name, b := range map[string][]byte{
			"side by side":     reply(ack, first, second, end),
			"apart":            reply(first, ack, text(dhcp4.HostName, "h"), second, end),
			"options and file": overloaded(option(dhcp4.Overload, 1), first, append(second, 255), nil),
			"file and sname":   overloaded(option(dhcp4.Overload, 3), nil, append(first, 255), append(second, 255)),
		} {
			m := decode(t, b)
			if got := m.Options.AppendAddrs(nil, dhcp4.DNSServer, 9); !slices.Equal(got, want) {
				t.Errorf("%s, %d+%d bytes: %v, want %v", name, first[1], second[1], got, want)
			}
		}
	}
}

// The three fields full of the smallest options are the most that can be joined.
func TestTheLargestOptionListFits(t *testing.T) {
	rfc.Shows(t, "P-OP-06", "P-OP-08", "R3396-7-01")
	fill := func(n int) []byte {
		b := bytes.Repeat([]byte{byte(site), 255}, 1)
		b = append(b, bytes.Repeat([]byte{1}, 255)...)
		b = bytes.Repeat(b, 1+n/len(b))[:n]
		if rest := n % 257; rest == 1 {
			b[n-1] = 0
		} else if rest > 1 {
			b[n-rest+1] = byte(rest - 2)
		}
		return b
	}
	b := overloaded(option(dhcp4.Overload, 3), nil, fill(128), fill(64))
	b = append(b[:len(b)-1], fill(dhcp4.MaxMessage-len(b)+1)...)
	m := decode(t, b)
	got := m.Options.Bytes(site)
	room := dhcp4.MaxMessage - 240 - len(ack) - 3
	want := room - 2*((room+256)/257) + 128 - 2 + 64 - 2
	if len(got) != want || bytes.Count(got, []byte{1}) != want {
		t.Errorf("joined value has %d bytes, want %d ones", len(got), want)
	}
}
