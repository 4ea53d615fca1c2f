package machine

import (
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// goTo is the way into each state.
var goTo = map[State]func(s *script){
	Down: func(s *script) {},
	Init: func(s *script) { s.step(LinkUp{}) },
	Selecting: func(s *script) {
		s.step(LinkUp{})
		s.sends(dhcp4.KindDiscover)
	},
	Requesting: func(s *script) {
		s.step(LinkUp{})
		s.sends(dhcp4.KindDiscover)
		s.hears(dhcp4.Offer)
		s.sends(dhcp4.KindSelecting)
	},
	Rebooting: func(s *script) {
		s.toBound().steps(LinkDown{}, LinkUp{})
		s.at(1).sends(dhcp4.KindInitReboot)
	},
	Installing: func(s *script) {
		s.step(LinkUp{})
		s.sends(dhcp4.KindDiscover)
		s.hears(dhcp4.Offer)
		s.sends(dhcp4.KindSelecting)
		s.hears(dhcp4.Ack)
	},
	Bound:     func(s *script) { s.toBound() },
	Renewing:  func(s *script) { s.toBound().at(1800).sends(dhcp4.KindRenewing) },
	Rebinding: func(s *script) { s.toBound().resumes(3150).sends(dhcp4.KindRebinding) },
	Declining: func(s *script) { s.toBound().step(Conflict{}) },
	Releasing: func(s *script) { s.toBound().step(Release{}) },
	IPv6Only:  func(s *script) { s.toIPv6Only(1800) },
	Stopped: func(s *script) {
		s.toBound().steps(Release{}, SendFailed{})
	},
}

// playTo is a script that has come to a state.
func playTo(t *testing.T, state State, c Config) *script {
	t.Helper()
	s := play(t, middle, c).at(0)
	goTo[state](s)
	return s.in(state)
}

// snapshot is all that a machine knows, to compare.
func (s *script) snapshot() string {
	m := *s.m
	m.c = Config{}
	return fmt.Sprintf("%+v\n%+v\n%+v\n%d random numbers", m, m.lease, m.remembered, s.draws)
}

// refuses requires that a reply is refused for this reason and changes nothing.
func (s *script) refuses(want dhcp4.Refusal, t dhcp4.MessageType, edits ...edit) {
	s.Helper()
	before := s.snapshot()
	s.hears(t, edits...)
	if s.eff.Refused != want {
		s.Errorf("in %v: %v is refused with %v, want %v", s.m.State(), t, s.eff.Refused, want)
	}
	if after := s.snapshot(); after != before {
		s.Errorf("in %v: the refused %v changed\n%s\nto\n%s", s.m.State(), t, before, after)
	}
}

// Which message type is good for what, in every state.
func TestTypes(t *testing.T) {
	rfc.Shows(t, "R2131-3-05", "R2131-F5-03", "R2131-F5-20", "R2131-4.4.1-06", "P-ST-01", "H-SPOOF-02", "P-RV-10", "R3203-6-01", "R3203-2.2-01")
	awaited := map[State][]dhcp4.MessageType{
		Selecting:  {dhcp4.Offer},
		Requesting: {dhcp4.Ack, dhcp4.Nak},
		Rebooting:  {dhcp4.Ack, dhcp4.Nak},
		Renewing:   {dhcp4.Ack, dhcp4.Nak},
		Rebinding:  {dhcp4.Ack, dhcp4.Nak},
	}
	for state := Down; state <= Stopped; state++ {
		for _, typ := range []dhcp4.MessageType{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 255} {
			s := playTo(t, state, Config{})
			good := false
			for _, a := range awaited[state] {
				good = good || a == typ
			}
			if !good {
				s.refuses(dhcp4.UnexpectedType, typ)
				continue
			}
			if s.hears(typ); s.eff.Refused != dhcp4.Accepted || s.m.State() == state {
				t.Errorf("in %v: %v is refused with %v", state, typ, s.eff.Refused)
			}
		}
	}
}

func edited(f func(*dhcptest.Reply)) edit { return f }

// What is wrong with a reply, in every state that awaits one.
func TestRefusals(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.1-05", "R2131-4.4.5-01", "R6842-3-01", "R2131-T3-02", "R2131-T3-03",
		"H-ADDR-01", "H-ADDR-02", "H-MASK-01", "H-SRV-01", "H-LEASE-01", "P-TM-06", "H-SPOOF-01", "R2132-9.2-01", "R6842-3-02", "R2563-2.2-01", "P-PX-02", "R3927-1.6-01")
	server := func(a string) edit { return from(netip.MustParseAddr(a)) }
	mask := func(m string) edit { return with(dhcp4.SubnetMask, dhcptest.Addrs(m)) }
	rows := []struct {
		name string
		want dhcp4.Refusal
		edit edit
	}{
		{"foreign chaddr", dhcp4.WrongHardwareAddr, edited(func(r *dhcptest.Reply) { r.HardwareAddr[5]++ })},
		{"foreign xid", dhcp4.WrongXid, edited(func(r *dhcptest.Reply) { r.Xid++ })},
		{"client id of another", dhcp4.WrongClientID, with(dhcp4.ClientIdentifier, []byte{1, 2, 0, 0, 0, 0, 2})},
		{"no server", dhcp4.NoServerID, server("0.0.0.0")},
		{"no server option", dhcp4.NoServerID, from(netip.Addr{})},
		{"server of three bytes", dhcp4.NoServerID, edited(func(r *dhcptest.Reply) {
			from(netip.Addr{})(r)
			with(dhcp4.ServerIdentifier, []byte{192, 0, 2})(r)
		})},
		{"broadcast server", dhcp4.NoServerID, server("255.255.255.255")},
		{"multicast server", dhcp4.NoServerID, server("224.0.0.1")},
		{"loopback server", dhcp4.NoServerID, server("127.0.0.1")},
		{"no lease time", dhcp4.NoLeaseTime, leased(0)},
		{"lease time of two bytes", dhcp4.NoLeaseTime, edited(func(r *dhcptest.Reply) {
			leased(0)(r)
			with(dhcp4.LeaseTime, []byte{14, 16})(r)
		})},
		{"lease of 0 s", dhcp4.BadLeaseTime, edited(func(r *dhcptest.Reply) {
			leased(0)(r)
			with(dhcp4.LeaseTime, dhcptest.Uint32(0))(r)
		})},
		{"lease of 4 s", dhcp4.BadLeaseTime, leased(4)},
		{"no address", dhcp4.BadAddress, offering("0.0.0.0")},
		{"a boot server's offer", dhcp4.NoLeaseTime, edited(func(r *dhcptest.Reply) {
			offering("0.0.0.0")(r)
			leased(0)(r)
			with(dhcp4.VendorClass, []byte("PXEClient"))(r)
		})},
		{"net 0", dhcp4.BadAddress, offering("0.1.2.3")},
		{"loopback address", dhcp4.BadAddress, offering("127.0.0.1")},
		{"multicast address", dhcp4.BadAddress, offering("224.0.0.5")},
		{"reserved address", dhcp4.BadAddress, offering("240.0.0.1")},
		{"broadcast address", dhcp4.BadAddress, offering("255.255.255.255")},
		{"link-local address", dhcp4.BadAddress, offering("169.254.3.4")},
		{"network address", dhcp4.BadAddress, offering("192.0.2.0")},
		{"subnet's broadcast address", dhcp4.BadAddress, offering("192.0.2.255")},
		{"the server's own address", dhcp4.BadAddress, offering("192.0.2.1")},
		{"mask with a hole", dhcp4.BadMask, mask("255.0.255.0")},
		{"mask upside down", dhcp4.BadMask, mask("0.0.0.255")},
		{"mask of nothing", dhcp4.BadMask, mask("0.0.0.0")},
		{"mask of half the world", dhcp4.BadMask, mask("128.0.0.0")},
		{"mask wider than class A", dhcp4.BadMask, mask("254.0.0.0")},
	}
	for _, state := range []State{Selecting, Requesting, Rebooting, Renewing, Rebinding} {
		for _, row := range rows {
			t.Run(fmt.Sprint(state, "/", row.name), func(t *testing.T) {
				s := playTo(t, state, Config{Identity: dhcp4.Identity{ClientID: []byte{1, 2, 0, 0, 0, 0, 1}}})
				typ := dhcp4.Ack
				if state == Selecting {
					typ = dhcp4.Offer
				}
				s.refuses(row.want, typ, row.edit)
				// The good server behind it still gets its turn.
				if s.hears(typ); s.eff.Refused != dhcp4.Accepted {
					t.Errorf("the good %v is refused with %v", typ, s.eff.Refused)
				}
			})
		}
	}
}

