package dhcp4_test

import (
	"bytes"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// talkative is an Identity with everything in it.
func talkative() *dhcp4.Identity {
	return &dhcp4.Identity{
		HardwareAddr: clientMAC,
		ClientID:     append([]byte{1}, clientMAC[:]...),
		HostName:     "host",
		VendorClass:  "v1",
		Parameters:   []dhcp4.Code{121, 1, 3, 58},
		MaxSize:      1500,
		RapidCommit:  true,
		LeaseTime:    3600,
	}
}

// full is a message with every field set, whatever its kind.
func full(k dhcp4.Kind) *dhcp4.Outgoing {
	return &dhcp4.Outgoing{Kind: k, Xid: xid, Secs: 7, Addr: clientAddr, ServerID: serverAddr, Reason: "why"}
}

func build(t testing.TB, out *dhcp4.Outgoing, id *dhcp4.Identity) []byte {
	t.Helper()
	b, err := out.Append(nil, id)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wireOptions lists the options of a message in the order in which they stand.
func wireOptions(t testing.TB, message []byte) (codes []dhcp4.Code, values map[dhcp4.Code][]byte) {
	t.Helper()
	values = map[dhcp4.Code][]byte{}
	b := message[240:]
	for ; b[0] != 255; b = b[2+b[1]:] {
		code := dhcp4.Code(b[0])
		if _, twice := values[code]; twice {
			t.Errorf("option %v stands in the message twice", code)
		}
		codes, values[code] = append(codes, code), b[2:2+b[1]]
	}
	if rest := bytes.Trim(b[1:], "\x00"); len(rest) > 0 {
		t.Errorf("%x after the end", rest)
	}
	return codes, values
}

var kinds = []struct {
	kind            dhcp4.Kind
	name            string
	header, options string // golden, without what is the same in all
}{
	{dhcp4.KindDiscover, "DISCOVER", "0007 0000 00000000", "35 01 01  32 04 c0000232  3d 07 01020000000001  37 04 7901033a  33 04 00000e10  39 02 05dc  0c 04 686f7374  3c 02 7631  50 00"},
	{dhcp4.KindSelecting, "REQUEST SELECTING", "0007 0000 00000000", "35 01 03  36 04 c0000201  32 04 c0000232  3d 07 01020000000001  37 04 7901033a  33 04 00000e10  39 02 05dc  0c 04 686f7374  3c 02 7631"},
	{dhcp4.KindInitReboot, "REQUEST INIT-REBOOT", "0007 0000 00000000", "35 01 03  32 04 c0000232  3d 07 01020000000001  37 04 7901033a  33 04 00000e10  39 02 05dc  0c 04 686f7374  3c 02 7631"},
	{dhcp4.KindRenewing, "REQUEST RENEWING", "0007 0000 c0000232", "35 01 03  3d 07 01020000000001  37 04 7901033a  33 04 00000e10  39 02 05dc  0c 04 686f7374  3c 02 7631"},
	{dhcp4.KindRebinding, "REQUEST REBINDING", "0007 0000 c0000232", "35 01 03  3d 07 01020000000001  37 04 7901033a  33 04 00000e10  39 02 05dc  0c 04 686f7374  3c 02 7631"},
	{dhcp4.KindDecline, "DECLINE", "0000 0000 00000000", "35 01 04  36 04 c0000201  32 04 c0000232  3d 07 01020000000001  38 03 776879"},
	{dhcp4.KindRelease, "RELEASE", "0000 0000 c0000232", "35 01 07  36 04 c0000201  3d 07 01020000000001  38 03 776879"},
	{dhcp4.KindInform, "INFORM", "0007 0000 c0000232", "35 01 08  3d 07 01020000000001  37 03 790103  39 02 05dc  0c 04 686f7374  3c 02 7631"},
}

func TestGoldenBytesOfEveryKind(t *testing.T) {
	rfc.Shows(t,
		"R2131-3-01", "R2131-2-01", "R2131-2-02", "R2131-T5-01", "R1542-3.4-01", "R2131-4.4.1-01", "R2131-2-03", "R2131-3-02", "R2131-3-03",
		"R2131-4.1-01", "R951-3-01", "R2132-2-01", "R2131-T5-02", "R2131-4.1-02", "R2132-2-02", "R2132-2-03", "P-MF-01", "P-MF-02", "R2131-T5-03",
		"R2131-T5-10", "R2131-T5-11", "R2131-T5-13", "R2131-T5-14", "R2131-T5-15", "R2131-T5-16", "R2131-T5-17", "R2131-T5-18", "R2131-T5-19",
		"R2131-T5-20", "R2131-T5-21", "R2131-T5-22", "R2131-3.5-02", "R2131-4.4.3-02", "R2131-T5-30", "R2131-T5-31", "R2132-9.10-03", "R2132-9.9-02", "R2131-3.5-01")
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			want := unhex("01010600 11223344" + k.header + "00000000 00000000 00000000 020000000001")
			want = append(want, make([]byte, 236-len(want))...)
			want = append(want, unhex("63825363"+k.options+"ff")...)
			want = append(want, make([]byte, 300-len(want))...)
			first := build(t, full(k.kind), talkative())
			if diff := cmp.Diff(want, first); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if second := build(t, full(k.kind), talkative()); !bytes.Equal(first, second) {
				t.Error("the same message was built in two ways")
			}
		})
	}
}

