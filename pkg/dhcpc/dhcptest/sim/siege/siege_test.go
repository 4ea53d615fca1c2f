package siege

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

var (
	links = flag.Int("links", 1, "how many links are besieged in the one way or the other")
	many  = flag.Int("many", 4, "how many in all ways at once")
	seeds = flag.Uint64("seeds", 1, "and with how many seeds")
)

// siege is a machine on a network with a server that is malicious for a day.
type siege struct {
	malice
	world   *dhcptest.World
	lan     *dhcptest.LAN
	segment *dhcptest.Segment
	server  *dhcptest.Server
	client  *dhcpc.Client
	guests  []*guest
	byLink  map[*dhcptest.Link]*guest
	rand    *rand.Rand
	given   int // addresses
}

// guest is a link under siege.
type guest struct {
	link  *dhcptest.Link
	asked *dhcptest.Message // last
	rival *dhcptest.Host    // that takes its address, or nil

	messages, packets, changes, lines meter
}

// lay begins a siege.
func lay(m malice, n int, seed uint64) *siege {
	s := &siege{
		malice: m, world: dhcptest.NewWorld(seed), rand: rand.New(rand.NewPCG(seed, 7)),
		byLink: map[*dhcptest.Link]*guest{},
	}
	s.lan = s.world.Machine()
	s.segment = s.world.Segment()
	s.server = s.segment.Serve(&dhcptest.Server{
		ID: netip.MustParseAddr("10.77.0.1"), Subnet: netip.MustParsePrefix("10.77.0.0/16"), Brief: true,
	})
	s.server.Respond = func(m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
		return s.reply(s, m, honest)
	}
	c := dhcpc.Config{Net: s.lan, Kernel: s.lan.Kernel, Rand: rand.New(rand.NewPCG(seed, 8)).Uint32}
	s.client = dhcpc.New(c)
	for i := range n {
		g := &guest{
			link:     s.lan.Plug(fmt.Sprint("eth", i), s.segment),
			messages: meter{ceiling: messages}, packets: meter{ceiling: packets},
			changes: meter{ceiling: changes}, lines: meter{ceiling: lines},
		}
		s.guests = append(s.guests, g)
		s.byLink[g.link] = g
		_ = s.client.Request(g.link.Name(), dhcpc.IPv4, func(ev dhcpc.Event) {
			if ev.Kind != dhcpc.MessageSent && ev.Kind != dhcpc.MessageReceived {
				g.lines.note(s.world.Now())
			}
		})
	}
	s.world.OnTurn = s.turned
	if m.tick != nil {
		s.ticks(0)
	}
	return s
}

// ticks calls the malice's tick for the nth time, and arranges for the next.
func (s *siege) ticks(n int) {
	if s.world.Now() < day {
		s.tick(s, n)
		s.world.After(tick, func() { s.ticks(n + 1) })
	}
}

const (
	day  = 24 * time.Hour
	tick = 100 * time.Millisecond
)

// turned takes in what the client has done in a turn.
func (s *siege) turned(*dhcptest.LAN) {
	now := s.world.Now()
	for _, m := range s.lan.Sent {
		g := s.byLink[m.Link]
		g.asked = m
		g.messages.note(now)
	}
	for _, p := range s.lan.ARP {
		s.byLink[p.Link].packets.note(now)
	}
	for _, g := range s.guests {
		for range len(g.link.Applied) + len(g.link.Raised) + len(g.link.Lowered) {
			g.changes.note(now)
		}
		g.link.Applied, g.link.Raised, g.link.Lowered = nil, nil, nil
	}
	s.lan.Sent, s.lan.ARP, s.lan.Sockets, s.lan.Wakeups = nil, nil, nil, nil
}

// stranger is a host that can take the address of a link.
func (s *siege) stranger(l *dhcptest.Link) *dhcptest.Host {
	g := s.byLink[l]
	if g.rival == nil {
		g.rival = s.segment.Host(netip.IPv4Unspecified())
	}
	return g.rival
}

// raise ends the siege: the server is honest, and all is as it should be.
func (s *siege) raise() {
	s.server.Respond = nil
	for _, g := range s.guests {
		g.link.SetCarrier(true)
		if g.rival != nil {
			g.rival.Silent = true
		}
	}
}

// soon is when everybody must have a lease after that: the pause after NAKs may
// have begun, 60 s, or the longest gap between two DISCOVERs, 64 s, either with
// the fifth that chance may add; a minute follows the tenth DECLINE; a REQUEST may
// be under way that nobody answers, 16 s.
const soon = (77 + 72 + 60 + 16) * time.Second

func (s *siege) run(t *testing.T) {
	var early, late runtime.MemStats
	s.world.At(time.Hour, func() { measure(&early) })
	s.world.At(day, func() {
		measure(&late)
		s.raise()
	})
	s.world.Start(s.lan, s.client)
	var st dhcpc.Status
	s.world.At(day+soon, func() { st = s.client.Status() })
	s.world.Run(day + soon + time.Second)
	if err := s.lan.Err(); err != nil {
		t.Error(err)
	}
	for _, l := range st.Links {
		if l.State != machine.Bound || !l.Installed {
			t.Errorf("%s: %v after %v has an honest server", l.Interface, l.State, soon)
		}
	}
	var worst [4]meter
	for _, g := range s.guests {
		for i, m := range []*meter{&g.messages, &g.packets, &g.changes, &g.lines} {
			if err := m.check(); err != nil {
				t.Errorf("%s: %v", g.link.Name(), err)
			}
			if m.worst >= worst[i].worst {
				worst[i] = *m
			}
		}
		if most := int(day/time.Minute)*s.minute + 60; s.minute > 0 && g.messages.count > most {
			t.Errorf("%s: %v in a day, want no more than %d", g.link.Name(), &g.messages, most)
		}
	}
	t.Logf("the worst of %d links: %v, %v, %v, %v", len(s.guests), &worst[0], &worst[1], &worst[2], &worst[3])
	if grown := int64(late.HeapAlloc) - int64(early.HeapAlloc); grown > 1<<20 {
		t.Errorf("%d bytes more in use after a day than after an hour", grown)
	}
}

func measure(m *runtime.MemStats) {
	runtime.GC()
	runtime.ReadMemStats(m)
}

// Whatever a server does for a day, it makes nobody send, configure, tell or keep
// more than the ceilings allow; and who comes after it finds everybody waiting.
func TestADayUnderSiege(t *testing.T) {
	rfc.Shows(t, "H-RATE-01", "H-T-01", "P-RT-20", "P-RT-21")
	for _, m := range malices {
		t.Run(m.name, func(t *testing.T) { lay(m, *links, 1).run(t) })
	}
	for seed := uint64(1); seed <= *seeds; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { lay(everything, *many, seed).run(t) })
	}
}