func TestClientIDUnasked(t *testing.T) {
	rfc.Shows(t, "R6842-3-01")
	playTo(t, Selecting, Config{}).refuses(dhcp4.WrongClientID, dhcp4.Offer, with(dhcp4.ClientIdentifier, []byte{1, 2, 0, 0, 0, 0, 1}))
}

// Every mask there is, and yiaddr for what it makes of it.
func TestMasks(t *testing.T) {
	rfc.Shows(t, "H-MASK-02")
	for ones := range 33 {
		mask := dhcptest.Uint32(uint32(uint64(math.MaxUint32) << (32 - ones)))
		s := playTo(t, Selecting, Config{})
		if ones < 8 {
			s.refuses(dhcp4.BadMask, dhcp4.Offer, with(dhcp4.SubnetMask, mask))
			continue
		}
		// 192.0.2.50 is neither first nor last in any of the wider subnets.
		if s.hears(dhcp4.Offer, with(dhcp4.SubnetMask, mask)); s.eff.Refused != dhcp4.Accepted {
			t.Errorf("/%d is refused with %v", ones, s.eff.Refused)
		}
	}
}

// Any option may be garbage. What the lease cannot be without is fatal, all else
// is left out.
func TestGarbage(t *testing.T) {
	rfc.Shows(t, "H-PARSE-04", "R6842-3-01", "P-FR-02")
	fatal := map[dhcp4.Code]dhcp4.Refusal{
		dhcp4.LeaseTime:        dhcp4.NoLeaseTime,
		dhcp4.ServerIdentifier: dhcp4.NoServerID,
		dhcp4.ClientIdentifier: dhcp4.WrongClientID,
	}
	for c := dhcp4.Code(1); c < dhcp4.End; c++ {
		if c == dhcp4.DHCPMessageType {
			continue // without it there is no message
		}
		s := playTo(t, Requesting, Config{})
		garbage := func(r *dhcptest.Reply) {
			switch c {
			case dhcp4.LeaseTime:
				r.Lease = 0
			case dhcp4.ServerIdentifier:
				r.ServerID = netip.Addr{}
			}
			with(c, []byte{0xff, 0xfe, 0xfd})(r)
		}
		if want := fatal[c]; want != dhcp4.Accepted {
			s.refuses(want, dhcp4.Ack, garbage)
			continue
		}
		if s.hears(dhcp4.Ack, garbage); s.eff.Refused != dhcp4.Accepted {
			t.Errorf("option %d: refused with %v", c, s.eff.Refused)
		} else if err := s.m.Lease().Valid(); err != nil {
			t.Errorf("option %d: %v", c, err)
		}
	}
}

