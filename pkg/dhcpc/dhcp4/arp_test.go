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

// probe is the frame of RFC 5227 section 2.1.1 for 192.0.2.50, from 02:…:01.
var probe = strings.Join([]string{
	"ffffffffffff 020000000001 0806", // to everyone
	"0001 0800 06 04 0001",           // Ethernet, IPv4, request
	"020000000001 00000000",          // sender: our MAC address, no IP address
	"000000000000 c0000232",          // target
}, "")

func TestARPProbe(t *testing.T) {
	rfc.Shows(t, "R5227-2.1.1-01", "R2131-4.4.1-20")
	p := dhcp4.ARP{
		SenderHW: dhcp4.HardwareAddr{2, 0, 0, 0, 0, 1},
		SenderIP: netip.IPv4Unspecified(),
		TargetIP: netip.MustParseAddr("192.0.2.50"),
	}
	want := unhex(probe)
	if got := dhcp4.AppendARP(nil, &p); !bytes.Equal(got, want) || len(got) != dhcp4.ARPFrameLen {
		t.Errorf("got %x\nwant %x", got, want)
	}
	got, ok := dhcp4.ParseARP(append(want, make([]byte, 18)...)) // as long as a frame must be
	if diff := cmp.Diff(p, got, cmpopts.EquateComparable(netip.Addr{})); !ok || diff != "" {
		t.Errorf("ok %v, -want +got:\n%s", ok, diff)
	}
}

// What is not ARP for IPv4 on Ethernet, or names no host as its sender, says nothing.
func TestARPRefused(t *testing.T) {
	rfc.Shows(t, "P-AC-06")
	for what, change := range map[string]func(b []byte) []byte{
		"short":               func(b []byte) []byte { return b[:41] },
		"empty":               func(b []byte) []byte { return nil },
		"another ethertype":   func(b []byte) []byte { b[13] = 0; return b },
		"another hardware":    func(b []byte) []byte { b[15] = 6; return b },
		"another protocol":    func(b []byte) []byte { b[17] = 6; return b },
		"longer MAC address":  func(b []byte) []byte { b[18] = 8; return b },
		"longer IP address":   func(b []byte) []byte { b[19] = 16; return b },
		"operation 0":         func(b []byte) []byte { b[21] = 0; return b },
		"operation 3":         func(b []byte) []byte { b[21] = 3; return b },
		"sent by a group":     func(b []byte) []byte { b[22] = 3; return b },
		"sent by nobody":      func(b []byte) []byte { clear(b[22:28]); return b },
		"operation high byte": func(b []byte) []byte { b[20] = 1; return b },
	} {
		if p, ok := dhcp4.ParseARP(change(unhex(probe))); ok {
			t.Errorf("%s: read as %+v", what, p)
		}
	}
	// The Ethernet source may be a bridge's or a wireless access point's.
	b := unhex(probe)
	b[11] = 0x99
	if _, ok := dhcp4.ParseARP(b); !ok {
		t.Error("refused for its Ethernet source")
	}
}

func TestARPAllocatesNothing(t *testing.T) {
	frame := unhex(probe)
	buf := make([]byte, 0, dhcp4.ARPFrameLen)
	if n := testing.AllocsPerRun(100, func() {
		p, _ := dhcp4.ParseARP(frame)
		buf = dhcp4.AppendARP(buf[:0], &p)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzParseARP(f *testing.F) {
	f.Add(unhex(probe))
	reply := unhex(probe)
	reply[21] = 2
	f.Add(reply)
	f.Fuzz(func(t *testing.T, frame []byte) {
		p, ok := dhcp4.ParseARP(frame)
		if !ok {
			return
		}
		again, ok := dhcp4.ParseARP(dhcp4.AppendARP(nil, &p))
		if !ok || again != p {
			t.Errorf("%+v became %+v", p, again)
		}
	})
}
