package machine

import (
	"math"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// discovers lets a script run with a silent server and gives the first n gaps
// between its DISCOVERs in seconds.
func (s *script) discovers(n int) (gaps []float64) {
	s.Helper()
	s.at(100).step(LinkUp{})
	for range n + 1 {
		last := s.now
		s.at(s.m.Deadline().Seconds()).sends(dhcp4.KindDiscover)
		gaps = append(gaps, (s.now - last).Seconds())
	}
	return gaps[1:]
}

// same compares gaps with those wanted.
func same(t *testing.T, got, want []float64) {
	t.Helper()
	for i, g := range got {
		if math.Abs(g-want[i]) > 0.001 {
			t.Errorf("gap %d is %.3f s, want %.3f", i+1, g, want[i])
		}
	}
}

// The seed's table; its last gap repeats until the carrier is a minute old, then
// the gaps double. Each is varied by a fifth.
func TestDiscoverSchedule(t *testing.T) {
	rfc.Shows(t, "P-RT-02", "R2131-4.1-20", "R2131-4.1-21", "P-DN-02")
	for random, factor := range map[uint32]float64{lowest: .8, middle: 1, highest: 1.2} {
		want, carrier := []float64{1.5 * factor, 1.75 * factor}, 3.25*factor
		for ; carrier < 60; carrier += 5 * factor {
			want = append(want, 5*factor)
		}
		for _, gap := range []float64{10, 20, 40, 64, 64, 64} {
			want = append(want, gap*factor)
		}
		same(t, play(t, random, Config{}).discovers(len(want)), want)
	}
}

func TestRFCSchedule(t *testing.T) {
	rfc.Shows(t, "R2131-4.1-22", "R2131-4.1-23", "R2131-4.1-24", "R2131-4.1-25", "P-RT-01")
	c := Config{Schedule: Schedule{RFC: true, Gaps: []time.Duration{time.Second}}}
	for random, shift := range map[uint32]float64{lowest: -1, middle: 0, highest: 1} {
		want := []float64{4, 8, 16, 32, 64, 64, 64}
		for i := range want {
			want[i] += shift
		}
		same(t, play(t, random, c).discovers(len(want)), want)
	}
}

func TestOwnGaps(t *testing.T) {
	c := Config{Schedule: Schedule{Gaps: []time.Duration{2 * time.Second, 30 * time.Second}}}
	same(t, play(t, middle, c).discovers(6), []float64{2, 30, 30, 60, 64, 64})
	// A last gap above the longest is not shortened.
	c.Schedule.Gaps = []time.Duration{100 * time.Second}
	same(t, play(t, middle, c).discovers(3), []float64{100, 100, 100})
}

func TestDiscoverSecs(t *testing.T) {
	rfc.Shows(t, "R2131-T5-03", "R1542-3.2-01", "R2131-4.1-10", "P-RT-22")
	s := play(t, middle, Config{Schedule: Schedule{RFC: true}}).at(0)
	s.step(LinkUp{})
	first := s.sends(dhcp4.KindDiscover)
	for _, at := range []float64{4, 12, 28, 60, 124} {
		d := s.at(at).sends(dhcp4.KindDiscover)
		repeats := at < 28 // the fourth asks another way, in an exchange of its own
		if want := uint16(s.now / time.Second); d.Secs != want || (d.Xid == first.Xid) != repeats || d.First {
			t.Errorf("DISCOVER at %v is %+v", at, d)
		}
	}
	s.resumes(70000)
	if d := s.sends(dhcp4.KindDiscover); d.Secs != 65535 {
		t.Errorf("secs after 70000 s is %d", d.Secs)
	}
}

func TestRequestSecs(t *testing.T) {
	rfc.Shows(t, "R2131-3.1-02")
	s := play(t, middle, Config{Schedule: Schedule{RFC: true}}).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindDiscover)
	s.now = sec(4.5) // held back a little
	if d := s.sends(dhcp4.KindDiscover); d.Secs != 4 {
		t.Errorf("DISCOVER has secs %d", d.Secs)
	}
	s.at(6.7).hears(dhcp4.Offer)
	r := s.sends(dhcp4.KindSelecting)
	again := s.at(10.7).sends(dhcp4.KindSelecting)
	if r.Secs != 4 || again.Secs != 4 {
		t.Errorf("REQUESTs have secs %d and %d, their DISCOVER had 4", r.Secs, again.Secs)
	}
}