// What PXE, Microsoft or an old draft have put behind a code above 127 is not
// ours: a lease with it is the lease without.
func TestCodesOfOthers(t *testing.T) {
	rfc.Shows(t, "P-OP-10", "R3942-01", "P-OF-02")
	plain := granted(t, middle)
	for code := dhcp4.Code(128); code < dhcp4.End; code++ {
		// A default route, if it were 121; a portal, if it were 114.
		for _, value := range [][]byte{{0, 192, 0, 2, 66}, []byte("https://portal.example")} {
			if l := granted(t, middle, with(code, value)); !reflect.DeepEqual(l, plain) {
				t.Errorf("option %d makes %+v of %+v", code, l, plain)
			}
		}
	}
}

// htype and hlen have no place in dhcptest.Reply.
func TestHardwareType(t *testing.T) {
	rfc.Shows(t, "P-RV-01")
	s := playTo(t, Selecting, Config{})
	m := s.reply(dhcp4.Offer)
	m.HLen = 16
	if eff := s.step(Received{m}); eff.Refused != dhcp4.WrongHardwareAddr {
		t.Errorf("hlen 16: %v", eff.Refused)
	}
	m.HLen, m.HType = 6, 6
	if eff := s.step(Received{m}); eff.Refused != dhcp4.WrongHardwareAddr {
		t.Errorf("htype 6: %v", eff.Refused)
	}
}

