package dhcp4_test

import (
	"bytes"
	"encoding/binary"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// The seeds of all targets are in testdata/fuzz.

func FuzzParseFrame(f *testing.F) {
	f.Fuzz(func(t *testing.T, frame []byte, partial bool) {
		checkFrame(t, frame, partial)
		// Few mutations hit the checksum; what is behind it wants to be tried as well.
		checkFrame(t, repair(bytes.Clone(frame)), partial)
	})
}

func checkFrame(t *testing.T, frame []byte, partial bool) {
	before := bytes.Clone(frame)
	d, r := dhcp4.ParseFrame(frame, partial)
	if !bytes.Equal(frame, before) {
		t.Error("the frame was changed")
	}
	if r != dhcp4.Accepted {
		if d.Payload != nil {
			t.Errorf("%v, but there is a payload", r)
		}
		return
	}
	if d.Dst.Port() != 68 || (d.PartialChecksums && !partial) {
		t.Errorf("%+v", d)
	}
	if !bytes.Contains(frame[14+20+8:], d.Payload) {
		t.Error("the payload does not come from the frame")
	}
	again, r := dhcp4.ParseFrame(dhcp4.AppendFrame(nil, d.HWSrc, d.HWDst, d.Src, d.Dst, d.Payload), false)
	d.PartialChecksums = false
	if r != dhcp4.Accepted || cmp.Diff(d, again, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })) != "" {
		t.Errorf("after a round trip: %v, %+v, want %+v", r, again, d)
	}
	checkMessage(t, d.Payload)
}

func FuzzDecode(f *testing.F) {
	f.Fuzz(checkMessage)
}

// checkMessage decodes a payload and compares with the slow and obvious way.
func checkMessage(t *testing.T, payload []byte) {
	var m dhcp4.Message
	got := m.Decode(payload)
	options, want := slowDecode(payload)
	if got != want {
		t.Fatalf("%v, want %v", got, want)
	}
	if got != dhcp4.Accepted && got != dhcp4.NoMessageType {
		options = nil
	}
	seen := map[dhcp4.Code]string{}
	for code, value := range m.Options.All {
		seen[code] = string(value)
	}
	if !maps.Equal(seen, options) {
		t.Errorf("options: -want +got\n%s", cmp.Diff(options, seen))
	}
	if m.ServerName(); m.BootFile().IsZero() && m.BootFile().String() != `""` {
		t.Errorf("boot file %v", m.BootFile())
	}
	for code := range 256 {
		checkText(t, m.Options.Text(dhcp4.Code(code)))
	}
	checkText(t, m.ServerName())
	checkText(t, m.BootFile())
	checkRoutes(t, &m.Options)
	checkNames(t, &m.Options)
}

// slowDecode is Decode as one would explain it.
func slowDecode(b []byte) (map[dhcp4.Code]string, dhcp4.Refusal) {
	switch {
	case len(b) < 240:
		return nil, dhcp4.ShortMessage
	case len(b) > dhcp4.MaxMessage:
		return nil, dhcp4.LongMessage
	case b[0] != 2:
		return nil, dhcp4.NotReply
	case string(b[236:240]) != "c\x82Sc":
		return nil, dhcp4.BadCookie
	}
	options := map[dhcp4.Code]string{}
	read := func(field []byte) bool {
		for len(field) > 0 && field[0] != 255 {
			if field[0] == 0 {
				field = field[1:]
				continue
			}
			if len(field) < 2 || len(field) < 2+int(field[1]) {
				return false
			}
			options[dhcp4.Code(field[0])] += string(field[2 : 2+field[1]])
			field = field[2+int(field[1]):]
		}
		return true
	}
	ok := read(b[240:])
	overload := options[dhcp4.Overload]
	if ok && (overload == "\x01" || overload == "\x03") {
		ok = read(b[108:236])
	}
	if ok && (overload == "\x02" || overload == "\x03") {
		ok = read(b[44:108])
	}
	switch {
	case !ok:
		return options, dhcp4.BadOption
	case len(options[dhcp4.DHCPMessageType]) != 1:
		return options, dhcp4.NoMessageType
	}
	return options, dhcp4.Accepted
}

