// Package scale powers thousands of clients on within one second in front of one
// server that cannot answer them all, to compare retry policies. The clients are
// real machines of package machine; network and server are a queue.
package scale

import (
	"container/heap"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// Plan is what is powered on, in front of what.
type Plan struct {
	Schedule machine.Schedule
	Steady   bool // they ask for answers one way only, see dhcp4.Identity.Broadcast
	Clients  int
	Spread   time.Duration // they come up at random within this time
	Rate     int           // messages that the server answers in a second
	Buffer   int           // messages that wait in its socket; the rest is dropped
	Latency  time.Duration // of every frame, one way
	Seed     uint64
}

// Outcome is how it went.
type Outcome struct {
	Bound   []time.Duration // when each client had its lease, in order
	Sent    int             // messages of clients
	Dropped int             // of them, for want of room
	Useless int             // answers that nobody could use any more
	Peak    int             // messages in the busiest second
	PerSec  []int           // messages that clients sent, by second
}

// limit ends a run that never would.
const limit = 5 * time.Minute

// Run plays a plan until every client has its lease, or for five minutes.
func Run(p Plan) *Outcome {
	f := &fleet{plan: p, rand: rand.New(rand.NewPCG(p.Seed, 1)), out: &Outcome{}}
	for i := range p.Clients {
		rng := rand.New(rand.NewPCG(p.Seed, uint64(i)+2))
		id := dhcp4.Identity{HardwareAddr: dhcp4.HardwareAddr{2, 0, 0, 0, byte(i >> 8), byte(i)}, Broadcast: p.Steady}
		c := &client{
			machine: machine.New(machine.Config{Identity: id, Schedule: p.Schedule, Rand: rng.Uint32}, nil, false),
			hw:      id.HardwareAddr,
			addr:    address(i),
		}
		f.at(time.Duration(f.rand.Int64N(int64(p.Spread))), func() {
			c.machine.Step(f.now, machine.LinkUp{})
			f.act(c)
		})
	}
	for len(f.queue) > 0 && len(f.out.Bound) < p.Clients && f.now < limit {
		e := heap.Pop(&f.queue).(event)
		f.now = e.at
		e.do()
	}
	for _, n := range f.out.PerSec {
		f.out.Peak = max(f.out.Peak, n)
	}
	return f.out
}

// fleet is a run.
type fleet struct {
	plan    Plan
	rand    *rand.Rand
	out     *Outcome
	now     time.Duration
	queue   queue
	seq     uint64
	idle    time.Duration // when the server will have worked off what it has
	message dhcp4.Message
	buf     []byte
}

type client struct {
	machine *machine.Machine
	hw      dhcp4.HardwareAddr
	addr    netip.Addr
	bound   bool
	timer   uint64 // counts timers: only the latest counts
}

func address(i int) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], 10<<24|uint32(i+256))
	return netip.AddrFrom4(b)
}

var (
	server = netip.AddrFrom4([4]byte{10, 0, 0, 1})
	mask   = []byte{255, 0, 0, 0}
)

// act does what the loop of a client does: let time pass, send what is due, sleep.
func (f *fleet) act(c *client) {
	for c.machine.Deadline() <= f.now {
		s, due := c.machine.Outgoing(f.now)
		if !due {
			c.machine.Step(f.now, machine.Timer{})
			continue
		}
		f.send(c, &s)
		c.machine.Step(f.now, machine.Sent{})
	}
	if next := c.machine.Deadline(); next != machine.Never {
		c.timer++
		this := c.timer
		f.at(next, func() {
			if c.timer == this {
				f.act(c)
			}
		})
	}
}

// send puts a message into the server's buffer, if there is room.
func (f *fleet) send(c *client, s *machine.Send) {
	f.out.Sent++
	second := int(f.now / time.Second)
	for len(f.out.PerSec) <= second {
		f.out.PerSec = append(f.out.PerSec, 0)
	}
	f.out.PerSec[second]++
	kind, xid := s.Kind, s.Xid
	f.at(f.now+f.plan.Latency, func() {
		each := time.Second / time.Duration(f.plan.Rate)
		if f.idle-f.now > time.Duration(f.plan.Buffer)*each {
			f.out.Dropped++
			return
		}
		f.idle = max(f.idle, f.now) + each
		f.at(f.idle+f.plan.Latency, func() { f.answer(c, kind, xid) })
	})
}

// answer brings the server's answer to the client.
func (f *fleet) answer(c *client, kind dhcp4.Kind, xid uint32) {
	t := dhcp4.Ack
	if kind == dhcp4.KindDiscover {
		t = dhcp4.Offer
	}
	r := dhcptest.Reply{
		Type: t, Xid: xid, HardwareAddr: c.hw, YourAddr: c.addr, ServerID: server, Lease: 86400,
		Options: []dhcptest.Option{{Code: dhcp4.SubnetMask, Data: mask}},
	}
	f.buf = r.Append(f.buf[:0])
	refused := f.message.Decode(f.buf)
	if refused == dhcp4.Accepted {
		refused = c.machine.Step(f.now, machine.Received{Message: &f.message}).Refused
	}
	if refused != dhcp4.Accepted {
		f.out.Useless++
		return
	}
	c.machine.Step(f.now, machine.Installed{})
	if c.machine.State() == machine.Bound && !c.bound {
		c.bound = true
		f.out.Bound = append(f.out.Bound, f.now)
	}
	f.act(c)
}

// event is something that is going to happen.
type event struct {
	at  time.Duration
	seq uint64
	do  func()
}

func (f *fleet) at(t time.Duration, do func()) {
	f.seq++
	heap.Push(&f.queue, event{t, f.seq, do})
}

// queue is what is going to happen, the next thing first.
type queue []event

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}

func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q *queue) Push(x any) { *q = append(*q, x.(event)) }

func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
