package machine

import (
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// What happens to a lease in use beside the protocol: cables, kernels, users.

func TestFlapKeepsLease(t *testing.T) {
	rfc.Shows(t, "P-ST-06", "R2131-3.7-02")
	s := playTo(t, Bound, Config{}).at(100)
	s.step(LinkDown{})
	s.in(Down).becomes(Unchanged, ReasonNoCarrier).quiet().due(3600)
	s.at(200).step(LinkUp{})
	s.in(Rebooting).becomes(Unchanged, ReasonCarrier)
	if s.m.Lease() == nil {
		t.Fatal("the lease did not survive")
	}
	r := s.sends(dhcp4.KindInitReboot)
	if r.Addr != us || r.Src != zero {
		t.Errorf("REQUEST is %+v", r)
	}
	s.hears(dhcp4.Ack).becomes(Extended, ReasonAck).in(Installing)
	s.step(Installed{})
	s.in(Bound).due(2000)
}

func TestNoCarrier(t *testing.T) {
	rfc.Shows(t, "P-DN-01", "P-ST-06")
	play(t, middle, Config{}).at(60).in(Down).quiet().never()
	for state := Down; state <= Stopped; state++ {
		s := playTo(t, state, Config{})
		s.step(LinkDown{})
		s.quiet()
		if got := s.m.State(); got != Down && state != Releasing && state != Stopped {
			t.Errorf("from %v to %v", state, got)
		}
	}
}

// A lease that no server confirms after a flap stays while another is sought.
func TestFlapSilence(t *testing.T) {
	s := playTo(t, Rebooting, Config{})
	s.at(2.5).sends(dhcp4.KindInitReboot)
	s.at(4.5).in(Init)
	if d := s.sends(dhcp4.KindDiscover); d.Addr != us || d.Src != zero {
		t.Errorf("DISCOVER is %+v", d)
	}
	old := s.m.Lease()
	if old == nil {
		t.Fatal("the lease was dropped")
	}
	s.hears(dhcp4.Offer, offering("192.0.2.51"))
	s.sends(dhcp4.KindSelecting)
	if s.m.Lease() != old {
		t.Fatal("the lease changed before there is another")
	}
	// One for another address takes its place in one step.
	s.hears(dhcp4.Ack, offering("192.0.2.51")).becomes(Granted, ReasonAck)
	s.step(Installed{})
	s.in(Bound)
}

func TestFlapSameAddress(t *testing.T) {
	s := playTo(t, Rebooting, Config{})
	s.at(2.5).sends(dhcp4.KindInitReboot)
	s.at(4.5).sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer)
	s.sends(dhcp4.KindSelecting)
	s.hears(dhcp4.Ack).becomes(Extended, ReasonAck)
}

// The NAK for another address leaves a kept lease alone; for its own it does not.
func TestFlapNak(t *testing.T) {
	for addr, want := range map[string]Change{"192.0.2.51": Unchanged, "192.0.2.50": Lost} {
		s := playTo(t, Rebooting, Config{})
		s.at(2.5).sends(dhcp4.KindInitReboot)
		s.at(4.5).sends(dhcp4.KindDiscover)
		s.hears(dhcp4.Offer, offering(addr))
		s.sends(dhcp4.KindSelecting)
		s.hears(dhcp4.Nak).in(Init).becomes(want, ReasonNak)
		if kept := s.m.Remembered(); (kept == nil) != (want == Lost) {
			t.Errorf("%v refused: remembered is %v", addr, kept)
		}
	}
}