var (
	domainName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$`)
	hostName   = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$`)
	printable  = regexp.MustCompile(`^[!#%-&(-:<-\[\]-_a-~]+$`)
	logged     = regexp.MustCompile(`^"[ -~]*"(\.\.\.)?$`)
)

func checkText(t *testing.T, text dhcp4.Text) {
	if s, ok := text.Domain(); ok && (!domainName.MatchString(s) || len(s) > 253) {
		t.Errorf("domain %q", s)
	}
	if s, ok := text.HostName(); ok && (!hostName.MatchString(s) || len(s) > 64 || strings.EqualFold(s, "localhost")) {
		t.Errorf("host name %q", s)
	}
	if s, ok := text.Printable(); ok && !printable.MatchString(s) {
		t.Errorf("printable %q", s)
	}
	if s := text.String(); !logged.MatchString(s) || len(s) > 2+4*64+3 {
		t.Errorf("for a log line: %s", s)
	}
}

// pieces is a value as options of at most 255 bytes, in an ACK; nil if it is too large for a message.
func pieces(c dhcp4.Code, value []byte) []byte {
	b := reply(ack)
	for piece := range slices.Chunk(value, 255) {
		b = append(b, option(c, piece...)...)
	}
	if len(b) > dhcp4.MaxMessage {
		return nil
	}
	return b
}

func FuzzClasslessRoutes(f *testing.F) {
	f.Fuzz(func(t *testing.T, value []byte) {
		if b := pieces(dhcp4.ClasslessRoute, value); b != nil {
			checkRoutes(t, &decode(t, b).Options)
		}
	})
}

// checkRoutes decodes option 121, which must say the same when it is encoded again.
func checkRoutes(t *testing.T, o *dhcp4.Options) {
	value := o.Bytes(dhcp4.ClasslessRoute)
	routes, ok := o.AppendClasslessRoutes(nil, 1000)
	if !ok {
		if len(routes) > 0 {
			t.Errorf("malformed, but yields %v", routes)
		}
		return
	}
	var encoded []byte
	for _, r := range routes {
		if r.Dst != r.Dst.Masked() || !r.Dst.IsValid() || r.Gateway.IsUnspecified() {
			t.Errorf("route %v", r)
		}
		gw := [4]byte{}
		if r.Gateway.IsValid() {
			gw = r.Gateway.As4()
		}
		bits := r.Dst.Bits()
		encoded = append(encoded, byte(bits))
		encoded = append(encoded, r.Dst.Addr().AsSlice()[:(bits+7)/8]...)
		encoded = append(encoded, gw[:]...)
	}
	if len(encoded) != len(value) {
		t.Fatalf("%d bytes of %x were understood as %v", len(value), value, routes)
	}
	again, ok := decode(t, pieces(dhcp4.ClasslessRoute, encoded)).Options.AppendClasslessRoutes(nil, 1000)
	if !ok || !slices.Equal(routes, again) {
		t.Errorf("%v, and encoded and decoded again %v", routes, again)
	}
	if static, _ := o.AppendStaticRoutes(nil, 3); len(static) > 3 {
		t.Errorf("%d static routes, at most 3 wanted", len(static))
	}
}

func FuzzDomainSearch(f *testing.F) {
	f.Fuzz(func(t *testing.T, value []byte) {
		if b := pieces(dhcp4.DomainSearch, value); b != nil {
			checkNames(t, &decode(t, b).Options)
		}
	})
}

