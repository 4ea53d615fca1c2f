package dhcptest

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// seen is what a witness makes of a message as a frame.
func seen(w *Witness, at time.Duration, m *Message) (*Message, error) {
	d := datagram{hwSrc: m.Link.hw, hwDst: m.HWDst, src: m.Src, dst: m.Dst, payload: m.Payload}
	return w.See(at, Frame{Data: d.frame()})
}

// An acquisition read off the wire is right only if each message fits those
// before it, the server's included.
func TestWitnessFollowsAConversation(t *testing.T) {
	const xid = 77
	named := func(m *Message) *Message {
		binary.BigEndian.PutUint32(m.Payload[4:], xid)
		return m
	}
	srv := &Server{ID: netip.MustParseAddr("192.0.2.1"), Subnet: netip.MustParsePrefix("192.0.2.0/24"), First: netip.MustParseAddr("192.0.2.50")}
	for _, offered := range []bool{true, false} {
		w := &Witness{}
		m, err := seen(w, 0, named(build(t, dhcp4.KindDiscover)))
		if err != nil || m.Kind != dhcp4.KindDiscover {
			t.Fatalf("%v, %v", m, err)
		}
		if frames := srv.Answer(0, m); offered {
			if m, err := w.See(0, frames[0]); m != nil || err != nil {
				t.Errorf("the server's OFFER is taken for %v, %v", m, err)
			}
		}
		m, err = seen(w, 0, named(build(t, dhcp4.KindSelecting)))
		if m == nil || m.Kind != dhcp4.KindSelecting || offered != (err == nil) {
			t.Errorf("offered %v: %v, %v", offered, m, err)
		}
	}
}

func TestWitnessFindsWhatIsWrong(t *testing.T) {
	m := build(t, dhcp4.KindDiscover)
	m.Payload[16] = 1 // yiaddr
	if m, err := seen(&Witness{}, 0, m); m == nil || err == nil {
		t.Errorf("%v, %v", m, err)
	}
	// And what it is not about it leaves alone.
	other := datagram{src: netip.MustParseAddrPort("192.0.2.9:53"), dst: netip.MustParseAddrPort("192.0.2.8:53")}
	for _, data := range [][]byte{nil, make([]byte, 42), other.frame()} {
		if m, err := (&Witness{}).See(0, Frame{Data: data}); m != nil || err != nil {
			t.Errorf("% x: %v, %v", data, m, err)
		}
	}
}
