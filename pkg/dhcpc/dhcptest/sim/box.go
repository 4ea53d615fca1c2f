package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// box is a machine with a link on each network, and the lives of its client.
type box struct {
	*dhcptest.LAN
	site   *Site
	name   string
	seed   uint64
	config dhcpc.Config
	links  []*dhcptest.Link // nil while unplugged

	client       *dhcpc.Client
	life         uint64 // counts clients
	memory       memory
	send, listen error // what the kernel says to everything that is sent, and to sockets
}

func newBox(s *Site, i int, seed uint64) *box {
	b := &box{LAN: s.world.Machine(), site: s, name: fmt.Sprint("box", i), seed: seed<<8 + uint64(i)}
	b.Brief = true
	b.memory = memory{map[string][]remembered{}, intact}
	s.judge.boxes[b.LAN] = b
	b.RefuseSend = b.refuseSend
	b.RefuseListen = func(bool, bool) error { return b.listen }
	b.config = dhcpc.Config{HostName: b.name, OnTurn: b.remember, Recall: b.recall}
	switch i { // the others are as most clients are
	case 0:
		b.config.Conflicts = dhcpc.DetectStrict
	case 1:
		b.config.Schedule.RFC = true
	case 2:
		b.config.RapidCommit, b.config.Broadcast = true, true
	case 3:
		b.config.Bounce, b.config.StartDelay = true, 10*time.Second
	}
	for k := range s.networks {
		b.links = append(b.links, nil)
		b.plug(k)
	}
	s.world.At(time.Duration(s.rand.Int64N(int64(time.Minute))), b.boot)
	return b
}

// refuseSend is what the kernel says to a message.
func (b *box) refuseSend(*packet.Out) error {
	if b.send != nil {
		b.each(func(r *record) { r.broken = true }) // some exchange goes on unseen
	}
	return b.send
}

// each calls fn for the record of each link that is there.
func (b *box) each(fn func(*record)) {
	for _, l := range b.links {
		if l != nil {
			fn(b.site.judge.of(l))
		}
	}
}

// ifname is what the link on network k is called.
func ifname(k int) string { return fmt.Sprint("eth", k) }

// plug puts a new card in, with its cable on network k.
func (b *box) plug(k int) {
	b.links[k] = b.Plug(ifname(k), b.site.networks[k].Segment)
	b.links[k].UpDelay = time.Duration(b.site.rand.Int64N(int64(2 * time.Second)))
}

// boot starts a client, unless one runs.
func (b *box) boot() {
	if b.Runs() {
		return
	}
	b.life++
	c := b.config
	c.Net, c.Kernel = b.LAN, b.Kernel
	c.Rand = rand.New(rand.NewPCG(b.seed, b.life)).Uint32
	b.client = dhcpc.New(c)
	for k := range b.links {
		if err := b.client.Request(ifname(k), dhcpc.IPv4, nil); err != nil {
			b.site.judge.fail(&record{who: b.name}, Form, "%w", err)
		}
	}
	b.site.judge.born(b)
	b.site.world.Start(b.LAN, b.client)
}

// memory is the leases that a client has had, by interface, as files would keep them.
type memory struct {
	slots map[string][]remembered // the last is the newest
	use   func([]remembered) *machine.Lease
}

type remembered struct {
	hw    [6]byte
	lease *machine.Lease // or nil
}

// remember writes down what Status says must outlive the client.
func (b *box) remember(time.Duration) time.Duration {
	if b.Killed() {
		return machine.Never
	}
	m := b.memory
	for _, st := range b.client.Status().Links {
		slot := m.slots[st.Interface]
		now := remembered{st.HardwareAddr, st.Remembered}
		if st.Index != 0 && (len(slot) == 0 || slot[len(slot)-1] != now) {
			const kept = 4
			slot = append(slot, now)
			m.slots[st.Interface] = slot[max(0, len(slot)-kept):]
		}
	}
	return machine.Never
}

// recall reads it: as it is, or as the disk has it after a power cut.
func (b *box) recall(l ifup.Link) *machine.Lease {
	slot := b.memory.slots[l.Name]
	// What was granted to another hardware address is not ours; see Config.Recall.
	mine := make([]remembered, 0, len(slot))
	for _, r := range slot {
		if r.hw == l.HardwareAddr || r.lease == nil {
			mine = append(mine, r)
		}
	}
	if len(mine) == 0 || slot[len(slot)-1].hw != l.HardwareAddr {
		return nil
	}
	lease := b.memory.use(mine)
	if lease != nil && lease.Valid() == nil {
		b.site.judge.recalled(b, l.Name, lease.Addr.Addr())
	}
	return lease
}

// The states that a memory may be in when a client starts.
var (
	intact = func(slot []remembered) *machine.Lease { return slot[len(slot)-1].lease }
	stale  = func(slot []remembered) *machine.Lease { return slot[0].lease }
	lost   = func([]remembered) *machine.Lease { return nil }
	torn   = func(slot []remembered) *machine.Lease {
		l := slot[len(slot)-1].lease
		if l == nil {
			return nil
		}
		damaged := *l
		damaged.Expiry, damaged.T1 = damaged.T1, damaged.Expiry
		return &damaged
	}
)