// The matrix of RFC 2131 table 5, with table 4 for REBINDING.
func TestOptionsOfEveryKind(t *testing.T) {
	rfc.Shows(t, "R2131-T5-10", "R2131-T5-12", "R2131-T5-13", "R2131-T5-15", "R2131-T5-16", "R2131-T5-17", "R2131-T5-18", "R2131-T5-19", "R2131-T5-20",
		"R2131-T5-21", "R2131-T5-22", "R2131-3.5-02", "R2131-3.5-03", "R3442-C-01", "R2131-4.3.1-02", "R4039-3-02", "R4039-4-02", "R2131-2-07", "R2131-2-21", "R2131-4.3.2-10", "R2131-3.1-13", "P-OPT-02", "R4578-2-01")
	const columns = "D S I N B X R F" // the kinds in the order of kinds: DISCOVER, ..., INFORM
	allowed := map[dhcp4.Code]string{
		dhcp4.DHCPMessageType:      "D S I N B X R F",
		dhcp4.ServerIdentifier:     ". S . . . X R .",
		dhcp4.RequestedAddress:     "D S I . . X . .",
		dhcp4.LeaseTime:            "D S I N B . . .",
		dhcp4.ClientIdentifier:     "D S I N B X R F",
		dhcp4.VendorClass:          "D S I N B . . F",
		dhcp4.ParameterRequestList: "D S I N B . . F",
		dhcp4.MaxMessageSize:       "D S I N B . . F",
		dhcp4.HostName:             "D S I N B . . F",
		dhcp4.ErrorMessage:         ". . . . . X R .",
		dhcp4.RapidCommit:          "D . . . . . . .",
	}
	for i, k := range kinds {
		_, values := wireOptions(t, build(t, full(k.kind), talkative()))
		for code := range 256 {
			code := dhcp4.Code(code)
			want := allowed[code] != "" && allowed[code][2*i] == columns[2*i]
			if _, got := values[code]; got != want {
				t.Errorf("%s: option %v present %v, want %v", k.name, code, got, want)
			}
		}
	}
}

func TestAQuietIdentitySendsOnlyWhatItMust(t *testing.T) {
	rfc.Shows(t, "R2131-4.2-01", "R2132-9.13-01", "R2131-T5-11", "R2131-T5-12", "P-PX-01")
	must := []dhcp4.Code{53, 54, 50}
	for _, k := range kinds {
		out := full(k.kind)
		out.Reason = ""
		if k.kind == dhcp4.KindDiscover {
			out.Addr = netip.Addr{}
		}
		codes, _ := wireOptions(t, build(t, out, &dhcp4.Identity{HardwareAddr: clientMAC}))
		for _, c := range codes {
			if !slices.Contains(must, c) || k.kind == dhcp4.KindDiscover && c != dhcp4.DHCPMessageType {
				t.Errorf("%s: option %v, though nobody asked for it", k.name, c)
			}
		}
	}
}