// A kept lease ends when it ends, whatever the machine is doing.
func TestKeptLeaseExpires(t *testing.T) {
	rfc.Shows(t, "R2131-3.7-04")
	states := map[State]struct {
		goTo func(s *script)
		then State
	}{
		Down: {func(s *script) { s.step(LinkDown{}) }, Down},
		Rebooting: {func(s *script) {
			s.steps(LinkDown{}, LinkUp{})
			s.sends(dhcp4.KindInitReboot)
		}, Init},
		Selecting: {func(s *script) {
			s.steps(LinkDown{}, LinkUp{})
			s.sends(dhcp4.KindInitReboot)
			s.at(s.m.Deadline().Seconds()).sends(dhcp4.KindInitReboot)
			s.at(s.m.Deadline().Seconds()).sends(dhcp4.KindDiscover)
		}, Selecting},
		Requesting: {func(s *script) {
			s.steps(LinkDown{}, LinkUp{})
			s.sends(dhcp4.KindInitReboot)
			s.at(s.m.Deadline().Seconds()).sends(dhcp4.KindInitReboot)
			s.at(s.m.Deadline().Seconds()).sends(dhcp4.KindDiscover)
			s.hears(dhcp4.Offer)
			s.sends(dhcp4.KindSelecting)
		}, Requesting},
		Installing: {func(s *script) {
			s.steps(LinkDown{}, LinkUp{})
			s.sends(dhcp4.KindInitReboot)
			s.hears(dhcp4.Ack, leased(10), without(dhcp4.RenewalTime), without(dhcp4.RebindingTime))
		}, Init},
		Releasing: {func(s *script) { s.step(Release{}) }, Stopped},
	}
	for state, row := range states {
		s := playTo(t, Bound, Config{}).at(10)
		row.goTo(s)
		end := s.in(state).m.Lease().Expiry
		s.resumes(end.Seconds()).in(row.then).becomes(Lost, ReasonExpiry)
	}
}

func TestExpiredLeaseIsNotAskedFor(t *testing.T) {
	rfc.Shows(t, "P-IR-01")
	s := playWith(t, middle, Config{}, stored(), false).at(3000)
	s.step(LinkUp{})
	if s.in(Init); s.m.Remembered() != nil {
		t.Error("it is not forgotten")
	}
	if d := s.sends(dhcp4.KindDiscover); d.Addr != us {
		t.Errorf("DISCOVER asks for %v", d.Addr)
	}
}

func TestStoredLeaseInUse(t *testing.T) {
	s := playWith(t, middle, Config{}, stored(), true)
	if s.m.Lease() == nil {
		t.Fatal("the lease is not in use")
	}
	s.at(5).step(LinkUp{})
	s.sends(dhcp4.KindInitReboot)
	s.hears(dhcp4.Ack).becomes(Extended, ReasonAck)

	s = playWith(t, middle, Config{}, stored(), true).at(3000)
	s.in(Down).becomes(Lost, ReasonExpiry)
}

func TestReuseLease(t *testing.T) {
	rfc.Shows(t, "R2131-3.7-03", "R2131-3.2-02")
	silence := func(inUse bool, at float64) *script {
		s := playWith(t, middle, Config{ReuseLease: true}, stored(), inUse).at(at)
		s.step(LinkUp{})
		s.sends(dhcp4.KindInitReboot)
		s.at(at + 1.5).sends(dhcp4.KindInitReboot)
		if s.resumes(at+3.5).m.Remembered() == nil {
			return s // over meanwhile
		}
		// A server that does not know the lease is silent, and would give another.
		s.sends(dhcp4.KindDiscover)
		s.at(at + 5).sends(dhcp4.KindDiscover)
		return s.at(at + 6.75)
	}
	s := silence(false, 0).in(Installing).becomes(Granted, ReasonSilence)
	s.step(Installed{})
	s.in(Bound).due(1000) // its old T1

	silence(true, 0).in(Bound).becomes(Unchanged, ReasonSilence).due(1000)

	s = silence(true, 2500).in(Bound)
	s.step(Timer{})
	s.in(Rebinding).sends(dhcp4.KindRebinding)
	s.resumes(3000).in(Init).becomes(Lost, ReasonExpiry)

	silence(false, 2998).in(Init)

	s = playWith(t, middle, Config{ReuseLease: true}, stored(), false).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindInitReboot)
	s.at(1.5).sends(dhcp4.KindInitReboot)
	s.at(3.5).sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer, offering("192.0.2.51")).in(Requesting)
}

func TestInstallFailed(t *testing.T) {
	rfc.Shows(t, "P-ST-07")
	s := play(t, middle, Config{}).at(0)
	s.step(LinkUp{})
	at := 0.0
	for _, pause := range []float64{10, 20, 40, 60, 60} {
		d := s.at(at).sends(dhcp4.KindDiscover)
		if d.Addr.IsValid() {
			t.Errorf("DISCOVER asks for %v", d.Addr)
		}
		s.hears(dhcp4.Offer)
		s.sends(dhcp4.KindSelecting)
		s.hears(dhcp4.Ack).step(InstallFailed{})
		s.in(Init).becomes(Lost, ReasonInstallFailed).due(at + pause)
		at += pause
	}
}

