package packet_test

import (
	"net"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

var (
	ours    = netip.MustParseAddr("192.0.2.50")
	ours2   = netip.MustParseAddr("198.51.100.7")
	theirs  = netip.MustParseAddr("192.0.2.1")
	nobody  = netip.IPv4Unspecified()
	foreign = dhcp4.HardwareAddr{2, 0, 0, 0, 0, 9}
)

func (r *rig) watch(t *testing.T, probes bool, addrs ...netip.Addr) {
	t.Helper()
	r.client.Do(t, func() {
		if err := r.sockets.Watch(addrs, probes); err != nil {
			t.Fatal(err)
		}
	})
}

func arp(sender, target netip.Addr) []byte {
	return dhcp4.AppendARP(nil, &dhcp4.ARP{SenderHW: foreign, SenderIP: sender, TargetIP: target})
}

func to(dst net.HardwareAddr, frame []byte) []byte {
	copy(frame, dst)
	return frame
}

// Only a claim to one of our addresses wakes us: not the questions and answers
// of a busy network, not even those about our addresses.
func TestKernelFilterPassesClaimsOnly(t *testing.T) {
	rfc.Shows(t, "H-RATE-02")
	r := newRig(t)
	r.watch(t, false, ours)
	r.watch(t, true, ours2, ours) // what counts was said last
	wire := r.rawSocket(t, "lan0")
	mac := r.client.Link(t, "eth0").Attrs().HardwareAddr
	for _, tc := range []struct {
		name  string
		frame []byte
		pass  bool
	}{
		{"announcement", arp(ours, ours), true},
		{"the other address", arp(ours2, theirs), true},
		{"answer to us alone", to(mac, arp(ours, theirs)), true},
		{"probe", arp(nobody, ours2), true},
		{"question about our address", arp(theirs, ours), false},
		{"question about another", arp(theirs, theirs), false},
		{"probe for another", arp(nobody, theirs), false},
		{"to another host", to(net.HardwareAddr{2, 0, 0, 0, 0, 0x77}, arp(ours, theirs)), false},
		{"IPv4", frame(everyone), false},
		{"too short", arp(ours, ours)[:30], false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			marker := arp(ours, nobody)
			for _, f := range [][]byte{tc.frame, marker} {
				if _, err := unix.Write(wire, f); err != nil {
					t.Fatal(err)
				}
			}
			// The cable keeps the order.
			var got []message
			for len(got) == 0 || string(got[len(got)-1].data) != string(marker) {
				got = append(got, r.receive(t, 1)...)
			}
			if pass := len(got) == 2; pass != tc.pass {
				t.Errorf("passed %v, want %v", pass, tc.pass)
			}
			for _, m := range got {
				if !m.ARP || m.Index != r.index || m.Outgoing || m.VLAN {
					t.Errorf("came as %+v", m.In)
				}
			}
		})
	}
}

// Once an address is in use the kernel answers those who ask for it.
func TestKernelFilterStopsProbes(t *testing.T) {
	r := newRig(t)
	r.watch(t, false, ours)
	wire := r.rawSocket(t, "lan0")
	for _, f := range [][]byte{arp(nobody, ours), arp(ours, theirs)} {
		if _, err := unix.Write(wire, f); err != nil {
			t.Fatal(err)
		}
	}
	if p, _ := dhcp4.ParseARP(r.receive(t, 1)[0].data); p.SenderIP != ours {
		t.Errorf("a probe passed: %+v", p)
	}
}

// A kernel takes a filter of that size, and a larger one is not needed.
func TestWatchManyAddresses(t *testing.T) {
	r := newRig(t)
	wire := r.rawSocket(t, "lan0")
	many := make([]netip.Addr, 0, 1500)
	for a := netip.MustParseAddr("10.0.0.1"); len(many) < cap(many); a = a.Next() {
		many = append(many, a)
	}
	for _, n := range []int{1000, 1500} {
		r.watch(t, true, many[:n]...)
		if _, err := unix.Write(wire, arp(many[n-1], many[n-1])); err != nil {
			t.Fatal(err)
		}
		if m := r.receive(t, 1)[0]; !m.ARP {
			t.Errorf("%d addresses: came as %+v", n, m.In)
		}
	}
}

// ARP leaves by the socket for it, in one batch with what else leaves.
func TestSendARP(t *testing.T) {
	r := newRig(t)
	out := []packet.Out{{Index: r.index, Frame: arp(ours, ours), ARP: true}}
	if r.sockets.Send(out); out[0].Err == nil {
		t.Error("sent before any address was watched")
	}
	r.watch(t, false, ours)
	r.listen(t, true, false)
	wire := r.rawSocket(t, "lan0")
	out = []packet.Out{
		{Index: r.index, Frame: arp(ours, ours), ARP: true},
		{Index: r.index, Frame: frame(everyone)},
		{Index: r.index, Frame: arp(nobody, ours), ARP: true},
	}
	r.sockets.Send(out)
	buf := make([]byte, 2048)
	for i := range out {
		if out[i].Err != nil {
			t.Fatalf("frame %d: %v", i, out[i].Err)
		}
		n, err := unix.Read(wire, buf)
		if err != nil || string(buf[:n]) != string(out[i].Frame) {
			t.Fatalf("frame %d came as % x, %v", i, buf[:n], err)
		}
	}
}