func TestBroadcastFlag(t *testing.T) {
	rfc.Shows(t, "R2131-4.1-05", "R2131-4.1-06", "R2131-T5-04", "R2131-2-03")
	for _, k := range kinds {
		for _, c := range []struct{ always, now bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
			out, id := full(k.kind), talkative()
			id.Broadcast, out.Broadcast = c.always, c.now
			want := []byte{0, 0}
			if (c.always || c.now) && k.kind != dhcp4.KindDecline && k.kind != dhcp4.KindRelease {
				want[0] = 0x80
			}
			if got := build(t, out, id)[10:12]; !bytes.Equal(got, want) {
				t.Errorf("%s, identity %v, message %v: flags %x, want %x", k.name, c.always, c.now, got, want)
			}
		}
	}
}

func TestSecs(t *testing.T) {
	rfc.Shows(t, "R2131-T5-03")
	for _, k := range kinds {
		out := full(k.kind)
		out.Secs = 0xffff
		want := []byte{0xff, 0xff}
		if k.kind == dhcp4.KindDecline || k.kind == dhcp4.KindRelease {
			want = []byte{0, 0}
		}
		if got := build(t, out, talkative())[8:10]; !bytes.Equal(got, want) {
			t.Errorf("%s: secs %x, want %x", k.name, got, want)
		}
	}
}

func TestMaxMessageSize(t *testing.T) {
	rfc.Shows(t, "R2132-9.10-01", "R2132-9.10-02", "R2132-2-02", "R3442-C-01")
	for in, want := range map[uint16][]byte{
		0: nil, 1: {0x02, 0x40}, 296: {0x02, 0x40}, 576: {0x02, 0x40}, 577: {0x02, 0x41}, 1500: {0x05, 0xdc},
		9000: {0x07, 0xec}, 65535: {0x07, 0xec}, // never more than we would decode
	} {
		id := talkative()
		id.MaxSize = in
		_, values := wireOptions(t, build(t, full(dhcp4.KindDiscover), id))
		if got := values[dhcp4.MaxMessageSize]; !bytes.Equal(got, want) {
			t.Errorf("%d is sent as %x, want %x", in, got, want)
		}
	}
	if max := dhcp4.MaxMessage + 28; max != 0x07ec {
		t.Errorf("a message of %d bytes makes a datagram of %d", dhcp4.MaxMessage, max)
	}
}

func TestInfiniteLeaseMayBeAskedFor(t *testing.T) {
	rfc.Shows(t, "R2131-2.2-02", "R2131-T5-12")
	id := talkative()
	id.LeaseTime = 0xffffffff
	_, values := wireOptions(t, build(t, full(dhcp4.KindDiscover), id))
	if got, want := values[dhcp4.LeaseTime], unhex("ffffffff"); !bytes.Equal(got, want) {
		t.Errorf("%x, want %x", got, want)
	}
}

func TestInformDoesNotAskForALease(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.3-02", "R2132-9.8-01")
	id := talkative()
	id.Parameters = []dhcp4.Code{51, 58, 59}
	if codes, _ := wireOptions(t, build(t, full(dhcp4.KindInform), id)); slices.Contains(codes, dhcp4.ParameterRequestList) {
		t.Error("a parameter request list with nothing in it")
	}
}