// It is a new lease's own failure, though the one before it was installed.
func TestSecondLeaseNotInstalled(t *testing.T) {
	s := playTo(t, Bound, Config{}).resumes(3600)
	s.sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer)
	s.sends(dhcp4.KindSelecting)
	s.hears(dhcp4.Ack).step(InstallFailed{})
	s.in(Init).becomes(Lost, ReasonInstallFailed)
}

// An extension that the kernel does not take leaves the client bound: the
// address is there, and the server knows.
func TestExtensionNotInstalled(t *testing.T) {
	s := playTo(t, Renewing, Config{}).hears(dhcp4.Ack)
	s.step(InstallFailed{})
	s.in(Bound).becomes(Unchanged, ReasonInstallFailed).due(3600)
	s.step(InstallFailed{})
	s.in(Bound).becomes(Unchanged, NoReason)
}

// Once the kernel has withdrawn the address there is nothing to stay bound to.
func TestAddressGone(t *testing.T) {
	for _, state := range []State{Bound, Renewing, Rebinding} {
		s := playTo(t, state, Config{})
		s.step(InstallFailed{Gone: true})
		s.in(Init).becomes(Lost, ReasonInstallFailed)
	}
}

// If that is while another address is asked for, the DISCOVERs to come do not wish
// for the old one any more, and are no repetitions.
func TestAddressGoneWhileDiscovering(t *testing.T) {
	s := playWith(t, middle, Config{}, stored(), true).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindInitReboot)
	s.at(1.5).sends(dhcp4.KindInitReboot)
	s.at(3.5).in(Init).step(InstallFailed{Gone: true}) // nothing has been said yet
	s.in(Init).becomes(Lost, ReasonInstallFailed).due(3.5)

	s = playWith(t, middle, Config{}, stored(), true).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindInitReboot)
	s.at(1.5).sends(dhcp4.KindInitReboot)
	before := s.at(3.5).sends(dhcp4.KindDiscover)
	s.in(Selecting).step(InstallFailed{Gone: true})
	s.in(Init).becomes(Lost, ReasonInstallFailed)
	after := s.at(5).sends(dhcp4.KindDiscover)
	if before.Addr != us || after.Addr.IsValid() || after.Xid == before.Xid || after.Secs != 0 {
		t.Errorf("asks with %+v, then with %+v", before, after)
	}
}

// The kernel's answer may come after the carrier went.
func TestInstallationWithoutCarrier(t *testing.T) {
	s := playTo(t, Installing, Config{})
	s.step(LinkDown{})
	s.step(Installed{})
	s.in(Down).steps(LinkUp{}).in(Rebooting)
	s.at(1).sends(dhcp4.KindInitReboot)
	s.hears(dhcp4.Ack).becomes(Extended, ReasonAck).step(InstallFailed{})
	s.in(Bound)

	s = playTo(t, Installing, Config{})
	s.steps(LinkDown{}, InstallFailed{}).in(Down).becomes(Lost, ReasonInstallFailed).never()

	s = playTo(t, Installing, Config{})
	s.steps(LinkDown{}, LinkUp{}, InstallFailed{}).in(Init).becomes(Lost, ReasonInstallFailed).due(10)

	s = playTo(t, Bound, Config{})
	s.steps(Release{}, InstallFailed{Gone: true}).in(Stopped).becomes(Lost, ReasonInstallFailed)
}

// T1 may pass while the kernel is at work.
func TestInstalledAfterT1(t *testing.T) {
	s := playTo(t, Installing, Config{})
	s.now = sec(1900)
	s.step(Installed{})
	s.in(Bound).due(1800).resumes(1900).in(Renewing).sends(dhcp4.KindRenewing)
}

func TestConflictElsewhere(t *testing.T) {
	s := playTo(t, Bound, Config{})
	s.steps(LinkDown{}, Conflict{}).in(Down).becomes(Lost, ReasonConflict)

	for _, state := range []State{Rebooting, Installing, Bound, Renewing, Rebinding} {
		s := playTo(t, state, Config{})
		s.step(Conflict{})
		s.in(Declining).becomes(Lost, ReasonConflict)
		s.step(SendFailed{}) // once is enough
		s.in(Init).becomes(Unchanged, ReasonNotSent).quiet()
	}
	for _, state := range []State{Down, Init, Selecting, Requesting, Declining, Releasing, Stopped} {
		s := playTo(t, state, Config{})
		s.step(Conflict{})
		s.in(state).becomes(Unchanged, NoReason)
	}
}

