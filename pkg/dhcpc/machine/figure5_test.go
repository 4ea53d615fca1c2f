package machine

import (
	"net/netip"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// The arcs of RFC 2131 figure 5, each by its name there.

// toBound goes the whole way, with everything at the time it is called; T1 is
// 1800, T2 3150, the end 3600 s later.
func (s *script) toBound(changes ...edit) *script {
	s.Helper()
	s.step(LinkUp{})
	s.sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer, changes...)
	s.sends(dhcp4.KindSelecting)
	s.hears(dhcp4.Ack, changes...).becomes(Granted, ReasonAck)
	s.step(Installed{})
	return s.in(Bound)
}

// stored is a lease that a server gave to an earlier life.
func stored() *Lease {
	return &Lease{
		Addr: netip.PrefixFrom(us, 24), Server: srv1,
		Start: sec(-100), T1: sec(1000), T2: sec(2000), Expiry: sec(3000),
	}
}

func TestInitToBound(t *testing.T) {
	rfc.Shows(t, "R2131-F5-10", "R2131-F5-11", "R2131-F5-12", "R2131-F5-13", "R2131-4.4.1-07", "R2131-4.4.1-10",
		"R2131-4.1-04", "R2131-4.4.1-02", "R2131-3.1-01", "R2131-T5-05", "P-ST-08")
	s := play(t, middle, Config{}).in(Down).never()
	s.at(0).step(LinkUp{})
	s.in(Init).becomes(Unchanged, ReasonCarrier).due(0)

	d := s.sends(dhcp4.KindDiscover)
	s.in(Selecting).becomes(Unchanged, ReasonSent)
	if d.Src != zero || d.Dst != all || d.Secs != 0 || d.Addr.IsValid() || !d.First {
		t.Errorf("DISCOVER is %+v", d)
	}
	s.at(0.3).hears(dhcp4.Offer).in(Requesting).becomes(Unchanged, ReasonOffer)
	r := s.sends(dhcp4.KindSelecting)
	if r.Src != zero || r.Dst != all || r.Xid != d.Xid || r.Addr != us || r.ServerID != srv1 || r.First {
		t.Errorf("REQUEST is %+v", r)
	}
	s.in(Requesting)
	s.at(0.5).hears(dhcp4.Ack).in(Installing).becomes(Granted, ReasonAck).quiet()
	l := s.eff.Lease
	if l.Addr != netip.PrefixFrom(us, 24) || l.Server != srv1 {
		t.Errorf("lease is %+v", l)
	}
	// The lease counts from the REQUEST at 0.3, not from the ACK.
	if l.Start != sec(0.3) || l.T1 != sec(1800.3) || l.T2 != sec(3150.3) || l.Expiry != sec(3600.3) {
		t.Errorf("times are %v %v %v %v", l.Start, l.T1, l.T2, l.Expiry)
	}
	s.at(0.6).step(Installed{})
	s.in(Bound).becomes(Unchanged, ReasonInstalled).quiet().due(1800.3)
}

func TestRequestingNak(t *testing.T) {
	rfc.Shows(t, "R2131-F5-15")
	s := play(t, middle, Config{}).at(0)
	s.step(LinkUp{})
	d := s.sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer)
	s.sends(dhcp4.KindSelecting)
	s.at(0.1).hears(dhcp4.Nak).in(Init).becomes(Unchanged, ReasonNak).due(0.1)
	if again := s.sends(dhcp4.KindDiscover); again.Xid == d.Xid {
		t.Error("the DISCOVER after a NAK has the old xid")
	}
}

func TestRequestingDiscardsOffers(t *testing.T) {
	rfc.Shows(t, "R2131-F5-16", "R2131-F5-02")
	s := play(t, middle, Config{}).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer).in(Requesting)
	s.hears(dhcp4.Offer, from(srv2)).in(Requesting)
	if s.sends(dhcp4.KindSelecting).ServerID != srv1 {
		t.Error("the REQUEST names the second server")
	}
	if s.hears(dhcp4.Offer, from(srv2)); s.eff.Refused != dhcp4.UnexpectedType {
		t.Errorf("a late OFFER: %v", s.eff.Refused)
	}
}

func TestRequestingSilence(t *testing.T) {
	rfc.Shows(t, "R2131-3.1-04", "R2131-3.1-05", "R2131-3.1-07")
	s := play(t, middle, Config{Schedule: Schedule{RFC: true}}).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer)
	for _, at := range []float64{0, 4, 12, 28} {
		s.at(at).sends(dhcp4.KindSelecting)
	}
	s.quiet().at(60).in(Init).becomes(Unchanged, ReasonSilence)
	s.sends(dhcp4.KindDiscover)
}

