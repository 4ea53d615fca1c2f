package machine

import (
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// RFC 8925, from the client's side: a host that asks for option 108 is told
// whether the network prefers that it does without IPv4.

// preferred is a client that asks.
var preferred = Config{Identity: dhcp4.Identity{Parameters: dhcp4.ParameterList(dhcp4.IPv6OnlyPreferred)}}

// ipv6OnlyFor is option 108.
func ipv6OnlyFor(seconds uint32) edit {
	return with(dhcp4.IPv6OnlyPreferred, dhcptest.Uint32(seconds))
}

// toIPv6Only makes the client one that asks, and has it told.
func (s *script) toIPv6Only(seconds uint32) *script {
	s.Helper()
	s.m.c.Identity.Parameters = preferred.Identity.Parameters
	s.step(LinkUp{})
	s.sends(dhcp4.KindDiscover)
	return s.hears(dhcp4.Offer, ipv6OnlyFor(seconds)).in(IPv6Only).becomes(Unchanged, ReasonIPv6Only).quiet()
}

// Nothing is requested, for as long as the server says, but for five minutes at
// least and a day at most.
func TestIPv6OnlyWait(t *testing.T) {
	rfc.Shows(t, "R8925-3.2-03", "R8925-3.2-04", "R8925-3.2-05")
	for seconds, want := range map[uint32]float64{0: 300, 299: 300, 300: 300, 1800: 1800, 86400: 86400, 0xffffffff: 86400} {
		s := play(t, middle, Config{}).at(10).toIPv6Only(seconds).due(10 + want)
		s.at(10+want).in(Init).becomes(Unchanged, ReasonWaited)
		s.sends(dhcp4.KindDiscover)
		s.hears(dhcp4.Offer)
		s.sends(dhcp4.KindSelecting)
	}
}

// A link that comes anew is another network: it is asked at once.
func TestIPv6OnlyUntilTheLinkComesAnew(t *testing.T) {
	rfc.Shows(t, "R8925-3.2-05")
	s := play(t, middle, Config{}).at(0).toIPv6Only(1800).at(20)
	s.step(LinkDown{})
	s.in(Down).never().at(30).step(LinkUp{})
	s.in(Init).due(30).sends(dhcp4.KindDiscover)
}

// Who did not ask is not told, and who is told nonsense is not told anything.
func TestIPv6OnlyNotAskedForOrMalformed(t *testing.T) {
	rfc.Shows(t, "R8925-3.1-01", "R8925-3.2-02", "R8925-3.2-08", "P-V6-01")
	tests := []struct {
		name  string
		c     Config
		offer edit
	}{
		{"asked, not told", preferred, without(dhcp4.IPv6OnlyPreferred)},
		{"not asked", Config{}, ipv6OnlyFor(1800)},
		{"the usual list", Config{Identity: dhcp4.Identity{Parameters: dhcp4.ParameterList()}}, ipv6OnlyFor(1800)},
		{"empty", preferred, with(dhcp4.IPv6OnlyPreferred, nil)},
		{"two bytes", preferred, with(dhcp4.IPv6OnlyPreferred, []byte{1, 2})},
		{"eight bytes", preferred, with(dhcp4.IPv6OnlyPreferred, make([]byte, 8))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, middle, tt.c).at(0)
			s.step(LinkUp{})
			s.sends(dhcp4.KindDiscover)
			s.hears(dhcp4.Offer, tt.offer).in(Requesting).sends(dhcp4.KindSelecting)
		})
	}
}

// Each link has a will of its own.
func TestIPv6OnlyIsALinksOwn(t *testing.T) {
	rfc.Shows(t, "R8925-3.2-11")
	play(t, middle, Config{}).at(0).toIPv6Only(1800)
	other := play(t, middle, Config{}).at(0)
	other.step(LinkUp{})
	other.sends(dhcp4.KindDiscover)
	other.hears(dhcp4.Offer, ipv6OnlyFor(1800)).in(Requesting)
}

// A server that would rather not give an address away offers none, nor what
// belongs to one. Without the option such an offer is refused as ever.
func TestIPv6OnlyOfferWithoutAnAddress(t *testing.T) {
	rfc.Shows(t, "R8925-3.2-10", "P-PX-02")
	s := play(t, middle, preferred).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindDiscover)
	s.refuses(dhcp4.BadAddress, dhcp4.Offer, offering("0.0.0.0"))
	bare := func(r *dhcptest.Reply) { r.Options, r.Lease = nil, 0 }
	s.hears(dhcp4.Offer, offering("0.0.0.0"), bare, ipv6OnlyFor(1800)).in(IPv6Only).due(1800)
}

// But it must be a server's, and one for us.
func TestIPv6OnlyIsNotBelievedOfAnybody(t *testing.T) {
	s := play(t, middle, preferred).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindDiscover)
	s.refuses(dhcp4.WrongXid, dhcp4.Offer, ipv6OnlyFor(1800), func(r *dhcptest.Reply) { r.Xid++ })
	s.refuses(dhcp4.WrongHardwareAddr, dhcp4.Offer, ipv6OnlyFor(1800), func(r *dhcptest.Reply) { r.HardwareAddr[5]++ })
	s.refuses(dhcp4.NoServerID, dhcp4.Offer, ipv6OnlyFor(1800), from(zero))
	s.refuses(dhcp4.UnexpectedType, dhcp4.Ack, ipv6OnlyFor(1800))
}