// Whose answer counts, for which address.
func TestWhoAnswers(t *testing.T) {
	rfc.Shows(t, "P-RV-03", "P-RV-04", "P-RV-05", "R2131-3.1-03", "R2131-4.4.2-01", "R2131-4.4.5-02", "R2131-T3-02", "H-SPOOF-04")
	anonymous := from(netip.Addr{})
	rows := []struct {
		state State
		typ   dhcp4.MessageType
		name  string
		edit  edit
		want  dhcp4.Refusal
	}{
		{Requesting, dhcp4.Ack, "another server", from(srv2), dhcp4.WrongServer},
		{Requesting, dhcp4.Nak, "another server", from(srv2), dhcp4.WrongServer},
		{Requesting, dhcp4.Nak, "no server", anonymous, dhcp4.NoServerID},
		{Requesting, dhcp4.Ack, "another address", offering("192.0.2.51"), dhcp4.WrongAddress},
		{Rebooting, dhcp4.Ack, "another server", from(srv2), dhcp4.Accepted},
		{Rebooting, dhcp4.Nak, "another server", from(srv2), dhcp4.Accepted},
		{Rebooting, dhcp4.Nak, "no server", anonymous, dhcp4.Accepted},
		{Rebooting, dhcp4.Ack, "another address", offering("192.0.2.51"), dhcp4.WrongAddress},
		{Renewing, dhcp4.Ack, "another server", from(srv2), dhcp4.Accepted},
		{Renewing, dhcp4.Nak, "another server", from(srv2), dhcp4.WrongServer},
		{Renewing, dhcp4.Nak, "no server", anonymous, dhcp4.NoServerID},
		{Renewing, dhcp4.Ack, "another address", offering("192.0.2.51"), dhcp4.WrongAddress},
		{Rebinding, dhcp4.Ack, "another server", from(srv2), dhcp4.Accepted},
		{Rebinding, dhcp4.Nak, "another server", from(srv2), dhcp4.Accepted},
		{Rebinding, dhcp4.Nak, "no server", anonymous, dhcp4.Accepted},
		{Rebinding, dhcp4.Ack, "another address", offering("192.0.2.51"), dhcp4.WrongAddress},
		{Rebinding, dhcp4.Nak, "half a server", with(dhcp4.ServerIdentifier, []byte{1, 2}), dhcp4.NoServerID},
	}
	for _, row := range rows {
		t.Run(fmt.Sprint(row.state, "/", row.typ, "/", row.name), func(t *testing.T) {
			s := playTo(t, row.state, Config{})
			if row.want != dhcp4.Accepted {
				s.refuses(row.want, row.typ, row.edit)
			} else if s.hears(row.typ, row.edit); s.eff.Refused != dhcp4.Accepted {
				t.Errorf("refused with %v", s.eff.Refused)
			}
			if l := s.m.Lease(); l != nil && row.typ == dhcp4.Ack && row.want == dhcp4.Accepted && l.Server != srv2 {
				t.Errorf("the lease is %v's", l.Server)
			}
		})
	}
}