// checkNames decodes option 119; what comes out must come out again when it is
// encoded without pointers.
func checkNames(t *testing.T, o *dhcp4.Options) {
	const limit = 6
	names := o.AppendDomainSearch(nil, limit)
	if len(names) > limit {
		t.Errorf("%d names, at most %d wanted", len(names), limit)
	}
	var encoded []byte
	for _, name := range names {
		if !domainName.MatchString(name) || len(name) > 253 {
			t.Errorf("name %q", name)
		}
		for label := range strings.SplitSeq(name, ".") {
			encoded = append(append(encoded, byte(len(label))), label...)
		}
		encoded = append(encoded, 0)
	}
	if b := pieces(dhcp4.DomainSearch, encoded); b != nil {
		if again := decode(t, b).Options.AppendDomainSearch(nil, limit); !slices.Equal(names, again) {
			t.Errorf("%q, and encoded and decoded again %q", names, again)
		}
	}
}

func FuzzOutgoing(f *testing.F) {
	f.Fuzz(func(t *testing.T, kind uint8, xid uint32, secs uint16, addr, server []byte, reason string, broadcast bool,
		clientID []byte, hostName, vendorClass string, parameters []byte, maxSize uint16, lease uint32, rapid bool,
	) {
		var list []dhcp4.Code
		for _, c := range parameters {
			list = append(list, dhcp4.Code(c))
		}
		hint, _ := netip.AddrFromSlice(addr)
		serverID, _ := netip.AddrFromSlice(server)
		out := &dhcp4.Outgoing{Kind: dhcp4.Kind(kind), Xid: xid, Secs: secs, Addr: hint, ServerID: serverID, Reason: reason, Broadcast: broadcast}
		id := &dhcp4.Identity{
			HardwareAddr: clientMAC, ClientID: clientID, HostName: hostName, VendorClass: vendorClass,
			Parameters: list, MaxSize: maxSize, LeaseTime: lease, RapidCommit: rapid,
		}
		b, err := out.Append([]byte("before"), id)
		if string(b[:6]) != "before" {
			t.Fatal("what was there before was changed")
		}
		b = b[6:]
		if err != nil {
			if len(b) > 0 {
				t.Errorf("%v, but %d bytes were written", err, len(b))
			}
			if err := id.Check(); err == nil && len(reason) <= 32 && hint.Is4() && serverID.Is4() && !hint.IsUnspecified() && !serverID.IsUnspecified() && kind < 8 {
				t.Error("the identity passed its check, but now there is an error")
			}
			return
		}
		if len(b) < 300 || len(b) > 548 {
			t.Errorf("%d bytes", len(b))
		}
		b[0] = 2 // as if it were a reply
		m := decode(t, b)
		if m.Type != out.Kind.Type() || m.Xid != xid || m.HardwareAddr != clientMAC || m.HType != 1 || m.HLen != 6 {
			t.Errorf("type %v, xid %#x, %v, htype %d, hlen %d", m.Type, m.Xid, m.HardwareAddr, m.HType, m.HLen)
		}
		for code, value := range m.Options.All {
			want := map[dhcp4.Code][]byte{
				dhcp4.DHCPMessageType:      {byte(out.Kind.Type())},
				dhcp4.ServerIdentifier:     server,
				dhcp4.RequestedAddress:     addr,
				dhcp4.ClientIdentifier:     clientID,
				dhcp4.HostName:             []byte(hostName),
				dhcp4.VendorClass:          []byte(vendorClass),
				dhcp4.ErrorMessage:         []byte(reason),
				dhcp4.ParameterRequestList: parameters,
				dhcp4.LeaseTime:            binary.BigEndian.AppendUint32(nil, lease),
				dhcp4.MaxMessageSize:       binary.BigEndian.AppendUint16(nil, min(max(maxSize, 576), 2028)),
			}[code]
			if code == dhcp4.ParameterRequestList && out.Kind == dhcp4.KindInform {
				want = slices.DeleteFunc(slices.Clone(want), func(c byte) bool { return c == 51 || c == 58 || c == 59 })
			}
			if !bytes.Equal(value, want) {
				t.Errorf("option %v is %x, want %x", code, value, want)
			}
		}
	})
}
