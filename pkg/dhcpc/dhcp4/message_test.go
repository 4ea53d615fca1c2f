package dhcp4_test

import (
	"bytes"
	"net/netip"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

func TestDecodeReadsEveryHeaderField(t *testing.T) {
	rfc.Shows(t, "R2132-2-02")
	b := reply(ack, end)
	copy(b, unhex("02 01 06 03 a1b2c3d4 0102 8000 0a000001 0a000002 0a000003 0a000004 0200000000ff"))
	m := decode(t, b)
	if m.Type != dhcp4.Ack || m.HType != 1 || m.HLen != 6 || m.Xid != 0xa1b2c3d4 || m.Secs != 0x0102 || m.Flags != 0x8000 {
		t.Errorf("type %v, htype %d, hlen %d, xid %#x, secs %#x, flags %#x", m.Type, m.HType, m.HLen, m.Xid, m.Secs, m.Flags)
	}
	for i, got := range []netip.Addr{m.ClientAddr, m.YourAddr, m.NextServer, m.RelayAddr} {
		if want := netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}); got != want {
			t.Errorf("address %d is %v, want %v", i, got, want)
		}
	}
	if want := (dhcp4.HardwareAddr{2, 0, 0, 0, 0, 0xff}); m.HardwareAddr != want {
		t.Errorf("hardware address %v, want %v", m.HardwareAddr, want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	rfc.Shows(t, "R2131-T3-01", "R2131-3-04", "R1534-01", "R2131-3-07", "P-RV-02", "P-OP-02", "P-OP-07", "R3396-7-01")
	edited := func(at int, v byte) []byte {
		b := reply(ack, end)
		b[at] = v
		return b
	}
	for _, c := range []struct {
		name    string
		payload []byte
		want    dhcp4.Refusal
	}{
		{"nothing", nil, dhcp4.ShortMessage},
		{"no cookie", reply()[:236], dhcp4.ShortMessage},
		{"half a cookie", reply()[:239], dhcp4.ShortMessage},
		{"our own broadcast", edited(0, 1), dhcp4.NotReply},
		{"op 0", edited(0, 0), dhcp4.NotReply},
		{"cookie off by one", edited(239, 0x64), dhcp4.BadCookie},
		{"plain BOOTP", reply(end), dhcp4.NoMessageType},
		{"only the header", reply(), dhcp4.NoMessageType},
		{"empty message type", reply(unhex("35 00"), end), dhcp4.NoMessageType},
		{"message type of two bytes", reply(unhex("35 02 05 05"), end), dhcp4.NoMessageType},
		{"message type twice", reply(ack, ack, end), dhcp4.NoMessageType},
		{"message type after the end", reply(end, ack), dhcp4.NoMessageType},
		{"code without a length", reply(ack, unhex("33")), dhcp4.BadOption},
		{"value cut off", reply(ack, unhex("33 04 00 00")), dhcp4.BadOption},
		{"length of 255 at the end", reply(ack, unhex("33 ff")), dhcp4.BadOption},
		{"larger than a message can be", reply(ack, end, make([]byte, dhcp4.MaxMessage)), dhcp4.LongMessage},
		{"as large as UDP can carry", reply(ack, end, make([]byte, 65507-244)), dhcp4.LongMessage},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m dhcp4.Message
			if got := m.Decode(c.payload); got != c.want {
				t.Fatalf("Decode: %v, want %v", got, c.want)
			}
			if m.Type != 0 {
				t.Errorf("a refused message has type %v", m.Type)
			}
			if len(c.payload) >= 240 && m.Xid != xid {
				t.Errorf("xid is %#x, want it read for the log", m.Xid)
			}
		})
	}
}

// Whatever is cut off at the end, the answer is a refusal or a message whose
// remaining options stand; never an access beyond the end.
func TestDecodeOfEveryPrefix(t *testing.T) {
	rfc.Shows(t, "P-OP-07", "P-OP-08", "H-PARSE-02")
	whole := reply(ack, option(dhcp4.LeaseTime, 0, 0, 14, 16), option(dhcp4.Router, 192, 0, 2, 1), end)
	accepted := 0
	for n := range len(whole) {
		var m dhcp4.Message
		// The capacity ends with the data, so that reading further is a panic.
		if m.Decode(bytes.Clone(whole[:n:n])) == dhcp4.Accepted {
			accepted++
		}
	}
	if accepted != 3 { // after 53, after 51, and after 3
		t.Errorf("%d prefixes were accepted, want those that end between two options", accepted)
	}
}

func TestDecodeAcceptsMessagesAsLargeAsWeInvite(t *testing.T) {
	rfc.Shows(t, "R2131-2-05", "R2132-9.10-01")
	last := option(dhcp4.LeaseTime, 0, 0, 14, 16)
	for _, size := range []int{576 - 28, 1500 - 28, dhcp4.MaxMessage} {
		b := reply(ack)
		b = append(b, make([]byte, size-len(last)-len(b))...)
		m := decode(t, append(b, last...))
		if v, ok := m.Options.Uint32(dhcp4.LeaseTime); !ok || v != 3600 {
			t.Errorf("lease time in the last bytes of %d: %d, %v", size, v, ok)
		}
	}
}