func TestInitRebootAck(t *testing.T) {
	rfc.Shows(t, "R2131-F5-17", "R2131-F5-18", "R2131-4.4.1-10", "R2131-4.4.2-01", "R2131-4.4.2-02", "R2131-4.4.2-10")
	s := playWith(t, middle, Config{}, stored(), false).at(10)
	s.step(LinkUp{})
	s.in(Rebooting)
	r := s.sends(dhcp4.KindInitReboot)
	if r.Addr != us || r.ServerID.IsValid() || r.Src != zero || r.Dst != all {
		t.Errorf("REQUEST is %+v", r)
	}
	s.at(10.2).hears(dhcp4.Ack, from(srv2)).becomes(Granted, ReasonAck).in(Installing)
	if l := s.eff.Lease; l.Server != srv2 || l.Expiry != sec(3610) {
		t.Errorf("lease of %v until %v", l.Server, l.Expiry)
	}
	s.step(Installed{})
	s.in(Bound)
}

func TestInitRebootNak(t *testing.T) {
	rfc.Shows(t, "R2131-F5-19", "R2131-3.2-12")
	s := playWith(t, middle, Config{}, stored(), true).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindInitReboot)
	s.hears(dhcp4.Nak).in(Init).becomes(Lost, ReasonNak).due(0)
	if d := s.sends(dhcp4.KindDiscover); d.Addr.IsValid() {
		t.Errorf("DISCOVER asks for the refused %v", d.Addr)
	}
}

func TestInitRebootSilence(t *testing.T) {
	rfc.Shows(t, "R2131-3.2-03", "R2131-3.2-13", "R2131-3.2-02")
	s := playWith(t, middle, Config{}, stored(), false).at(0)
	s.step(LinkUp{})
	r := s.sends(dhcp4.KindInitReboot)
	if again := s.at(1.5).sends(dhcp4.KindInitReboot); again.Xid != r.Xid || again.Secs != 1 || again.First {
		t.Errorf("repetition is %+v", again)
	}
	s.quiet().at(3.5).in(Init).becomes(Unchanged, ReasonSilence)
	if d := s.sends(dhcp4.KindDiscover); d.Addr != us || d.Xid == r.Xid {
		t.Errorf("DISCOVER is %+v", d)
	}
}

func TestT1(t *testing.T) {
	rfc.Shows(t, "R2131-F5-21", "R2131-F5-22", "R2131-T4-01", "R2131-4.4.5-15", "R2131-4.4.5-17", "R2131-4.1-08", "R2131-4.4.1-03", "R2131-4.4.1-10")
	// The server's address is that of option 54, not siaddr.
	s := play(t, middle, Config{}).at(0).toBound(func(r *dhcptest.Reply) { r.NextServer = netip.MustParseAddr("192.0.2.9") })
	old := s.sent.Xid
	s.at(1800).in(Renewing).becomes(Unchanged, ReasonT1)
	r := s.sends(dhcp4.KindRenewing)
	if r.Src != us || r.Dst != srv1 || r.Addr != us || r.ServerID.IsValid() || r.Xid == old || r.Secs != 0 {
		t.Errorf("REQUEST is %+v", r)
	}
	if s.m.Lease() == nil {
		t.Error("the lease is not in use while it is renewed")
	}
	s.resumes(1850).hears(dhcp4.Ack, leased(7200)).in(Installing).becomes(Extended, ReasonAck)
	if l := s.eff.Lease; l.Expiry != sec(9000) {
		t.Errorf("lease ends at %v", l.Expiry)
	}
	s.step(Installed{})
	s.in(Bound).due(1800 + 1800)
}

func TestRenewingNak(t *testing.T) {
	rfc.Shows(t, "R2131-F5-23")
	s := play(t, middle, Config{}).at(0).toBound().at(1800)
	s.sends(dhcp4.KindRenewing)
	s.hears(dhcp4.Nak).in(Init).becomes(Lost, ReasonNak).due(1800)
}

func TestT2(t *testing.T) {
	rfc.Shows(t, "R2131-F5-24", "R2131-F5-25", "R2131-4.3.2-01", "R2131-4.4.5-02", "R2131-4.4.5-16", "R2131-4.4.5-20", "R2131-4.4.1-10")
	s := play(t, middle, Config{}).at(0).toBound().at(1800)
	r := s.sends(dhcp4.KindRenewing)
	for _, at := range []float64{2475, 2812.5, 2981.25, 3065.625, 3125.625} {
		s.at(at).sends(dhcp4.KindRenewing)
	}
	s.due(3150).at(3150).in(Rebinding).becomes(Unchanged, ReasonT2)
	b := s.sends(dhcp4.KindRebinding)
	if b.Src != us || b.Dst != all || b.Addr != us || b.ServerID.IsValid() || b.Xid == r.Xid {
		t.Errorf("REQUEST is %+v", b)
	}
	if l := s.m.Lease(); l.Expiry != sec(3600) {
		t.Errorf("unanswered, the lease ends at %v", l.Expiry)
	}
	s.at(3200).hears(dhcp4.Ack, from(srv2)).becomes(Extended, ReasonAck)
	s.step(Installed{})
	if r := s.at(3150 + 1800).sends(dhcp4.KindRenewing); r.Dst != srv2 {
		t.Errorf("renewed of %v, want the server that rebound", r.Dst)
	}
}