// A NAK is looked at as closely as an ACK.
func TestForeignNak(t *testing.T) {
	rfc.Shows(t, "R2131-F5-01", "R6842-3-01")
	for _, state := range []State{Requesting, Rebooting, Renewing, Rebinding} {
		s := playTo(t, state, Config{})
		s.refuses(dhcp4.WrongXid, dhcp4.Nak, func(r *dhcptest.Reply) { r.Xid++ })
		s.refuses(dhcp4.WrongHardwareAddr, dhcp4.Nak, func(r *dhcptest.Reply) { r.HardwareAddr[0] ^= 4 })
		s.refuses(dhcp4.WrongClientID, dhcp4.Nak, with(dhcp4.ClientIdentifier, []byte{0, 'x'}))
	}
}

// Before its first message has left, nothing answers an exchange.
func TestAnswerBeforeQuestion(t *testing.T) {
	s := playTo(t, Selecting, Config{}).hears(dhcp4.Offer).in(Requesting)
	s.refuses(dhcp4.UnexpectedType, dhcp4.Ack)
	s.refuses(dhcp4.UnexpectedType, dhcp4.Nak)
	s = playTo(t, Init, Config{})
	out, _ := s.m.Outgoing(s.now)
	s.sent = out
	s.refuses(dhcp4.UnexpectedType, dhcp4.Offer)
}

// What a lenient client takes: relays, clouds, servers that say little.
func TestLenient(t *testing.T) {
	rfc.Shows(t, "R2131-T3-04", "P-RV-06", "R2131-3-06", "R2131-T3-05", "R2131-2-08", "H-ADDR-02",
		"R2132-3.3-01", "R2132-8.4-01")
	id := []byte{1, 2, 0, 0, 0, 0, 1}
	rows := []struct {
		name string
		edit edit
		addr string
	}{
		{"only what is needed", func(r *dhcptest.Reply) { r.Options = nil }, "192.0.2.50/24"},
		{"classful A", func(r *dhcptest.Reply) { without(dhcp4.SubnetMask)(r); offering("10.1.2.3")(r) }, "10.1.2.3/8"},
		{"classful B", func(r *dhcptest.Reply) { without(dhcp4.SubnetMask)(r); offering("172.16.2.3")(r) }, "172.16.2.3/16"},
		{"mask of three bytes", with(dhcp4.SubnetMask, []byte{255, 255, 255}), "192.0.2.50/24"},
		{"mask of five bytes", with(dhcp4.SubnetMask, []byte{255, 255, 0, 0, 0}), "192.0.2.50/24"},
		{"server elsewhere", from(netip.MustParseAddr("10.9.9.9")), "192.0.2.50/24"},
		{"link-local server", from(netip.MustParseAddr("169.254.169.254")), "192.0.2.50/24"},
		{"host mask", with(dhcp4.SubnetMask, dhcptest.Addrs("255.255.255.255")), "192.0.2.50/32"},
		{"point to point", func(r *dhcptest.Reply) {
			with(dhcp4.SubnetMask, dhcptest.Addrs("255.255.255.254"))(r)
			offering("192.0.2.255")(r)
		}, "192.0.2.255/31"},
		{"class A mask", with(dhcp4.SubnetMask, dhcptest.Addrs("255.0.0.0")), "192.0.2.50/8"},
		{"unknown option", with(224, []byte("x")), "192.0.2.50/24"},
		{"a client's options", func(r *dhcptest.Reply) {
			with(dhcp4.MaxMessageSize, []byte{5, 220})(r)
			with(dhcp4.RequestedAddress, dhcptest.Addrs("192.0.2.77"))(r)
			with(dhcp4.ParameterRequestList, []byte{1, 3})(r)
		}, "192.0.2.50/24"},
		{"next server", func(r *dhcptest.Reply) { r.NextServer = netip.MustParseAddr("192.0.2.9") }, "192.0.2.50/24"},
		{"our client id", with(dhcp4.ClientIdentifier, id), "192.0.2.50/24"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := Config{Identity: dhcp4.Identity{ClientID: id}}
			s := play(t, middle, c).at(0).toBound(row.edit)
			if got := s.m.Lease().Addr.String(); got != row.addr {
				t.Errorf("address is %v, want %v", got, row.addr)
			}
		})
	}
}

