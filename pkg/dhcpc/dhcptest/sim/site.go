package sim

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// Site is all that one seed makes.
type Site struct {
	world    *dhcptest.World
	rand     *rand.Rand // of what goes wrong and when
	networks []*network
	boxes    []*box
	judge    *judge
	trace    *trace
	end      time.Duration // of the present storm
}

const (
	networks = 2
	boxes    = 6
)

// Result is what became of a run.
type Result struct {
	Seed  uint64
	Steps uint64        // turns of clients, and things that happened to them
	Time  time.Duration // of the virtual clock
	Links int           // each lived that long
	Hash  uint64        // of everything that happened
	Sent  int           // messages of clients
	Worst time.Duration // the longest that a link took to get a lease in a calm

	// Breach is what rule was broken, and how; nil if none was.
	Breach *Breach
	// Tail is what happened last.
	Tail []string
}

// String is one line about the run and, if a rule was broken, all that led to it.
func (r *Result) String() string {
	if r.Breach == nil {
		return fmt.Sprintf("seed %d: %d steps, %v, %d messages, hash %016x", r.Seed, r.Steps, r.Time, r.Sent, r.Hash)
	}
	text := ""
	for _, line := range r.Tail {
		text += line + "\n"
	}
	return fmt.Sprintf("%sseed %d: step %d: %v", text, r.Seed, r.Steps, r.Breach)
}

// Run runs the site of a seed for a while, or until a rule is broken.
func Run(seed uint64, length time.Duration) *Result {
	s := &Site{world: dhcptest.NewWorld(seed), rand: rand.New(rand.NewPCG(seed, 1))}
	s.trace = newTrace(s.world)
	s.judge = newJudge(s)
	for i := range networks {
		s.networks = append(s.networks, newNetwork(s, i))
	}
	for i := range boxes {
		s.boxes = append(s.boxes, newBox(s, i, seed))
	}
	s.world.At(0, s.storm)
	s.world.Run(length)
	return &Result{
		Seed: seed, Steps: s.world.Steps(), Time: s.world.Now(), Links: boxes * networks,
		Hash: s.trace.hash.Sum64(), Sent: s.judge.sent, Worst: s.judge.worst,
		Breach: s.judge.breach, Tail: s.trace.tail(),
	}
}

// network is an Ethernet with its servers.
type network struct {
	*dhcptest.Segment
	site *Site

	main  *dhcptest.Server // honest, and there in every calm
	slow  *dhcptest.Server // honest, with short leases and times of its own; takes its time, and drowns
	rogue *dhcptest.Server // whatever it says is wrong, see rogue.go
	all   []*dhcptest.Server

	hosts   []*squatter
	restful time.Duration // since when nothing was lost on it, nor held up
	naks    bool          // main refuses every REQUEST that it has an offer for
	losses  float64       // of what slow has to say
}

func newNetwork(s *Site, i int) *network {
	n := &network{Segment: s.world.Segment(), site: s}
	addr := func(third, last byte) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i), third, last}) }
	server := func(number byte) *dhcptest.Server {
		return &dhcptest.Server{
			ID: addr(0, number), Subnet: netip.PrefixFrom(addr(0, 0), 16), First: addr(64*(number-1), 10),
			DNS: []netip.Addr{addr(0, 53)}, Brief: true,
		}
	}
	n.rogue = server(3)
	n.rogue.Silent = true
	n.rogue.Respond = n.lie
	n.main = server(1)
	n.main.Think = time.Millisecond
	n.main.Authoritative, n.main.RapidCommit = true, i == 0
	n.main.Respond = n.refuse
	n.slow = server(2)
	n.slow.Lease, n.slow.T1, n.slow.T2 = 10*time.Minute, 2*time.Minute, 6*time.Minute
	n.slow.Think, n.slow.Backlog = 300*time.Millisecond, 4
	n.slow.Respond = n.lose
	n.all = []*dhcptest.Server{n.rogue, n.main, n.slow}
	for _, srv := range n.all {
		n.Serve(srv)
	}
	return n
}