func TestAppendRefuses(t *testing.T) {
	rfc.Shows(t, "R2131-2-04", "R3396-4-01", "R2132-9.14-01", "P-CI-01")
	any := []dhcp4.Kind{dhcp4.KindDiscover, dhcp4.KindSelecting, dhcp4.KindInitReboot, dhcp4.KindRenewing, dhcp4.KindRebinding, dhcp4.KindDecline, dhcp4.KindRelease, dhcp4.KindInform}
	noHint := any[1:]
	toServer := []dhcp4.Kind{dhcp4.KindSelecting, dhcp4.KindDecline, dhcp4.KindRelease}
	for _, c := range []struct {
		name   string
		kinds  []dhcp4.Kind // that refuse; the others must not
		change func(out *dhcp4.Outgoing, id *dhcp4.Identity)
	}{
		{"nothing wrong", nil, func(*dhcp4.Outgoing, *dhcp4.Identity) {}},
		{"no such kind", any, func(out *dhcp4.Outgoing, _ *dhcp4.Identity) { out.Kind += dhcp4.Kind(len(any)) }},
		{"no address", noHint, func(out *dhcp4.Outgoing, _ *dhcp4.Identity) { out.Addr = netip.Addr{} }},
		{"address 0.0.0.0", noHint, func(out *dhcp4.Outgoing, _ *dhcp4.Identity) { out.Addr = netip.IPv4Unspecified() }},
		{"IPv6 address", noHint, func(out *dhcp4.Outgoing, _ *dhcp4.Identity) { out.Addr = netip.IPv6Loopback() }},
		{"no server", toServer, func(out *dhcp4.Outgoing, _ *dhcp4.Identity) { out.ServerID = netip.Addr{} }},
		{"IPv6 server", toServer, func(out *dhcp4.Outgoing, _ *dhcp4.Identity) { out.ServerID = netip.IPv6Loopback() }},
		{"client identifier of one byte", any, func(_ *dhcp4.Outgoing, id *dhcp4.Identity) { id.ClientID = []byte{1} }},
		{"client identifier of two bytes", nil, func(_ *dhcp4.Outgoing, id *dhcp4.Identity) { id.ClientID = []byte{0, 1} }},
		{"client identifier of 255 bytes", nil, func(_ *dhcp4.Outgoing, id *dhcp4.Identity) { id.ClientID = make([]byte, 255) }},
		{"client identifier of 256 bytes", any, func(_ *dhcp4.Outgoing, id *dhcp4.Identity) { id.ClientID = make([]byte, 256) }},
		{"host name of 256 bytes", any, func(_ *dhcp4.Outgoing, id *dhcp4.Identity) { id.HostName = strings.Repeat("x", 256) }},
		{"qualified host name of 250 bytes", nil, func(_ *dhcp4.Outgoing, id *dhcp4.Identity) {
			id.HostName, id.VendorClass = strings.Repeat("x.", 125)[:249]+"y", ""
		}},
		{"qualified host name of 251 bytes", any, func(_ *dhcp4.Outgoing, id *dhcp4.Identity) {
			id.HostName, id.VendorClass = strings.Repeat("x.", 125)+"y", ""
		}},
		{"host name with an empty label", any, func(_ *dhcp4.Outgoing, id *dhcp4.Identity) { id.HostName = "a..b" }},
		{"host name with a label of 64 bytes", any, func(_ *dhcp4.Outgoing, id *dhcp4.Identity) { id.HostName = strings.Repeat("x", 64) + ".b" }},
		{"host name that is a dot", any, func(_ *dhcp4.Outgoing, id *dhcp4.Identity) { id.HostName = "." }},
		{"vendor class of 256 bytes", any, func(_ *dhcp4.Outgoing, id *dhcp4.Identity) { id.VendorClass = strings.Repeat("x", 256) }},
		{"256 parameters", any, func(_ *dhcp4.Outgoing, id *dhcp4.Identity) { id.Parameters = make([]dhcp4.Code, 256) }},
		{"a long reason", []dhcp4.Kind{dhcp4.KindDecline, dhcp4.KindRelease}, func(out *dhcp4.Outgoing, _ *dhcp4.Identity) { out.Reason = strings.Repeat("x", 33) }},
		{"too much of everything", []dhcp4.Kind{dhcp4.KindDiscover, dhcp4.KindSelecting, dhcp4.KindInitReboot, dhcp4.KindRenewing, dhcp4.KindRebinding, dhcp4.KindInform}, func(_ *dhcp4.Outgoing, id *dhcp4.Identity) {
			id.ClientID, id.HostName = make([]byte, 255), strings.Repeat("x", 64)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, k := range kinds {
				out, id := full(k.kind), talkative()
				c.change(out, id)
				before := []byte("before")
				got, err := out.Append(before, id)
				if refused := err != nil; refused != slices.Contains(c.kinds, k.kind) {
					t.Errorf("%s: error %v", k.name, err)
				}
				if err != nil && !bytes.Equal(got, before) {
					t.Errorf("%s: refused, but %d bytes were written", k.name, len(got)-len(before))
				}
			}
		})
	}
}

func TestDiscoverWithoutUsableHintHasNone(t *testing.T) {
	rfc.Shows(t, "R2131-T5-11")
	for _, a := range []netip.Addr{{}, netip.IPv4Unspecified(), netip.IPv6Loopback()} {
		out := full(dhcp4.KindDiscover)
		out.Addr = a
		if codes, _ := wireOptions(t, build(t, out, talkative())); slices.Contains(codes, dhcp4.RequestedAddress) {
			t.Errorf("%v was sent as the requested address", a)
		}
	}
}