// giaddr is no router.
func TestRelayIsNoRouter(t *testing.T) {
	rfc.Shows(t, "R1542-3.4-02")
	s := play(t, middle, Config{}).at(0).toBound(without(dhcp4.Router), func(r *dhcptest.Reply) { r.RelayAddr = netip.MustParseAddr("192.0.2.254") })
	if l := s.m.Lease(); len(l.Routers) != 0 || len(l.Routes) != 0 {
		t.Errorf("the lease has %v, %v", l.Routers, l.Routes)
	}
}

// The original's rules.
func TestStrict(t *testing.T) {
	rows := []struct {
		name string
		edit edit
	}{
		{"no router", without(dhcp4.Router)},
		{"router elsewhere", with(dhcp4.Router, dhcptest.Addrs("192.0.3.1"))},
		{"no name server", without(dhcp4.DNSServer)},
		{"no mask", without(dhcp4.SubnetMask)},
		{"server elsewhere", from(netip.MustParseAddr("10.9.9.9"))},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c := Config{Strict: true}
			playTo(t, Selecting, c).refuses(dhcp4.NotStrict, dhcp4.Offer, row.edit)
			// In REBOOTING no OFFER was judged before.
			playTo(t, Rebooting, c).refuses(dhcp4.NotStrict, dhcp4.Ack, row.edit)
			playTo(t, Selecting, Config{}).hears(dhcp4.Offer, row.edit).in(Requesting)
		})
	}
}

func TestRapidCommit(t *testing.T) {
	rfc.Shows(t, "R4039-3-03", "R4039-3-04", "R4039-3-06", "R4039-3-07", "R4039-01", "R2131-4.4.1-10", "R2131-3.1-06")
	rapid := with(dhcp4.RapidCommit, nil)
	c := Config{Identity: dhcp4.Identity{RapidCommit: true}}

	s := playTo(t, Selecting, c).at(1.5)
	s.sends(dhcp4.KindDiscover)
	s.refuses(dhcp4.UnexpectedType, dhcp4.Ack)
	s.at(3).hears(dhcp4.Ack, rapid).in(Installing).becomes(Granted, ReasonAck)
	if l := s.m.Lease(); l.Expiry != sec(3600) {
		t.Errorf("lease ends at %v, want 3600 s after the first DISCOVER", l.Expiry)
	}
	s.refuses(dhcp4.UnexpectedType, dhcp4.Offer)
	s.step(Conflict{})
	if d := s.sends(dhcp4.KindDecline); d.Addr != us || d.ServerID != srv1 {
		t.Errorf("DECLINE is %+v", d)
	}
	s.in(Init).due(13)

	playTo(t, Selecting, c).hears(dhcp4.Offer).in(Requesting)
	playTo(t, Selecting, Config{}).refuses(dhcp4.UnexpectedType, dhcp4.Ack, rapid)
}

// A flood of answers makes the client say one thing per state.
func TestFlood(t *testing.T) {
	rfc.Shows(t, "P-RT-21", "H-SPOOF-04")
	s := playTo(t, Requesting, Config{})
	nak := s.reply(dhcp4.Nak)
	for range 10000 {
		s.step(Received{nak})
	}
	s.in(Init)
	s.sends(dhcp4.KindDiscover)
	offer := s.reply(dhcp4.Offer)
	for range 10000 {
		s.step(Received{offer})
		s.step(Received{nak})
	}
	s.in(Requesting).sends(dhcp4.KindSelecting)
	s.quiet()
}