func TestMessageOwnsItsBytes(t *testing.T) {
	rfc.Shows(t, "P-OP-09")
	b := reply(ack, text(dhcp4.DomainName, "example.org"), end)
	copy(b[108:], "boot")
	copy(b[44:], "tftp")
	m := decode(t, b)
	clear(b)
	for _, c := range []struct {
		got  dhcp4.Text
		want string
	}{
		{m.Options.Text(dhcp4.DomainName), "example.org"},
		{m.BootFile(), "boot"},
		{m.ServerName(), "tftp"},
	} {
		if s, ok := c.got.Printable(); !ok || s != c.want {
			t.Errorf("%q after the buffer was reused, want %q", s, c.want)
		}
	}
}

func TestDecodeForgetsTheMessageBefore(t *testing.T) {
	first := reply(ack, option(dhcp4.Router, 192, 0, 2, 1), text(dhcp4.DomainName, "example.org"), end)
	copy(first[44:], "tftp")
	copy(first[108:], "boot")
	for name, next := range map[string][]byte{
		"accepted":     reply(ack, end),
		"bad option":   reply(ack, option(dhcp4.HostName, 'x'), unhex("33 04")),
		"short":        nil,
		"not a reply":  make([]byte, 300),
		"long message": make([]byte, 3000),
	} {
		m := decode(t, first)
		m.Decode(next)
		var left []dhcp4.Code
		for code := range m.Options.All {
			if code != dhcp4.DHCPMessageType {
				left = append(left, code)
			}
		}
		if len(left) > 0 || !m.ServerName().IsZero() || !m.BootFile().IsZero() {
			t.Errorf("%s: left over: options %v, sname %v, file %v", name, left, m.ServerName(), m.BootFile())
		}
	}
}

func TestServerNameAndBootFile(t *testing.T) {
	rfc.Shows(t, "R2132-9.4-01", "R2132-9.4-02", "R2131-2-10")
	names := [][]byte{text(dhcp4.TFTPServerName, "option66"), text(dhcp4.BootFileName, "option67\x00\x00")}
	full := bytes.Repeat([]byte("a"), 128)
	for _, c := range []struct {
		name        string
		sname, file []byte
		options     [][]byte
		wantServer  string
		wantFile    string
	}{
		{"fields", []byte("tftp"), []byte("boot"), nil, "tftp", "boot"},
		{"fields before options", []byte("tftp"), []byte("boot"), names, "tftp", "boot"},
		{"empty fields", nil, nil, names, "option66", "option67"},
		{"nothing", nil, nil, nil, "", ""},
		{"text ends at the first NUL", []byte("tftp\x00junk"), []byte("boot\x00junk"), nil, "tftp", "boot"},
		{"no NUL", full[:64], full, nil, string(full[:64]), string(full)},
		{"overloaded", []byte{255, 'x'}, []byte{255, 'x'}, append(names, option(dhcp4.Overload, 3)), "option66", "option67"},
		{"overloaded without the options", []byte{255, 'x'}, []byte{255, 'x'}, [][]byte{option(dhcp4.Overload, 3)}, "", ""},
		{"only file overloaded", []byte("tftp"), []byte{255, 'x'}, append(names, option(dhcp4.Overload, 1)), "tftp", "option67"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := reply(ack, bytes.Join(c.options, nil), end)
			copy(b[44:108], c.sname)
			copy(b[108:236], c.file)
			m := decode(t, b)
			if got, _ := m.ServerName().Printable(); got != c.wantServer {
				t.Errorf("server name %q, want %q", got, c.wantServer)
			}
			if got, _ := m.BootFile().Printable(); got != c.wantFile {
				t.Errorf("boot file %q, want %q", got, c.wantFile)
			}
		})
	}
}

// The time that a message takes is bounded by more than its size.
func TestDecodeRefusesTooManyPieces(t *testing.T) {
	rfc.Shows(t, "P-OP-08")
	empty := func(n int) []byte { return bytes.Repeat([]byte{224, 0}, n) }
	var m dhcp4.Message
	if r := m.Decode(reply(ack, empty(255))); r != dhcp4.Accepted {
		t.Errorf("256 options: %v", r)
	}
	if r := m.Decode(reply(ack, empty(256))); r != dhcp4.BadOption {
		t.Errorf("257 options: %v", r)
	}
}

func TestAddressee(t *testing.T) {
	payload := reply(ack)
	if hw, ok := dhcp4.Addressee(payload); !ok || hw != (dhcp4.HardwareAddr{2, 0, 0, 0, 0, 1}) {
		t.Errorf("%v, %v", hw, ok)
	}
	if _, ok := dhcp4.Addressee(payload[:239]); ok {
		t.Error("found in a fragment")
	}
}
