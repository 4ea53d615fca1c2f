package siege

import (
	"net/netip"
	"slices"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// malice is one way to do one's worst.
type malice struct {
	name  string
	reply respond
	tick  func(s *siege, n int) // nil, or called every 100 ms

	// The most messages a minute in the long run, where brakes beside the ceiling
	// are to see to it; else 0.
	minute int
}

// respond is what goes out for a message, in place of what a good server would
// answer to it, nil for silence. The honest reply is there to be spoilt.
type respond = func(s *siege, m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame

// malices are all of them.
var malices = []malice{
	{name: "refuses whatever is said", reply: refuse, minute: 1},
	{name: "offers and refuses", reply: offering(refuse), minute: 2},
	{name: "offers and is silent", reply: offering(silent), minute: 21},
	{name: "offers, refuses and is silent, by turns", reply: offering(byTurns(refuse, silent, grantFor(5, 0, 0)))},
	{name: "grants for five seconds", reply: lasting(5, 1, 2)},
	{name: "grants for a second", reply: lasting(1, 0, 0)},
	{name: "grants with times of no sense", reply: nonsense},
	{name: "grants and is gone", reply: until(grantFor(5, 0, 0))},
	{name: "grants, then refuses to extend", reply: granting(grantFor(5, 1, 2), refuse), minute: 3},
	{name: "grants another address than asked for", reply: another},
	{name: "grants another address each time", reply: fresh(grantFor(5, 1, 2), refuse), minute: 3},
	{name: "grants what somebody else has", reply: occupied, minute: 3},
	{name: "grants other routes each time", reply: rerouted},
	{name: "floods with what must be refused", reply: flood, minute: 1},
	{name: "has a new name each time", reply: renamed, minute: 2},
	{name: "asks to renew all the time", reply: grant, tick: forceRenew, minute: 1},
	{name: "has the cable flap and grants for five seconds", reply: lasting(5, 1, 2), tick: flap},
}

// everything is all of them by chance.
var everything = malice{
	name: "everything",
	reply: func(s *siege, m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
		return malices[s.rand.IntN(len(malices))].reply(s, m, honest)
	},
	tick: func(s *siege, n int) {
		g := s.guests[s.rand.IntN(len(s.guests))]
		switch s.rand.IntN(10) {
		case 0:
			g.forceRenew(s)
		case 1:
			g.plug(n%2 == 1)
		}
	},
}

func silent(*siege, *dhcptest.Message, *dhcptest.Reply) []dhcptest.Frame { return nil }

func grant(s *siege, m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
	if honest == nil {
		return nil
	}
	return []dhcptest.Frame{s.server.Frame(m, honest)}
}

func refuse(s *siege, m *dhcptest.Message, _ *dhcptest.Reply) []dhcptest.Frame {
	return []dhcptest.Frame{s.server.Frame(m, s.nak(m))}
}

// nak refuses in the name of the server that was asked.
func (s *siege) nak(m *dhcptest.Message) *dhcptest.Reply {
	server := m.Addr(dhcp4.ServerIdentifier)
	if !server.IsValid() {
		server = s.server.ID
	}
	return &dhcptest.Reply{Type: dhcp4.Nak, Xid: m.Xid, Flags: m.Flags, HardwareAddr: m.HardwareAddr, ServerID: server}
}

// offering is honest to a DISCOVER, and like then to a REQUEST.
func offering(then respond) respond {
	return func(s *siege, m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
		if m.Kind == dhcp4.KindDiscover {
			return grant(s, m, honest)
		}
		return then(s, m, honest)
	}
}

// granting is like first until there is a lease, and then like then.
func granting(first, then respond) respond {
	return func(s *siege, m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
		if m.Kind == dhcp4.KindDiscover || m.Kind == dhcp4.KindSelecting {
			return first(s, m, honest)
		}
		return then(s, m, honest)
	}
}

func until(first respond) respond { return granting(first, silent) }

func byTurns(list ...respond) respond {
	return func(s *siege, m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
		return list[s.rand.IntN(len(list))](s, m, honest)
	}
}

// times are those of a reply, in seconds.
func times(r *dhcptest.Reply, lease, t1, t2 uint32) {
	r.Lease = 0 // which would leave the option out
	r.Options = slices.DeleteFunc(r.Options, func(o dhcptest.Option) bool {
		return o.Code == dhcp4.RenewalTime || o.Code == dhcp4.RebindingTime
	})
	r.Options = append(r.Options,
		dhcptest.Option{Code: dhcp4.LeaseTime, Data: dhcptest.Uint32(lease)},
		dhcptest.Option{Code: dhcp4.RenewalTime, Data: dhcptest.Uint32(t1)},
		dhcptest.Option{Code: dhcp4.RebindingTime, Data: dhcptest.Uint32(t2)})
}

func grantFor(lease, t1, t2 uint32) respond {
	return func(s *siege, m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
		if honest != nil && honest.Type != dhcp4.Nak {
			times(honest, lease, t1, t2)
		}
		return grant(s, m, honest)
	}
}

// lasting offers honestly and grants with these times.
func lasting(lease, t1, t2 uint32) respond { return offering(grantFor(lease, t1, t2)) }

// nonsense has times of which some could be lived with.
func nonsense(s *siege, m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
	any := func(list ...uint32) uint32 { return list[s.rand.IntN(len(list))] }
	t := func() uint32 { return any(0, 1, 2, 3, 4, 5, 1<<31, 1<<32-2, 1<<32-1, s.rand.Uint32()) }
	// Nothing long: that would be all for the day.
	return lasting(any(0, 1, 4, 5, 6, 7, 8, 60), t(), t())(s, m, honest)
}

// another acknowledges what nobody asked for.
func another(s *siege, m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
	if honest != nil && honest.Type == dhcp4.Ack {
		honest.YourAddr = honest.YourAddr.Next()
	}
	return grant(s, m, honest)
}

// fresh has an address that nobody had before in every offer, and is like then to
// whoever has one.
func fresh(first, then respond) respond {
	return granting(func(s *siege, m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
		if honest == nil {
			return nil
		}
		honest.Type, honest.YourAddr, honest.Lease = dhcp4.Ack, m.Addr(dhcp4.RequestedAddress), 3600
		if m.Kind == dhcp4.KindDiscover {
			s.given++
			honest.Type = dhcp4.Offer
			honest.YourAddr = netip.AddrFrom4([4]byte{10, 77, byte(128 + s.given>>8%127), byte(1 + s.given%254)})
		}
		return first(s, m, honest)
	}, then)
}

// occupied grants an address that a stranger claims before anybody has used it.
func occupied(s *siege, m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
	return fresh(func(s *siege, m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
		if honest.Type == dhcp4.Ack {
			h := s.stranger(m.Link)
			h.Addr, h.Silent = honest.YourAddr, false
			for _, after := range []time.Duration{time.Millisecond, time.Second, 3 * time.Second} {
				s.world.After(after, h.Announce)
			}
		}
		return grant(s, m, honest)
	}, grant)(s, m, honest)
}

// rerouted has another router and MTU in every grant, and grants are many.
func rerouted(s *siege, m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
	if honest != nil && honest.Type == dhcp4.Ack {
		honest.Options = slices.DeleteFunc(honest.Options, func(o dhcptest.Option) bool { return o.Code == dhcp4.Router })
		honest.Options = append(honest.Options,
			dhcptest.Option{Code: dhcp4.Router, Data: []byte{10, 77, 1, byte(s.rand.IntN(250))}},
			dhcptest.Option{Code: dhcp4.InterfaceMTU, Data: []byte{4, byte(s.rand.IntN(250))}})
		times(honest, 5, 1, 2)
	}
	return grant(s, m, honest)
}

var hostiles = dhcptest.Hostiles()

// flood answers with each thing that is wrong.
func flood(s *siege, m *dhcptest.Message, honest *dhcptest.Reply) (frames []dhcptest.Frame) {
	for i := range hostiles {
		h := &hostiles[i]
		if honest != nil && (h.Of == 0 || h.Of == honest.Type) {
			frames = append(frames, h.Frame(s.server, m, honest))
		}
	}
	return frames
}

// renamed is a server that nobody has heard of before in every offer.
func renamed(s *siege, m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
	if m.Kind != dhcp4.KindDiscover || honest == nil {
		return refuse(s, m, honest)
	}
	var frames []dhcptest.Frame
	for range 3 {
		honest.ServerID = netip.AddrFrom4([4]byte{10, 78, byte(s.rand.IntN(256)), byte(s.rand.IntN(256))})
		frames = append(frames, s.server.Frame(m, honest))
	}
	return frames
}

// forceRenew talks to everybody every second.
func forceRenew(s *siege, n int) {
	if n%10 == 0 {
		for _, g := range s.guests {
			g.forceRenew(s)
		}
	}
}

// forceRenew says what nobody waits for, in reply to what was asked last; among it
// what a server may say by itself (RFC 3203).
func (g *guest) forceRenew(s *siege) {
	if g.asked == nil {
		return
	}
	for _, t := range []dhcp4.MessageType{dhcp4.ForceRenew, dhcp4.Ack, dhcp4.Nak, dhcp4.Offer} {
		r := s.nak(g.asked)
		r.Type, r.YourAddr = t, g.link.Config().Addr.Addr()
		times(r, 5, 1, 2)
		g.link.Receive(s.server.Frame(g.asked, r))
	}
}

// flap pulls every cable out, or in again, for the first ten minutes of every hour.
func flap(s *siege, n int) {
	if time.Duration(n)*tick%time.Hour < 10*time.Minute {
		for _, g := range s.guests {
			g.plug(n%2 == 1)
		}
	}
}

// plug is a cable's fault, not a client's: a change of the routes' metric and a line
// go with it. Linux does not tell of it more than about once a second.
func (g *guest) plug(in bool) {
	g.link.SetCarrier(in)
	g.changes.excuse()
	g.lines.excuse()
}