// A server that offers the address that was in use does not keep another from its
// turn, though it is always the first to answer.
func TestDeclinedAddressGoesLast(t *testing.T) {
	rfc.Shows(t, "P-DR-03")
	s := playTo(t, Bound, Config{}).at(3)
	s.step(Conflict{})
	s.sends(dhcp4.KindDecline)
	s.at(13).sends(dhcp4.KindDiscover)
	s.at(13.1).hears(dhcp4.Offer).in(Selecting).quiet()
	s.at(13.2).hears(dhcp4.Offer, from(srv2), offering("192.0.2.51")).in(Requesting)
	if r := s.sends(dhcp4.KindSelecting); r.ServerID != srv2 {
		t.Errorf("REQUEST to %v", r.ServerID)
	}
}

// Anybody can claim an address: the claim says nothing against the server, which
// is believed at once when it offers another.
func TestDeclinedAddressIsNoFaultOfItsServer(t *testing.T) {
	s := playTo(t, Bound, Config{}).at(3)
	s.step(Conflict{})
	s.sends(dhcp4.KindDecline)
	s.at(13).sends(dhcp4.KindDiscover)
	s.at(13.1).hears(dhcp4.Offer, offering("192.0.2.51")).in(Requesting)
	if r := s.sends(dhcp4.KindSelecting); r.ServerID != srv1 {
		t.Errorf("REQUEST to %v", r.ServerID)
	}
}

// Nor does one that offers and then says nothing. Alone it is taken in place of
// the second DISCOVER.
func TestSilentServerGoesLast(t *testing.T) {
	s := playTo(t, Selecting, Config{}).hears(dhcp4.Offer)
	for range requestTries {
		s.at(s.m.Deadline().Seconds()).sends(dhcp4.KindSelecting)
	}
	s.at(13.25).sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer).in(Selecting).due(14.75).at(14.75).in(Requesting).sends(dhcp4.KindSelecting)
	s.hears(dhcp4.Ack).becomes(Granted, ReasonAck)
	s.step(Installed{})
	// Then it has made up for it.
	s.resumes(4000).sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer).in(Requesting)
}

// When nobody offered anything by the second DISCOVER, there is nobody to wait for.
func TestSilentServerAnswersLate(t *testing.T) {
	s := playTo(t, Bound, Config{}).at(3)
	s.step(Conflict{})
	s.sends(dhcp4.KindDecline)
	s.at(13).sends(dhcp4.KindDiscover)
	s.at(14.5).sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer).in(Requesting)
}

// A server that refuses what it offered does not keep another from its turn either.
func TestRefusingServerGoesLast(t *testing.T) {
	s := playTo(t, Requesting, Config{}).hears(dhcp4.Nak)
	s.sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer).in(Requesting) // once can happen
	s.sends(dhcp4.KindSelecting)
	s.hears(dhcp4.Nak).at(1).sends(dhcp4.KindDiscover)
	s.hears(dhcp4.Offer).in(Selecting)
	s.hears(dhcp4.Offer, from(srv2)).in(Requesting)
	if r := s.sends(dhcp4.KindSelecting); r.ServerID != srv2 {
		t.Errorf("REQUEST to %v", r.ServerID)
	}
}

// While offers are collected for chance to choose from, one that comes twice has no
// second chance.
func TestAnOfferIsCountedOnce(t *testing.T) {
	s := playTo(t, Selecting, Config{})
	s.m.letDown = 2
	s.hears(dhcp4.Offer).in(Selecting)
	s.refuses(dhcp4.UnexpectedType, dhcp4.Offer)
	s.hears(dhcp4.Offer, from(srv2)).in(Selecting)
	if s.eff.Refused != dhcp4.Accepted {
		t.Errorf("another server's offer is refused: %v", s.eff.Refused)
	}
}