func TestRebindingNak(t *testing.T) {
	rfc.Shows(t, "R2131-F5-26")
	s := play(t, middle, Config{}).at(0).toBound().resumes(3150)
	s.sends(dhcp4.KindRebinding)
	s.hears(dhcp4.Nak, from(srv2)).in(Init).becomes(Lost, ReasonNak)
}

func TestExpiry(t *testing.T) {
	rfc.Shows(t, "R2131-F5-27", "R2131-3.7-01", "R2131-4.4.5-04", "R2131-4.4.5-21")
	s := play(t, middle, Config{}).at(0).toBound().resumes(3150)
	s.sends(dhcp4.KindRebinding)
	for _, at := range []float64{3375, 3487.5, 3547.5} {
		s.at(at).sends(dhcp4.KindRebinding)
	}
	s.at(3600).in(Init).becomes(Lost, ReasonExpiry)
	// The same address may be asked for, but no longer be used.
	if d := s.sends(dhcp4.KindDiscover); d.Addr != us || d.Src != zero {
		t.Errorf("DISCOVER is %+v", d)
	}
	s.hears(dhcp4.Offer, offering("192.0.2.51"))
	s.sends(dhcp4.KindSelecting)
	s.hears(dhcp4.Ack, offering("192.0.2.51")).becomes(Granted, ReasonAck)
}

// A machine that was suspended past everything lets the lease expire and
// nothing else.
func TestExpiryFirst(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.5-03", "P-TM-11")
	for _, before := range []float64{100, 1800, 3150} {
		s := play(t, middle, Config{}).at(0).toBound()
		s.resumes(before)
		s.now = sec(4000)
		s.quiet() // no renewal on the way
		s.resumes(4000).in(Init).becomes(Lost, ReasonExpiry)
	}
}

// The end comes before whatever else is reported at the same time.
func TestExpiryBeforeNews(t *testing.T) {
	s := play(t, middle, Config{}).at(0).toBound().resumes(3150)
	s.sends(dhcp4.KindRebinding)
	ack := s.reply(dhcp4.Ack)
	for _, ev := range []Event{Sent{}, SendFailed{}, Received{ack}, Installed{}, InstallFailed{}, Conflict{}, Renew{}} {
		copied := *s
		m := *s.m
		copied.m, copied.now = &m, sec(3600)
		copied.step(ev)
		copied.in(Init).becomes(Lost, ReasonExpiry).due(3600)
	}
}

func TestConflict(t *testing.T) {
	rfc.Shows(t, "R2131-F5-14", "R2131-3.1-06", "R2131-3.1-11", "R2131-3.1-12", "R2131-4.4.4-01", "P-DR-01", "P-DR-02")
	s := play(t, middle, Config{}).at(0).toBound().at(3)
	s.step(Conflict{})
	s.in(Declining).becomes(Lost, ReasonConflict)
	d := s.sends(dhcp4.KindDecline)
	if d.Src != zero || d.Dst != all || d.Addr != us || d.ServerID != srv1 || d.Secs != 0 {
		t.Errorf("DECLINE is %+v", d)
	}
	s.in(Init).quiet().due(13)
	if d := s.at(13).sends(dhcp4.KindDiscover); d.Addr.IsValid() {
		t.Errorf("DISCOVER asks for the declined %v", d.Addr)
	}
}

func TestRebootingConflict(t *testing.T) {
	rfc.Shows(t, "R2131-3.2-01", "R2131-3.1-06")
	s := playWith(t, middle, Config{}, stored(), false).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindInitReboot)
	s.hears(dhcp4.Ack).in(Installing)
	s.step(Conflict{})
	s.in(Declining).becomes(Lost, ReasonConflict).sends(dhcp4.KindDecline)
	s.due(10)
}

func TestRelease(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.4-02", "R2131-4.4.6-01", "P-DR-04", "P-DR-06", "R2131-T5-31")
	s := play(t, middle, Config{}).at(0).toBound().at(100)
	old := s.sent.Xid
	s.step(Release{})
	s.in(Releasing).becomes(Unchanged, ReasonRelease) // the address must be there for RELEASE to leave
	r := s.sends(dhcp4.KindRelease)
	if r.Src != us || r.Dst != srv1 || r.Addr != us || r.ServerID != srv1 || r.Xid == old || r.Secs != 0 {
		t.Errorf("RELEASE is %+v", r)
	}
	// The kernel may have to ask for the server's hardware address first.
	s.in(Releasing).becomes(Unchanged, NoReason).quiet().due(100.5)
	if s.m.Remembered() != nil {
		t.Error("whoever is killed now would ask for what was given back")
	}
	s.now = sec(100.5)
	s.quiet().at(100.5).in(Stopped).becomes(Lost, ReasonRelease).never()
	if s.m.Remembered() != nil {
		t.Error("the lease is not forgotten")
	}
	s.at(200).steps(LinkUp{}, Renew{}, Release{}, Conflict{}).in(Stopped).quiet().never()
}
