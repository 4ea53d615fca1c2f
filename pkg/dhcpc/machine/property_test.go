package machine

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// Whatever happens in whatever order, the invariants hold, a refused message
// changes nothing, and a call at the deadline makes progress.
func TestAnyLife(t *testing.T) {
	rfc.Shows(t, "P-ST-08", "P-RV-10", "R2131-4.4.5-13", "H-T-01")
	rapid.Check(t, func(rt *rapid.T) {
		s := &script{T: t}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		c := Config{
			Identity:   dhcp4.Identity{HardwareAddr: mac, RapidCommit: rapid.Bool().Draw(rt, "rapid commit")},
			Schedule:   Schedule{RFC: rapid.Bool().Draw(rt, "RFC")},
			ReuseLease: rapid.Bool().Draw(rt, "reuse"),
			StartDelay: time.Duration(rapid.IntRange(0, 10).Draw(rt, "delay")) * time.Second,
			Rand:       func() uint32 { s.draws++; return rng.Uint32() },
		}
		if rapid.Bool().Draw(rt, "IPv6 only") {
			c.Identity.Parameters = []dhcp4.Code{dhcp4.IPv6OnlyPreferred}
		}
		var l *Lease
		if rapid.Bool().Draw(rt, "remembers") {
			l = stored()
		}
		s.m = New(c, l, rapid.Bool().Draw(rt, "in use"))

		step := func(ev Event) {
			before, state := s.snapshot(), s.m.State()
			expires := s.m.remembered != nil && s.m.remembered.Expiry <= s.now
			s.eff = s.m.Step(s.now, ev)
			if err := invariants(s.m, s.now, state, s.eff); err != nil {
				rt.Fatalf("%T in %v: %v", ev, state, err)
			}
			if s.eff.Refused != dhcp4.Accepted && !expires && s.snapshot() != before {
				rt.Fatalf("a refused message changed\n%s\nto\n%s", before, s.snapshot())
			}
			for tries := 0; s.m.Deadline() <= s.now; tries++ {
				if _, due := s.m.Outgoing(s.now); due {
					break
				}
				if tries == 3 {
					rt.Fatalf("%v spins at %v", s.m.State(), s.now)
				}
				s.m.Step(s.now, Timer{})
			}
		}
		if rapid.Bool().Draw(rt, "soon has a lease") { // chance alone seldom comes to one
			step(LinkUp{})
			for _, typ := range []dhcp4.MessageType{dhcp4.Offer, dhcp4.Ack} {
				s.now = max(s.now, s.m.Deadline())
				step(leaves(s))
				step(Received{s.reply(typ, anyTimes(rt))})
			}
		}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			step(life(rt, s))
		}
	})
}

// leaves has the message that is due leave, if there is one.
func leaves(s *script) Event {
	if out, ok := s.m.Outgoing(s.now); ok {
		s.sent = out
	}
	return Sent{}
}

// anyTimes draws those of a lease.
func anyTimes(rt *rapid.T) edit {
	seconds := rapid.OneOf(rapid.Uint32Range(0, 100), rapid.Uint32Range(3000, 8000), rapid.Uint32())
	return serverTimes(seconds.Draw(rt, "lease"), seconds.Draw(rt, "T1"), seconds.Draw(rt, "T2"))
}