// At 548 bytes of message the datagram has its 576; one more is refused.
func TestTheLargestMessage(t *testing.T) {
	rfc.Shows(t, "R2131-2-04")
	id := talkative()
	id.VendorClass = ""
	var largest dhcp4.Kind
	size := func(k dhcp4.Kind) int { return len(bytes.TrimRight(build(t, full(k), id), "\x00")) }
	for _, k := range kinds {
		if size(k.kind) > size(largest) {
			largest = k.kind
		}
	}
	room := 548 - size(largest)
	id.ClientID = append(id.ClientID, make([]byte, 200)...)
	room -= 200
	id.VendorClass = strings.Repeat("v", room-2)
	if got := len(build(t, full(largest), id)); got != 548 {
		t.Errorf("%d bytes, want 548", got)
	}
	if err := id.Check(); err != nil {
		t.Errorf("Check: %v", err)
	}
	id.VendorClass += "v"
	if _, err := full(largest).Append(nil, id); err == nil {
		t.Error("549 bytes were built")
	}
	if id.Check() == nil {
		t.Error("Check has no objection to 549 bytes")
	}
}

// Check promises that no kind of message fails later.
func TestCheckedIdentityFitsIntoEveryMessage(t *testing.T) {
	rfc.Shows(t, "R3396-4-01", "R2132-9.14-01", "P-CI-01")
	for _, n := range []int{0, 1, 2, 200, 254, 255, 256} {
		id := &dhcp4.Identity{HardwareAddr: clientMAC, ClientID: make([]byte, n), Parameters: dhcp4.ParameterList(), MaxSize: 1500}
		if got, want := id.Check() == nil, n != 1 && n < 256; got != want {
			t.Errorf("client identifier of %d bytes accepted: %v, want %v", n, got, want)
		}
	}
}

func TestParameterList(t *testing.T) {
	rfc.Shows(t, "R2132-9.8-01", "R3442-C-02", "R3442-C-03", "R3442-C-04", "R4039-3-01", "P-OPT-01", "R8925-3.2-01", "P-V6-01", "H-WPAD-01")
	list := dhcp4.ParameterList()
	for _, c := range []dhcp4.Code{1, 3, 6, 15, 119, 12, 28, 26, 42, 33, 58, 59, 17, 114} {
		if !slices.Contains(list, c) {
			t.Errorf("%v is not asked for", c)
		}
	}
	if at := slices.Index(list, 121); at < 0 || at > slices.Index(list, 3) || at > slices.Index(list, 33) {
		t.Errorf("121 must stand before 3 and 33: %d", list)
	}
	for _, c := range []dhcp4.Code{108, 252} {
		if slices.Contains(list, c) {
			t.Errorf("%v is asked for without need", c)
		}
	}

	all := make([]dhcp4.Code, 256)
	for i := range all {
		all[i] = dhcp4.Code(i)
	}
	everything := dhcp4.ParameterList(append(all, all...)...)
	if !slices.Equal(everything[:len(list)], list) {
		t.Errorf("extra codes changed the beginning: %d", everything)
	}
	count := map[dhcp4.Code]int{}
	for _, c := range everything {
		count[c]++
	}
	want := map[dhcp4.Code]int{}
	for _, c := range all {
		want[c] = 1
	}
	for _, c := range []dhcp4.Code{0, 255, 50, 52, 53, 55, 57, 61, 80, 82} {
		delete(want, c)
	}
	if !maps.Equal(count, want) {
		t.Errorf("asked for everything: -want +got\n%s", cmp.Diff(want, count))
	}

	list[0] = 0
	if dhcp4.ParameterList()[0] != 121 {
		t.Error("the caller's list is the package's own")
	}
}

func TestKindType(t *testing.T) {
	for _, k := range kinds {
		want, _, _ := strings.Cut(k.name, " ")
		if got := k.kind.Type().String(); got != want {
			t.Errorf("%s is sent as %s", k.name, got)
		}
	}
	if got := dhcp4.Kind(200).Type(); got != 0 {
		t.Errorf("no kind is sent as %v", got)
	}
}