func TestRequestSchedule(t *testing.T) {
	rfc.Shows(t, "R2131-3.1-05")
	s := play(t, middle, Config{}).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer)
	r := s.sends(dhcp4.KindSelecting)
	for _, at := range []float64{1.5, 3.25, 8.25} {
		if again := s.at(at).sends(dhcp4.KindSelecting); again.Outgoing != r.Outgoing {
			t.Errorf("repetition %+v differs from %+v", again, r)
		}
	}
	s.quiet().at(13.25).in(Init).due(13.25)
}

func TestRebootSchedule(t *testing.T) {
	s := playWith(t, middle, Config{Schedule: Schedule{RFC: true}}, stored(), false).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindInitReboot)
	s.at(4).sends(dhcp4.KindInitReboot)
	s.quiet().at(12).in(Init).due(12)
	for random, factor := range map[uint32]float64{lowest: .8, highest: 1.2} {
		s := playWith(t, random, Config{}, stored(), false).at(0)
		s.step(LinkUp{})
		s.sends(dhcp4.KindInitReboot)
		s.at(1.5 * factor).sends(dhcp4.KindInitReboot)
		s.due(3.5 * factor)
	}
}

// Half of what remains, not less than a minute, and T2 and the end on their own time.
func TestRenewSchedule(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.5-20", "R2131-4.4.5-21", "R2131-4.4.5-22")
	s := play(t, middle, Config{}).at(0).toBound()
	for _, at := range []float64{1800, 2475, 2812.5, 2981.25, 3065.625, 3125.625} {
		s.at(at).sends(dhcp4.KindRenewing)
	}
	for _, at := range []float64{3150, 3375, 3487.5, 3547.5} {
		s.at(at).sends(dhcp4.KindRebinding)
	}
	s.due(3600)

	s = play(t, middle, Config{}).at(0)
	s.toBound(leased(100), with(dhcp4.RenewalTime, []byte{0, 0, 0, 50}), with(dhcp4.RebindingTime, []byte{0, 0, 0, 87}))
	s.at(50).sends(dhcp4.KindRenewing)
	s.at(87).sends(dhcp4.KindRebinding)
	s.due(100)
}

func TestRenewJitter(t *testing.T) {
	for random, factor := range map[uint32]float64{lowest: .8, middle: 1, highest: 1.2} {
		s := play(t, random, Config{}).at(0).toBound()
		s.at(1800).sends(dhcp4.KindRenewing)
		s.due(1800 + 675*factor)
	}
	// Never below a minute.
	s := play(t, lowest, Config{}).at(0).toBound().resumes(3000)
	s.sends(dhcp4.KindRenewing)
	s.due(3060)
}

// A message that cannot be sent is a message lost, not a reason to spin.
func TestSendFailed(t *testing.T) {
	rfc.Shows(t, "P-RT-03", "R2131-4.4.5-20")
	s := play(t, middle, Config{}).at(0)
	s.step(LinkUp{})
	for _, at := range []float64{0, 1.5, 3.25, 8.25} {
		s.at(at).step(SendFailed{})
		s.in(Init).quiet()
	}
	s.at(13.25).sends(dhcp4.KindDiscover)
	s.in(Selecting).hears(dhcp4.Offer)
	s.step(SendFailed{})
	s.in(Requesting).quiet().at(14.75).sends(dhcp4.KindSelecting)
	s.hears(dhcp4.Ack).step(Installed{})
	l := s.m.Lease()
	s.resumes(l.T1.Seconds()).step(SendFailed{})
	s.in(Renewing).quiet().due((l.T1 + (l.T2-l.T1)/2).Seconds())
	s.resumes(l.T2.Seconds()).in(Rebinding).step(SendFailed{})
	s.quiet().resumes(l.Expiry.Seconds()).becomes(Lost, ReasonExpiry)
}

// A server answers what it has got: a repetition that could not be sent changes
// neither secs of the REQUEST nor the time from which the lease counts.
func TestWhatCouldNotBeSentIsNotAnswered(t *testing.T) {
	rfc.Shows(t, "R2131-3.1-02", "R2131-4.4.1-10")
	ask := func() *script {
		s := play(t, middle, Config{Identity: dhcp4.Identity{RapidCommit: true}}).at(0)
		s.step(LinkUp{})
		s.sends(dhcp4.KindDiscover)
		s.at(1.5).sends(dhcp4.KindDiscover)
		s.at(3.25).step(SendFailed{})
		return s.at(4)
	}
	s := ask().hears(dhcp4.Offer)
	if out := s.sends(dhcp4.KindSelecting); out.Secs != 1 {
		t.Errorf("secs is %d, and 1 in the DISCOVER that left", out.Secs)
	}
	s = ask().hears(dhcp4.Ack, with(dhcp4.RapidCommit, nil), serverTimes(6, 0, 0))
	if l := s.m.Lease(); l.Start != sec(1.5) || l.Expiry != sec(7.5) {
		t.Errorf("a lease of 6 s from %v to %v", l.Start, l.Expiry)
	}
}

