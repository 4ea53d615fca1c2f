package machine

import (
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// Answers are asked for at the future address first. When three messages in a
// row found none, the next three ask for them by broadcast, and so on: there are
// NICs, switches and hypervisors that drop the one, and others that drop the other.

func TestUnansweredAsksTheOtherWay(t *testing.T) {
	rfc.Shows(t, "P-SA-01", "R2131-4.1-05", "P-RT-02", "R2131-4.1-10", "R2131-4.4.1-03", "R1542-3.2-01")
	s := play(t, middle, Config{}).at(0)
	s.step(LinkUp{})
	var xid uint32
	for i, at := range []float64{0, 1.5, 3.25, 8.25, 13.25, 18.25, 23.25, 28.25, 33.25, 38.25} { // the usual schedule
		d := s.at(at).sends(dhcp4.KindDiscover)
		if want := i/3%2 == 1; d.Broadcast != want {
			t.Errorf("DISCOVER %d asks for broadcast: %v", i+1, d.Broadcast)
		}
		// A repetition repeats its message; one that asks another way is another.
		if same := d.Xid == xid; same != (i%3 != 0) {
			t.Errorf("DISCOVER %d has the xid of the one before it: %v", i+1, same)
		}
		if xid = d.Xid; int(d.Secs) != int(at) || d.First != (i == 0) {
			t.Errorf("DISCOVER %d at %v: %+v", i+1, at, d)
		}
	}
}

// Who was told to ask for broadcast does not ask another way.
func TestBroadcastByConfiguration(t *testing.T) {
	s := play(t, middle, Config{Identity: dhcp4.Identity{Broadcast: true}}).at(0)
	s.step(LinkUp{})
	first := s.sends(dhcp4.KindDiscover)
	for _, at := range []float64{1.5, 3.25, 8.25, 13.25} {
		if d := s.at(at).sends(dhcp4.KindDiscover); d.Xid != first.Xid {
			t.Errorf("DISCOVER at %v has another xid", at)
		}
	}
}

// What worked is kept, for REQUEST and for later exchanges.
func TestTheWayThatWorkedIsKept(t *testing.T) {
	rfc.Shows(t, "R2131-4.1-06", "R2131-3.1-02")
	s := play(t, middle, Config{}).at(0)
	s.step(LinkUp{})
	for _, at := range []float64{0, 1.5, 3.25, 8.25} {
		s.at(at).sends(dhcp4.KindDiscover)
	}
	s.hears(dhcp4.Offer)
	if r := s.sends(dhcp4.KindSelecting); !r.Broadcast || r.Secs != 8 {
		t.Errorf("REQUEST is %+v", r)
	}
	s.hears(dhcp4.Ack).step(Installed{})
	// These are answered at the address that is held.
	if r := s.at(8.25 + 1800).sends(dhcp4.KindRenewing); r.Broadcast {
		t.Error("a renewal asks for broadcast")
	}
	s.at(1810).step(LinkDown{})
	s.at(1820).step(LinkUp{})
	if r := s.sends(dhcp4.KindInitReboot); !r.Broadcast {
		t.Error("forgotten what worked")
	}
}

// Of an offer that came by broadcast all the same, as some servers send all
// theirs, the ACK may be what is lost.
func TestAnUnansweredRequestAsksTheOtherWay(t *testing.T) {
	s := play(t, middle, Config{}).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer)
	for _, at := range []float64{0, 1.5, 3.25, 8.25} {
		if s.at(at).sends(dhcp4.KindSelecting).Broadcast {
			t.Errorf("REQUEST at %v differs from the DISCOVER", at)
		}
	}
	s.at(13.25).in(Init).becomes(Unchanged, ReasonSilence)
	if d := s.sends(dhcp4.KindDiscover); !d.Broadcast || d.Secs != 0 || !d.First {
		t.Errorf("DISCOVER is %+v", d)
	}
}

// A network that does not know an address is silent about it: that says nothing.
func TestAnUnansweredRebootChangesNothing(t *testing.T) {
	s := playWith(t, middle, Config{}, stored(), false).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindInitReboot)
	s.at(1.5).sends(dhcp4.KindInitReboot)
	if d := s.at(3.5).sends(dhcp4.KindDiscover); d.Broadcast {
		t.Errorf("DISCOVER is %+v", d)
	}
}

// DECLINE and RELEASE are not answered.
func TestDeclineNeverAsksForBroadcast(t *testing.T) {
	rfc.Shows(t, "R2131-T5-04")
	s := play(t, middle, Config{}).at(0)
	s.m.broadcast = true
	s.toBound().step(Conflict{})
	if d := s.sends(dhcp4.KindDecline); d.Broadcast {
		t.Errorf("DECLINE is %+v", d)
	}
	s = play(t, middle, Config{}).at(0)
	s.m.broadcast = true
	s.toBound().step(Release{})
	if d := s.sends(dhcp4.KindRelease); d.Broadcast {
		t.Errorf("RELEASE is %+v", d)
	}
}