// Of several offers the one that is taken decides. The first is taken, unless
// there is reason to doubt its server.
func TestIPv6OnlyOfSeveralOffers(t *testing.T) {
	rfc.Shows(t, "R8925-3.2-09")
	doubting := func() *script {
		s := play(t, middle, preferred).at(0)
		s.m.shunned = srv1
		s.step(LinkUp{})
		s.sends(dhcp4.KindDiscover)
		return s
	}
	s := doubting()
	s.hears(dhcp4.Offer, ipv6OnlyFor(1800)).in(Selecting)
	s.hears(dhcp4.Offer, from(srv2)).in(Requesting)
	if s.sends(dhcp4.KindSelecting).ServerID != srv2 {
		t.Error("not the offer of server 2")
	}
	s = doubting()
	s.hears(dhcp4.Offer).in(Selecting)
	s.hears(dhcp4.Offer, from(srv2), ipv6OnlyFor(1800)).in(IPv6Only)
	s = doubting() // and nobody else offers anything
	s.hears(dhcp4.Offer, ipv6OnlyFor(1800)).in(Selecting)
	s.at(1.5).in(IPv6Only).becomes(Unchanged, ReasonIPv6Only).due(1801.5)
}

// In INIT-REBOOT an ACK that says so is not used, and an address that was kept
// meanwhile goes.
func TestIPv6OnlyAfterAReboot(t *testing.T) {
	rfc.Shows(t, "R8925-3.2-06")
	for _, inUse := range []bool{false, true} {
		s := playWith(t, middle, preferred, stored(), inUse).at(0)
		s.step(LinkUp{})
		s.sends(dhcp4.KindInitReboot)
		want := Unchanged
		if inUse {
			want = Lost
		}
		s.hears(dhcp4.Ack, ipv6OnlyFor(1800)).in(IPv6Only).becomes(want, ReasonIPv6Only).quiet().due(1800)
		if s.m.Remembered() != nil {
			t.Error("the lease is not forgotten")
		}
	}
}

// Everywhere else an address that is granted or extended is used.
func TestIPv6OnlyInOtherAcks(t *testing.T) {
	rfc.Shows(t, "R8925-3.2-07")
	s := play(t, middle, preferred).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer)
	s.sends(dhcp4.KindSelecting)
	s.hears(dhcp4.Ack, ipv6OnlyFor(1800)).becomes(Granted, ReasonAck).step(Installed{})
	s.in(Bound).at(1800).sends(dhcp4.KindRenewing)
	s.hears(dhcp4.Ack, ipv6OnlyFor(1800)).becomes(Extended, ReasonAck).step(Installed{})
	s.in(Bound).resumes(1800 + 3150).sends(dhcp4.KindRebinding)
	s.hears(dhcp4.Ack, ipv6OnlyFor(1800)).becomes(Extended, ReasonAck).step(Installed{})
	s.in(Bound)
}

// An address that was kept while nobody confirmed it goes when the network says
// that it wants none.
func TestIPv6OnlyTakesAKeptAddressAway(t *testing.T) {
	s := playWith(t, middle, preferred, stored(), true).at(0)
	s.step(LinkUp{})
	s.sends(dhcp4.KindInitReboot)
	s.at(1.5).sends(dhcp4.KindInitReboot)
	s.at(3.5).sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer, ipv6OnlyFor(1800)).in(IPv6Only).becomes(Lost, ReasonIPv6Only)
}

// In the wait nothing but its end and the link's own news counts.
func TestIPv6OnlyHearsNothing(t *testing.T) {
	s := play(t, middle, Config{}).at(0).toIPv6Only(1800).at(5)
	s.steps(Sent{}, SendFailed{}, Installed{}, InstallFailed{}, Conflict{}, LinkUp{}, Timer{})
	s.in(IPv6Only).quiet().due(1800)
	s.refuses(dhcp4.UnexpectedType, dhcp4.Offer)
	s.step(Release{})
	s.in(Stopped).never()
}

// Whoever asks for a renewal wants an address now, and not in a day.
func TestRenewEndsTheWaitForIPv6(t *testing.T) {
	s := play(t, middle, Config{}).at(0).toIPv6Only(86400).at(5)
	s.step(Renew{})
	s.in(Init).sends(dhcp4.KindDiscover)
}

// The wait is counted on a clock that runs on in suspend.
func TestIPv6OnlyAndSuspend(t *testing.T) {
	s := play(t, middle, Config{}).at(0).toIPv6Only(1800)
	s.resumes((2 * time.Hour).Seconds()).in(Init).sends(dhcp4.KindDiscover)
}

// Who is ready for a lease in two messages may still be sent an OFFER instead,
// with option 108 or without, and an ACK where the network has no such wish.
func TestIPv6OnlyWithRapidCommit(t *testing.T) {
	rfc.Shows(t, "R8925-3.3-01")
	c := Config{Identity: dhcp4.Identity{Parameters: preferred.Identity.Parameters, RapidCommit: true}}
	playTo(t, Selecting, c).hears(dhcp4.Offer, ipv6OnlyFor(1800)).in(IPv6Only).quiet()
	playTo(t, Selecting, c).hears(dhcp4.Offer).in(Requesting).sends(dhcp4.KindSelecting)
	playTo(t, Selecting, c).hears(dhcp4.Ack, with(dhcp4.RapidCommit, nil)).becomes(Granted, ReasonAck)
}