// The caller may hold a message back; the schedule goes on from when it left.
func TestHeldBack(t *testing.T) {
	s := play(t, middle, Config{}).at(0)
	s.step(LinkUp{})
	s.at(0.7).due(0).sends(dhcp4.KindDiscover)
	s.due(0.7 + 1.5)
	s.at(2.2).at(2.4).due(2.2).sends(dhcp4.KindDiscover)
	s.due(2.4 + 1.75)
}

// A report of sending when nothing was due is no report.
func TestSentUnasked(t *testing.T) {
	s := play(t, middle, Config{}).at(0)
	s.steps(Sent{}, SendFailed{}).in(Down).step(LinkUp{})
	s.sends(dhcp4.KindDiscover)
	s.steps(Sent{}, SendFailed{}).in(Selecting).due(1.5)
}

func TestStartDelay(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.1-04")
	for random, want := range map[uint32]float64{lowest: 0, middle: 5, highest: 10} {
		s := play(t, random, Config{StartDelay: 10 * time.Second}).at(1)
		s.step(LinkUp{})
		s.in(Init).due(1 + want)
	}
	// Only before the first DISCOVER.
	s := play(t, highest, Config{StartDelay: 10 * time.Second}).at(0)
	s.step(LinkUp{})
	s.at(10).sends(dhcp4.KindDiscover)
	s.at(11.2).steps(LinkDown{}, LinkUp{}).due(11.2)
	s = playWith(t, highest, Config{StartDelay: 10 * time.Second}, stored(), false).at(0)
	s.step(LinkUp{})
	s.due(0)
}

// A server that refuses whatever it offered.
func TestNakBrake(t *testing.T) {
	rfc.Shows(t, "P-RT-20")
	s := play(t, middle, Config{}).at(0)
	s.step(LinkUp{})
	naks, discovers, last := 0, 0, sec(0)
	var pauses []float64
	for s.now < time.Hour {
		s.at(s.m.Deadline().Seconds())
		switch s.m.State() {
		case Init:
			pauses = append(pauses, (s.now - last).Round(time.Millisecond).Seconds())
			s.sends(dhcp4.KindDiscover)
			s.hears(dhcp4.Offer)
			discovers++
		case Requesting:
			s.sends(dhcp4.KindSelecting)
			s.hears(dhcp4.Nak)
			naks++
			last = s.now
		default:
			t.Fatalf("in %v", s.m.State())
		}
	}
	if discovers > 70 || naks < 50 {
		t.Errorf("%d DISCOVERs, %d NAKs in an hour", discovers, naks)
	}
	for i, want := range []float64{0, 0, 1, 2, 4, 8, 16, 32, 60, 60} {
		if pauses[i] != want {
			t.Errorf("pause %d is %v s, want %v", i, pauses[i], want)
		}
	}
}

// The pauses are no retransmissions: the second of RFC 2131 section 4.1, up or
// down, would undo the shortest of them.
func TestNakBrakeOfTheRFCsSchedule(t *testing.T) {
	s := play(t, lowest, Config{Schedule: Schedule{RFC: true}}).at(0)
	s.step(LinkUp{})
	for range 2 {
		s.sends(dhcp4.KindDiscover)
		s.hears(dhcp4.Offer)
		s.sends(dhcp4.KindSelecting)
		s.hears(dhcp4.Nak)
	}
	s.in(Init).dueWithin(.79, .81)
}

// The brake is let go by a lease that was in use for a minute, not by one that
// was refused at once.
func TestNakBrakeReset(t *testing.T) {
	s := play(t, middle, Config{}).at(0).toBound()
	refuse := func() {
		s.step(Renew{})
		s.sends(dhcp4.KindRenewing)
		s.hears(dhcp4.Nak).becomes(Lost, ReasonNak)
	}
	again := func() {
		s.sends(dhcp4.KindDiscover)
		s.hears(dhcp4.Offer)
		s.sends(dhcp4.KindSelecting)
		s.hears(dhcp4.Ack)
		s.step(Installed{})
	}
	refuse()
	s.due(0)
	again()
	s.at(30)
	refuse()
	s.due(31).at(31)
	again()
	s.at(100)
	refuse()
	s.due(100)
}