// Somebody who answers for every address does not make the client a source of
// DECLINEs.
func TestConflictRate(t *testing.T) {
	rfc.Shows(t, "R5227-2.1.1-07", "P-AC-04")
	s := play(t, middle, Config{}).at(0)
	s.step(LinkUp{})
	declines := 0
	for s.now < time.Hour {
		s.at(s.m.Deadline().Seconds())
		switch s.m.State() {
		case Init:
			s.sends(dhcp4.KindDiscover)
			s.hears(dhcp4.Offer)
		case Requesting:
			s.sends(dhcp4.KindSelecting)
			s.hears(dhcp4.Ack).steps(Installed{}, Conflict{})
		case Declining:
			s.sends(dhcp4.KindDecline)
			if declines++; declines < 10 {
				s.dueWithin(s.now.Seconds()+10, s.now.Seconds()+10)
			} else {
				s.dueWithin(s.now.Seconds()+60, s.now.Seconds()+60)
			}
		default:
			t.Fatalf("in %v", s.m.State())
		}
	}
	if declines < 50 || declines > 70 {
		t.Errorf("%d DECLINEs in an hour", declines)
	}
}

func TestRenewNow(t *testing.T) {
	rfc.Shows(t, "R2131-4.3.2-04", "R2131-4.4.5-20")
	s := playTo(t, Bound, Config{}).at(10)
	s.step(Renew{})
	s.in(Renewing).becomes(Unchanged, ReasonRenew)
	r := s.sends(dhcp4.KindRenewing)
	s.due(10 + (3150-10)/2.) // the old T2 and end stay
	s.at(20).step(Renew{})
	if again := s.sends(dhcp4.KindRenewing); again.Xid != r.Xid || again.Secs != 10 {
		t.Errorf("repetition is %+v", again)
	}
	s.resumes(3150).in(Rebinding).sends(dhcp4.KindRebinding)
	s.at(3160).step(Renew{})
	s.sends(dhcp4.KindRebinding)
	s.hears(dhcp4.Ack).becomes(Extended, ReasonAck)

	for _, state := range []State{Down, Init, Selecting, Requesting, Rebooting, Installing, Declining, Releasing, Stopped} {
		s := playTo(t, state, Config{})
		before := s.snapshot()
		if s.step(Renew{}); s.snapshot() != before {
			t.Errorf("in %v: renewing changed something", state)
		}
	}
}

func TestReleaseElsewhere(t *testing.T) {
	rfc.Shows(t, "P-DR-05", "R2131-4.4.6-01")
	for _, state := range []State{Bound, Renewing, Rebinding} {
		s := playTo(t, state, Config{})
		s.step(Release{})
		if s.in(Releasing); s.m.Lease() == nil {
			t.Errorf("from %v: the address is gone before RELEASE has left", state)
		}
		s.step(SendFailed{})
		s.in(Stopped).becomes(Lost, ReasonRelease)
	}
	for _, state := range []State{Down, Init, Selecting, Requesting, Declining} {
		s := playTo(t, state, Config{})
		s.step(Release{})
		s.in(Stopped).becomes(Unchanged, ReasonRelease).quiet().never()
	}
	// Here the lease is unconfirmed, or not yet in the kernel, or there is no
	// carrier: nothing can be sent, and the lease just ends.
	for _, state := range []State{Rebooting, Installing} {
		s := playTo(t, state, Config{})
		s.step(Release{})
		s.in(Stopped).becomes(Lost, ReasonRelease).quiet().never()
	}
	s := playTo(t, Bound, Config{})
	s.steps(LinkDown{}, Release{}).in(Stopped).becomes(Lost, ReasonRelease)
	s = playTo(t, Releasing, Config{})
	s.step(LinkDown{})
	s.in(Stopped).becomes(Lost, ReasonNoCarrier)

	// An extension on its way into the kernel is of an address that is there.
	s = playTo(t, Renewing, Config{})
	s.hears(dhcp4.Ack).in(Installing).step(Release{})
	s.in(Releasing).sends(dhcp4.KindRelease)
	s.step(Installed{}) // says nothing new
	s.in(Releasing)
}

