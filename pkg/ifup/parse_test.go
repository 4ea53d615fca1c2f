package ifup

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// bytesOf reads hexadecimal in which white space means nothing.
func bytesOf(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The requests as rtnetlink(7) lays them out, on a little-endian machine, which
// all are that the project builds for.
func TestRequestsOnTheWire(t *testing.T) {
	addr := &address{
		Prefix:    netip.MustParsePrefix("192.0.2.5/24"),
		broadcast: netip.MustParseAddr("192.0.2.255"),
		lifetime:  3600,
		metric:    1024,
	}
	source := netip.MustParseAddr("192.0.2.5")
	router := &route{Route: defaultVia("192.0.2.1"), source: source, metric: 1024}
	host := &route{Route: Route{Dst: netip.MustParsePrefix("10.0.0.1/32")}, source: source, metric: 1024}
	for _, tt := range []struct {
		name  string
		queue func(q *queue)
		want  string
	}{
		{"up", func(q *queue) { q.up(7) }, `
			20000000 1300 0100 01000000 00000000
			00 00 0000 07000000 01000000 01000000`},
		{"down", func(q *queue) { q.down(7) }, `
			20000000 1300 0100 01000000 00000000
			00 00 0000 07000000 00000000 01000000`},
		{"MTU", func(q *queue) { q.mtu(7, 1400) }, `
			28000000 1300 0100 01000000 00000000
			00 00 0000 07000000 00000000 00000000
			0800 0400 78050000`},
		{"create address", func(q *queue) { q.create(7, addr) }, `
			4c000000 1400 0106 01000000 00000000
			02 18 00 00 07000000
			0800 0200 c0000205
			0800 0100 c0000205
			0800 0400 c00002ff
			0800 0900 00040000
			1400 0600 100e0000 100e0000 00000000 00000000`},
		{"refresh address, for good", func(q *queue) { q.refresh(7, &address{Prefix: addr.Prefix, lifetime: forever}) }, `
			44000000 1400 0105 01000000 00000000
			02 18 00 00 07000000
			0800 0200 c0000205
			0800 0100 c0000205
			0500 0b00 10000000
			1400 0600 ffffffff ffffffff 00000000 00000000`},
		{"delete address", func(q *queue) { q.deleteAddr(7, addr) }, `
			28000000 1500 0100 01000000 00000000
			02 18 00 00 07000000
			0800 0200 c0000205
			0800 0100 c0000205`},
		{"create route", func(q *queue) { q.createRoute(7, router, false) }, `
			3c000000 1800 0106 01000000 00000000
			02 00 00 00 fe 10 00 01 00000000
			0800 0500 c0000201
			0800 0400 07000000
			0800 0700 c0000205
			0800 0600 00040000`},
		{"create on-link route beside our own", func(q *queue) { q.createRoute(7, host, true) }, `
			3c000000 1800 010c 01000000 00000000
			02 20 00 00 fe 10 fd 01 00000000
			0800 0100 0a000001
			0800 0400 07000000
			0800 0700 c0000205
			0800 0600 00040000`},
		{"delete route", func(q *queue) { q.deleteRoute(7, router) }, `
			3c000000 1900 0100 01000000 00000000
			02 00 00 00 fe 10 00 01 00000000
			0800 0500 c0000201
			0800 0400 07000000
			0800 0700 c0000205
			0800 0600 00040000`},
		{"promote secondaries", func(q *queue) { q.promote(7, addr.Prefix) }, `
			34000000 1300 0100 01000000 00000000
			00 00 0000 07000000 00000000 00000000
			1400 1a80
			  1000 0280
			    0c00 0180
			      0800 1400 01000000`},
		{"list links", func(q *queue) { q.dumpLinks() }, `
			28000000 1200 0103 01000000 00000000
			00 00 0000 00000000 00000000 00000000
			0800 1d00 08000000`},
		{"list addresses", func(q *queue) { q.dumpAddrs() }, `
			18000000 1600 0103 01000000 00000000
			02 00 00 00 00000000`},
		{"list routes that could be ours", func(q *queue) { q.dumpRoutes() }, `
			1c000000 1a00 0103 01000000 00000000
			02 00 00 00 fe 10 00 00 00000000`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var q queue
			tt.queue(&q)
			if diff := cmp.Diff(bytesOf(t, tt.want), q.bytes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestQueueKeepsWhereMessagesEnd(t *testing.T) {
	q := queue{seq: 41}
	q.up(7)
	q.mtu(8, 1400)
	var seqs []uint32
	for m := range messages(q.bytes) {
		seqs = append(seqs, m.seq)
	}
	if diff := cmp.Diff([]uint32{42, 43}, seqs); diff != "" {
		t.Error(diff)
	}
	if q.requests[0].end != 32 || q.requests[1].end != len(q.bytes) {
		t.Errorf("ends %d and %d of %d", q.requests[0].end, q.requests[1].end, len(q.bytes))
	}
}

func attr(typ uint16, value string) string {
	b := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
	b = binary.NativeEndian.AppendUint16(b, typ)
	return string(b) + value + strings.Repeat("\x00", align(len(value))-len(value))
}

func num(v uint32) string { return string(binary.NativeEndian.AppendUint32(nil, v)) }

func TestParseLink(t *testing.T) {
	header := string([]byte{unix.AF_UNSPEC, 0, 1, 0}) + num(7) + num(0x1043) + num(0)
	for _, tt := range []struct {
		name string
		body string
		want *Link // nil if the message is not taken
	}{
		{"bare", header, &Link{Index: 7, Type: 1, Flags: 0x1043}},
		{
			"all",
			header + attr(unix.IFLA_IFNAME, "eth0\x00") + attr(unix.IFLA_ADDRESS, "\x02\x00\x00\x00\x00\x01") +
				attr(unix.IFLA_MTU, num(1500)) + attr(unix.IFLA_MIN_MTU, num(68)) + attr(unix.IFLA_MAX_MTU, num(9000)) +
				attr(unix.IFLA_MASTER, num(3)) + attr(unix.IFLA_CARRIER_DOWN_COUNT, num(4)) + attr(unix.IFLA_LINKINFO|unix.NLA_F_NESTED, attr(unix.IFLA_INFO_KIND, "veth\x00")),
			&Link{
				Index: 7, Name: "eth0", HardwareAddr: [6]byte{2, 0, 0, 0, 0, 1}, Type: 1, Flags: 0x1043,
				MTU: 1500, MinMTU: 68, MaxMTU: 9000, Master: 3, CarrierLost: 4, Kind: "veth",
			},
		},
		{"a name without its end", header + attr(unix.IFLA_IFNAME, "eth0"), &Link{Index: 7, Type: 1, Flags: 0x1043, Name: "eth0"}},
		{"a hardware address of another length", header + attr(unix.IFLA_ADDRESS, strings.Repeat("\x01", 20)), &Link{Index: 7, Type: 1, Flags: 0x1043}},
		{"a maximum that says there is none", header + attr(unix.IFLA_MAX_MTU, num(0xffffffff)), &Link{Index: 7, Type: 1, Flags: 0x1043}},
		{"an attribute that is cut off", (header + attr(unix.IFLA_MTU, num(1500)))[:22], &Link{Index: 7, Type: 1, Flags: 0x1043}},
		{"a number of another length", header + attr(unix.IFLA_MTU, "\x01\x02"), &Link{Index: 7, Type: 1, Flags: 0x1043}},
		{"a wireless event", header + attr(unix.IFLA_IFNAME, "wlan0\x00") + attr(unix.IFLA_WIRELESS, "...."), nil},
		{"a bridge's view of its port", string(rune(unix.AF_BRIDGE)) + header[1:], nil},
		{"no index", header[:4] + num(0) + header[8:], nil},
		{"a negative index", header[:4] + num(1<<31) + header[8:], nil},
		{"a header that is cut off", header[:15], nil},
		{"nothing", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			index, ok := linkHeader([]byte(tt.body))
			var got Link
			if ok {
				got, ok = parseLink([]byte(tt.body), &Link{Name: "eth0", Kind: "veth"})
			}
			if ok != (tt.want != nil) {
				t.Fatalf("taken: %v", ok)
			}
			if !ok {
				return
			}
			if diff := cmp.Diff(*tt.want, got); diff != "" || index != tt.want.Index {
				t.Errorf("index %d: %s", index, diff)
			}
		})
	}
}

func TestParseRoute(t *testing.T) {
	header := string([]byte{unix.AF_INET, 0, 0, 0, unix.RT_TABLE_MAIN, unix.RTPROT_DHCP, 0, unix.RTN_UNICAST}) + num(0)
	attrs := attr(unix.RTA_OIF, num(7)) + attr(unix.RTA_GATEWAY, "\xc0\x00\x02\x01") +
		attr(unix.RTA_PREFSRC, "\xc0\x00\x02\x05") + attr(unix.RTA_PRIORITY, num(1<<31))
	want := existingRoute{index: 7, route: route{Route: defaultVia("192.0.2.1"), source: netip.MustParseAddr("192.0.2.5"), metric: 1 << 31}}
	got, ok := parseRoute([]byte(header + attrs))
	if !ok || got != want {
		t.Errorf("%+v, %v, want %+v", got, ok, want)
	}
	for name, body := range map[string]string{
		"another family":    "\x0a" + header[1:] + attrs,
		"another table":     header[:4] + "\xff" + header[5:] + attrs,
		"another protocol":  header[:5] + "\x03" + header[6:] + attrs,
		"another type":      header[:7] + "\x06" + header[8:] + attrs,
		"a type of service": header[:3] + "\x10" + header[4:] + attrs,
		"no such length":    header[:1] + "\x21" + header[2:] + attrs,
		"cut off":           header[:11],
	} {
		if got, ok := parseRoute([]byte(body)); ok {
			t.Errorf("%s: taken as %+v", name, got)
		}
	}
}

func TestParseAddr(t *testing.T) {
	header := string([]byte{unix.AF_INET, 24, unix.IFA_F_PERMANENT, 0}) + num(7)
	local := attr(unix.IFA_LOCAL, "\xc0\x00\x02\x05")
	foreign := existingAddr{index: 7, prefix: netip.MustParsePrefix("192.0.2.5/24"), foreign: true}
	ours := existingAddr{index: 7, prefix: foreign.prefix, broadcast: netip.MustParseAddr("192.0.2.255")}
	for _, tt := range []struct {
		name, body string
		want       existingAddr
	}{
		{"there for good", header + local, foreign},
		{"by the kernel", header + local + attr(11, "\x01"), foreign},
		{"ours", header + local + attr(unix.IFA_BROADCAST, "\xc0\x00\x02\xff") + attr(11, "\x10"), ours},
		{"limited", header[:2] + "\x00" + header[3:] + local + attr(unix.IFA_BROADCAST, "\xc0\x00\x02\xff"), ours},
	} {
		if got, ok := parseAddr([]byte(tt.body)); !ok || got != tt.want {
			t.Errorf("%s: %+v, %v, want %+v", tt.name, got, ok, tt.want)
		}
	}
	for name, body := range map[string]string{
		"another family": "\x0a" + header[1:] + local,
		"no address":     header,
		"no such length": header[:1] + "\x21" + header[2:] + local,
		"short":          header + attr(unix.IFA_LOCAL, "\xc0\x00"),
		"cut off":        header[:7],
	} {
		if got, ok := parseAddr([]byte(body)); ok {
			t.Errorf("%s: taken as %+v", name, got)
		}
	}
}

// FuzzMessages: whatever arrives, nothing is read that is not there, and a link
// that is taken has an index.
func FuzzMessages(f *testing.F) {
	var q queue
	q.dumpLinks()
	q.promote(7, netip.MustParsePrefix("192.0.2.5/24"))
	f.Add(q.bytes)
	header := string([]byte{unix.AF_UNSPEC, 0, 1, 0}) + num(7) + num(0x1043) + num(0)
	body := header + attr(unix.IFLA_IFNAME, "eth0\x00") + attr(unix.IFLA_LINKINFO, attr(unix.IFLA_INFO_KIND, "veth\x00"))
	f.Add([]byte(num(uint32(16+len(body))) + "\x10\x00\x00\x00" + num(1) + num(0) + body))
	f.Fuzz(func(t *testing.T, b []byte) {
		for m := range messages(b) {
			m.errno()
			parseAddr(m.body)
			parseRoute(m.body)
			index, ok := linkHeader(m.body)
			if !ok {
				continue
			}
			l, ok := parseLink(m.body, &Link{Name: "eth0"})
			if ok && (index <= 0 || l.Index != index || strings.ContainsRune(l.Name, 0) || l.MTU < 0) {
				t.Errorf("%+v", l)
			}
		}
	})
}