// life draws what happens next, and when.
func life(rt *rapid.T, s *script) Event {
	switch rapid.IntRange(0, 3).Draw(rt, "time") {
	case 1:
		s.now += time.Duration(rapid.Int64Range(0, int64(2*time.Second)).Draw(rt, "soon"))
	case 2:
		s.now = max(s.now, min(s.m.Deadline(), s.now+1000*time.Hour))
	case 3:
		s.now += time.Duration(rapid.Int64Range(0, int64(3*time.Hour)).Draw(rt, "later"))
	}
	switch rapid.IntRange(0, 15).Draw(rt, "event") {
	case 0:
		return LinkUp{}
	case 1:
		return LinkDown{}
	case 2:
		return Timer{}
	case 3:
		return SendFailed{}
	case 4:
		return InstallFailed{Gone: rapid.Bool().Draw(rt, "gone")}
	case 5:
		return Conflict{}
	case 6:
		return Renew{}
	case 7:
		return Release{}
	case 8, 9:
		return Installed{}
	case 10, 11, 12:
		return leaves(s)
	}
	return Received{s.reply(
		rapid.SampledFrom([]dhcp4.MessageType{dhcp4.Offer, dhcp4.Offer, dhcp4.Ack, dhcp4.Ack, dhcp4.Nak, dhcp4.ForceRenew}).Draw(rt, "type"),
		func(r *dhcptest.Reply) {
			r.ServerID = rapid.SampledFrom([]netip.Addr{srv1, srv1, srv2, {}}).Draw(rt, "server")
			r.YourAddr = rapid.SampledFrom([]netip.Addr{us, us, us, srv2, zero}).Draw(rt, "address")
			anyTimes(rt)(r)
			if rapid.IntRange(0, 9).Draw(rt, "foreign") == 0 {
				r.Xid++
			}
			if rapid.Bool().Draw(rt, "rapid") {
				with(dhcp4.RapidCommit, nil)(r)
			}
			if rapid.IntRange(0, 4).Draw(rt, "IPv6 only") == 0 {
				with(dhcp4.IPv6OnlyPreferred, rapid.SliceOfN(rapid.Byte(), 3, 5).Draw(rt, "wait"))(r)
			}
		},
	)}
}

// A server that does its worst for a day does not make the client send more
// than one message a second.
func TestRateCeiling(t *testing.T) {
	rfc.Shows(t, "H-RATE-01", "R4039-3-03")
	worst := func(r *dhcptest.Reply) {
		serverTimes(5, 1, 2)(r)
		with(dhcp4.RapidCommit, nil)(r)
	}
	// What a server answers, by what it was asked and a random number.
	servers := map[string]func(k dhcp4.Kind, n uint32) dhcp4.MessageType{
		"grants for a moment": func(k dhcp4.Kind, n uint32) dhcp4.MessageType {
			if k == dhcp4.KindDiscover && n%2 == 0 {
				return dhcp4.Offer
			}
			return dhcp4.Ack
		},
		"refuses": func(k dhcp4.Kind, n uint32) dhcp4.MessageType {
			if k == dhcp4.KindDiscover {
				return dhcp4.Offer
			}
			return dhcp4.Nak
		},
		"is mad": func(k dhcp4.Kind, n uint32) dhcp4.MessageType {
			return []dhcp4.MessageType{dhcp4.Offer, dhcp4.Ack, dhcp4.Nak, 0}[n%4]
		},
	}
	for name, answer := range servers {
		t.Run(name, func(t *testing.T) {
			s := play(t, middle, Config{})
			rng := rand.New(rand.NewPCG(1, 2))
			s.m.c.Rand, s.m.c.Identity.RapidCommit = rng.Uint32, true
			reply := s.reply(dhcp4.Offer, worst)
			s.m.Step(0, LinkUp{})
			sent, day := 0, 24*time.Hour
			var window []time.Duration // of the last burst+1 messages
			for s.now < day {
				s.now = max(s.now, s.m.Deadline())
				s.m.Step(s.now, Timer{})
				out, ok := s.m.Outgoing(s.now)
				if !ok {
					continue
				}
				sent++
				if window = append(window, s.now); len(window) > burst+1 {
					window = window[1:]
					if window[burst]-window[0] < time.Second {
						t.Fatalf("%d messages from %v to %v", burst+1, window[0], window[burst])
					}
				}
				s.m.Step(s.now, Sent{})
				reply.Xid = out.Xid
				reply.Type = answer(out.Kind, rng.Uint32())
				s.m.Step(s.now, Received{reply})
				switch rng.Uint32() % 10000 {
				case 0:
					s.m.Step(s.now, Conflict{})
				case 1:
					s.m.Step(s.now, InstallFailed{})
				default:
					s.m.Step(s.now, Installed{})
				}
			}
			if limit := int(day/time.Second) + burst; sent > limit || sent < 1000 {
				t.Errorf("%d messages in a day", sent)
			}
		})
	}
}