// A lease that is only remembered ends in silence, in whatever state.
func TestRememberedLeaseExpires(t *testing.T) {
	rfc.Shows(t, "P-IR-01", "R2131-3.7-04")
	s := playWith(t, middle, Config{}, stored(), false).at(2999)
	s.step(LinkUp{})
	s.sends(dhcp4.KindInitReboot)
	s.at(3000).in(Init).becomes(Unchanged, ReasonExpiry)
	if s.m.Remembered() != nil {
		t.Error("it is remembered beyond its end")
	}
	s.sends(dhcp4.KindDiscover)

	s = playWith(t, middle, Config{}, stored(), false).at(2990)
	s.step(LinkUp{})
	s.sends(dhcp4.KindInitReboot)
	s.at(2991.5).sends(dhcp4.KindInitReboot)
	s.at(2993.5).in(Init)
	s.sends(dhcp4.KindDiscover)
	if s.m.Remembered() == nil {
		t.Error("forgotten because of silence")
	}
	s.resumes(3001).sends(dhcp4.KindDiscover) // which counts
	if s.in(Selecting); s.m.Remembered() != nil {
		t.Error("it is remembered beyond its end")
	}
}

func TestStopped(t *testing.T) {
	s := playTo(t, Stopped, Config{}).at(10)
	s.steps(LinkUp{}, Renew{}, Conflict{}, Release{}, Installed{}, InstallFailed{}, Sent{}, SendFailed{}).in(Stopped).quiet().never()
	s.steps(LinkDown{}, LinkUp{}).in(Stopped).quiet().never()
}

func TestFlapStorm(t *testing.T) {
	rfc.Shows(t, "P-RT-23")
	for _, lease := range []bool{false, true} {
		s := play(t, middle, Config{}).at(0)
		if lease {
			s.toBound()
		} else {
			s.step(LinkUp{})
			s.sends(dhcp4.KindDiscover)
		}
		for i := range 100 {
			s.now = time.Duration(i+1) * 9 * time.Millisecond
			s.steps(LinkDown{}, LinkUp{}, Timer{}).quiet()
		}
		s.due(1)
	}
	// Later a cable is a reason to ask at once, and from the top of the table.
	s := playTo(t, Selecting, Config{})
	s.resumes(200).sends(dhcp4.KindDiscover)
	s.at(201.5).steps(LinkDown{}, LinkUp{}).sends(dhcp4.KindDiscover)
	s.due(203)
}

// A server that grants leases of a few seconds is obeyed, within reason.
func TestTinyLease(t *testing.T) {
	rfc.Shows(t, "P-TM-07", "H-RATE-01")
	tiny := func(r *dhcptest.Reply) { serverTimes(6, 3, 4)(r) }
	s := play(t, middle, Config{}).at(0).toBound(tiny)
	s.due(3)
	sent := 0
	for s.now < time.Hour {
		s.at(s.m.Deadline().Seconds()).sends(dhcp4.KindRenewing)
		sent++
		s.hears(dhcp4.Ack, tiny).step(Installed{})
	}
	if sent < 1100 || sent > 1300 {
		t.Errorf("%d messages in an hour", sent)
	}
}

// The usual way to a lease is never held up.
func TestLimiterSparesTheUsual(t *testing.T) {
	s := playTo(t, Rebooting, Config{})
	for _, step := range []struct {
		at   float64
		kind dhcp4.Kind
	}{{2.5, dhcp4.KindInitReboot}, {4.5, dhcp4.KindDiscover}, {6, dhcp4.KindDiscover}} {
		s.at(step.at).sends(step.kind)
	}
	s.hears(dhcp4.Offer)
	s.sends(dhcp4.KindSelecting)
	s.hears(dhcp4.Nak)
	s.sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer)
	s.sends(dhcp4.KindSelecting)
}

// Beyond the burst every message waits its turn, also those that a user asks for.
func TestLimiter(t *testing.T) {
	s := playTo(t, Bound, Config{}).at(100)
	s.step(Renew{})
	for range burst {
		s.sends(dhcp4.KindRenewing)
		s.step(Renew{})
	}
	s.quiet().due(101).at(101).sends(dhcp4.KindRenewing)
	s.step(Renew{})
	s.quiet().due(102)
}
