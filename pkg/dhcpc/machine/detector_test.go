package machine

import (
	"math"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

var foreignMAC = dhcp4.HardwareAddr{2, 0, 0, 0, 0, 9}

// detect begins to watch our address at second 0.
func detect(random uint32, s Standing, stubborn bool) *Detector {
	d := &Detector{}
	d.Watch(0, us, s, stubborn, func() uint32 { return random })
	return d
}

// sends runs the detector until the given second and returns when it sent
// probes and announcements, in seconds.
func (d *Detector) sends(t *testing.T, until float64) (probes, announcements []float64) {
	t.Helper()
	for d.Deadline() <= sec(until) {
		now := d.Deadline()
		d.Timer(now)
		p, ok := d.Outgoing(now, mac)
		if !ok {
			if d.Deadline() <= now {
				t.Fatalf("at %v: neither sends nor sleeps", now)
			}
			continue
		}
		if p.SenderHW != mac || p.Reply || p.TargetIP != us || p.TargetHW != (dhcp4.HardwareAddr{}) {
			t.Errorf("at %v: sent %+v", now, p)
		}
		switch p.SenderIP {
		case zero:
			probes = append(probes, now.Seconds())
		case us:
			announcements = append(announcements, now.Seconds())
		}
		d.Sent(now)
	}
	return probes, announcements
}

// Three probes, 0 to 1 s after the start and 1 to 2 s apart; 2 s of silence
// after the last the address is ours, and announced twice. Then nothing more.
func TestProbeAndAnnounce(t *testing.T) {
	rfc.Shows(t, "R5227-2.1.1-02", "R5227-2.1.1-03", "R5227-2.1.1-08", "R5227-2.3-01", "R2131-4.4.1-21", "R5227-2.1-02")
	for _, tt := range []struct {
		random   uint32
		probes   []float64
		announce []float64
	}{
		{lowest, []float64{0, 1, 2}, []float64{4, 6}},
		{middle, []float64{.5, 2, 3.5}, []float64{5.5, 7.5}},
		{highest, []float64{1, 3, 5}, []float64{7, 9}},
	} {
		d := detect(tt.random, Tentative, false)
		clearAt := tt.announce[0]
		probes, early := d.sends(t, clearAt-.1)
		if d.Clear() || len(early) > 0 {
			t.Errorf("clear before %v s", clearAt)
		}
		_, announcements := d.sends(t, clearAt+.1)
		if !d.Clear() {
			t.Errorf("not clear at %v s", clearAt)
		}
		_, rest := d.sends(t, 24*3600)
		same(t, probes, tt.probes)
		same(t, append(announcements, rest...), tt.announce)
		if len(probes) != 3 || len(announcements)+len(rest) != 2 || d.Deadline() != Never {
			t.Errorf("sent %v and %v, deadline %v", probes, append(announcements, rest...), d.Deadline())
		}
	}
}

// Whatever claims the address while it is probed means that it is in use, as a
// request and as a reply, from the first moment to the last.
func TestConflictWhileProbing(t *testing.T) {
	rfc.Shows(t, "R5227-2.1.1-04")
	for _, at := range []float64{0, .7, 1.5, 2.5, 3.9} {
		for _, reply := range []bool{false, true} {
			for _, standing := range []Standing{Candidate, Tentative} {
				d := detect(lowest, standing, true)
				d.sends(t, at)
				if d.Receive(sec(at), &dhcp4.ARP{Reply: reply, SenderHW: foreignMAC, SenderIP: us, TargetIP: srv1}) != InConflict {
					t.Errorf("at %v s, reply %v, standing %d: no conflict", at, reply, standing)
				}
			}
		}
	}
}

// Somebody who probes the same address wants it as well. But once it is in use
// the kernel answers, and the other goes away.
func TestForeignProbe(t *testing.T) {
	rfc.Shows(t, "R5227-2.1.1-05")
	theirs := &dhcp4.ARP{SenderHW: foreignMAC, SenderIP: zero, TargetIP: us}
	for _, tt := range []struct {
		what     string
		standing Standing
		at       float64
		p        *dhcp4.ARP
		conflict bool
	}{
		{"probing", Candidate, 1.5, theirs, true},
		{"probing, in use", Tentative, 1.5, theirs, false},
		{"announced", Candidate, 10, theirs, false},
		{"for another address", Candidate, 1.5, &dhcp4.ARP{SenderHW: foreignMAC, SenderIP: zero, TargetIP: srv1}, false},
		{"a reply", Candidate, 1.5, &dhcp4.ARP{Reply: true, SenderHW: foreignMAC, SenderIP: zero, TargetIP: us}, false},
		{"a question of a neighbour", Candidate, 1.5, &dhcp4.ARP{SenderHW: foreignMAC, SenderIP: srv1, TargetIP: us}, false},
	} {
		d := detect(lowest, tt.standing, false)
		d.sends(t, tt.at)
		if got := d.Receive(sec(tt.at), tt.p); (got == InConflict) != tt.conflict {
			t.Errorf("%s: conflict %v", tt.what, got)
		}
	}
}

// claims lets a foreign host claim the address at each of the given seconds. It
// returns when the address was announced in defence, and when it was given up.
func (d *Detector) claims(t *testing.T, at ...float64) (defended []float64, lost float64) {
	t.Helper()
	for _, s := range at {
		d.sends(t, s)
		if d.Receive(sec(s), &dhcp4.ARP{SenderHW: foreignMAC, SenderIP: us, TargetIP: us}) == InConflict {
			return defended, s
		}
		_, now := d.sends(t, s)
		defended = append(defended, now...)
	}
	return defended, math.Inf(1)
}

// The address is defended once; who claims it again within 10 s gets it.
func TestDefence(t *testing.T) {
	rfc.Shows(t, "R5227-2.4-01", "R5227-2.4-02")
	defended, lost := detect(lowest, Tentative, false).claims(t, 100, 105)
	if !slices.Equal(defended, []float64{100}) || lost != 105 {
		t.Errorf("claimed at 100 and 105 s: defended at %v, lost at %v", defended, lost)
	}
	defended, lost = detect(lowest, Tentative, false).claims(t, 100, 115)
	if !slices.Equal(defended, []float64{100, 115}) || !math.IsInf(lost, 1) {
		t.Errorf("claimed at 100 and 115 s: defended at %v, lost at %v", defended, lost)
	}
}

// An address without which the machine cannot live is defended for ever, but
// not more often than every 10 s.
func TestStubbornDefence(t *testing.T) {
	rfc.Shows(t, "R5227-2.4-03")
	var each []float64
	for s := 100.0; s < 160; s++ {
		each = append(each, s)
	}
	defended, lost := detect(lowest, Tentative, true).claims(t, each...)
	if !slices.Equal(defended, []float64{100, 110, 120, 130, 140, 150}) || !math.IsInf(lost, 1) {
		t.Errorf("defended at %v, lost at %v", defended, lost)
	}
}

// A link without carrier for a while does not lose the address that the machine
// lives on to whoever came meanwhile.
func TestStubbornAfterCarrier(t *testing.T) {
	d := detect(lowest, Established, true)
	if defended, lost := d.claims(t, 1.5, 3, 12); !slices.Equal(defended, []float64{1.5, 12}) || !math.IsInf(lost, 1) {
		t.Errorf("defended at %v, lost at %v", defended, lost)
	}
	if _, lost := detect(lowest, Established, false).claims(t, 1.5); lost != 1.5 {
		t.Errorf("an address that may go was lost at %v", lost)
	}
}

// The same claim twice before the answer has left is one.
func TestClaimsBeforeTheAnswer(t *testing.T) {
	d := detect(lowest, Tentative, false)
	d.sends(t, 100)
	claim := &dhcp4.ARP{SenderHW: foreignMAC, SenderIP: us, TargetIP: us}
	for i, want := range []Verdict{Contested, Harmless} {
		if got := d.Receive(sec(100), claim); got != want {
			t.Errorf("claim %d: verdict %d, want %d", i, got, want)
		}
	}
	if _, now := d.sends(t, 100); len(now) != 1 {
		t.Errorf("announced %d times", len(now))
	}
}

func TestNothingToWatch(t *testing.T) {
	d := detect(lowest, Candidate, false)
	d.Stop()
	if _, due := d.Outgoing(sec(5), mac); due || d.Deadline() != Never || d.Addr() != (netip.Addr{}) || d.Clear() {
		t.Errorf("stopped, but %+v", d)
	}
	if d.Receive(sec(1), &dhcp4.ARP{SenderHW: foreignMAC, SenderIP: us}) != Harmless {
		t.Error("a conflict about nothing")
	}
	if d.Receive(sec(1), &dhcp4.ARP{SenderHW: foreignMAC}) != Harmless {
		t.Error("a conflict about no address")
	}
	if d.Timer(time.Hour) {
		t.Error("clear")
	}
}
