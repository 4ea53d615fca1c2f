package sim

import (
	"net/netip"
	"syscall"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// squatter is a stranger that uses an address.
type squatter struct {
	*dhcptest.Host
	since time.Duration // when it has said so twice
}

// between is how long after the first time it says so again.
const between = 4 * time.Second

// some is a random time up to d.
func (s *Site) some(d time.Duration) time.Duration { return time.Duration(s.rand.Int64N(int64(d))) }

func (s *Site) coin() bool { return s.rand.IntN(2) == 0 }

// The bound of the rule Served: how long it may take, from the moment in which
// nothing is wrong any more, until a link has its lease. The summands are the
// longest waits that the design allows, each with the fifth that chance may add:
//
//	77 s  a link or a socket that the kernel refused is asked for again, 64 s
//	65 s  a REQUEST under way is given up (RFC 2131's schedule: 4+8+16+32 s, ±1 s each)
//	72 s  the pause after NAKs, 60 s
//	77 s  the next DISCOVER, 64 s
//	 7 s  an offer that is held because of those that came to nothing, RFC's schedule
//	12 s  an address is not used before it is probed (-acd strict) and a start delay
//
// And each address that turns out to be another machine's, because a server has
// forgotten whom it belongs to, costs 10 s, its probing and another acquisition;
// from the tenth on a minute.
const (
	patience    = (77 + 65 + 72 + 77 + 7 + 12) * time.Second
	perConflict = 20 * time.Second
	bound       = patience + boxes*perConflict + time.Minute
)

// storm lets things go wrong for a while.
func (s *Site) storm() {
	s.trace.note("site", "storm")
	s.judge.calm = false
	s.end = s.world.Now() + 10*time.Minute + s.some(50*time.Minute)
	for at := s.world.Now(); at < s.end; at += s.some(time.Minute) {
		s.world.At(at, s.strike)
	}
	s.world.At(s.end, s.calm)
}

// calm makes everything right, and holds everybody to the bound.
func (s *Site) calm() {
	s.trace.note("site", "calm")
	for _, n := range s.networks {
		n.clear()
	}
	for _, b := range s.boxes {
		b.clear()
	}
	begin := s.world.Now()
	waiting := map[*record]bool{}
	for _, b := range s.boxes {
		for _, l := range b.links {
			waiting[s.judge.of(l)] = true
		}
	}
	for at := begin; at < begin+bound; at += time.Second {
		s.world.At(at, func() {
			for r := range waiting {
				if r.served() {
					delete(waiting, r)
					s.judge.worst = max(s.judge.worst, s.world.Now()-begin)
				}
			}
		})
	}
	s.world.At(begin+bound, func() {
		s.judge.calm = true
		for _, b := range s.boxes {
			for _, l := range b.links {
				if r := s.judge.of(l); waiting[r] {
					s.judge.fail(r, Served, "%v has passed, and it is %v with %v", bound, r.state, l.Config().Addr)
				}
			}
		}
	})
	rest := time.Minute
	if s.rand.IntN(4) == 0 {
		rest = s.some(3 * time.Hour)
	}
	s.world.At(begin+bound+rest, s.storm)
}

// served reports whether a link has what it is there for.
func (r *record) served() bool { return r.link.Config().Addr.IsValid() && r.confirmed }

// clear ends all that is wrong with a network.
func (n *network) clear() {
	n.Loss, n.Duplicate, n.Jitter, n.Latency = 0, 0, 0, 200*time.Microsecond
	n.restful = n.site.world.Now()
	n.main.Silent, n.slow.Silent, n.rogue.Silent = false, false, true
	n.naks, n.losses = false, 0
	n.main.Authoritative = true
	for _, h := range n.hosts {
		h.Silent = true
	}
	n.hosts = nil
}

// clear ends all that is wrong with a box.
func (b *box) clear() {
	b.send, b.listen = nil, nil
	for k, l := range b.links {
		if l == nil {
			b.plug(k)
			l = b.links[k]
		}
		clear(l.Refuse)
		l.NoUDP, l.UpDelay = false, 0
		if net := b.site.networks[k].Segment; l.Segment() != net {
			b.move(l, net)
		}
		if l.Name() != ifname(k) {
			b.rename(l, ifname(k))
		}
		b.cable(l, true)
		b.up(l, true)
	}
	if !b.Runs() {
		b.memory.use = intact
		b.boot()
	}
}

// cable, up, move and rename change a link. The client may have to begin anew.
func (b *box) cable(l *dhcptest.Link, in bool) {
	l.SetCarrier(in)
	b.site.judge.of(l).disturbed()
}

func (b *box) up(l *dhcptest.Link, up bool) {
	l.SetUp(up)
	b.site.judge.of(l).disturbed()
}

func (b *box) move(l *dhcptest.Link, s *dhcptest.Segment) {
	b.cable(l, false)
	l.Move(s)
	b.cable(l, true)
}

func (b *box) rename(l *dhcptest.Link, name string) {
	l.Rename(name)
	b.site.judge.of(l).another()
}

// strike lets one thing go wrong, or right again.
func (s *Site) strike() {
	b := s.boxes[s.rand.IntN(len(s.boxes))]
	n := s.networks[s.rand.IntN(len(s.networks))]
	k := s.rand.IntN(len(b.links))
	var name string
	if s.coin() {
		name = n.strike()
	} else if b.links[k] == nil {
		name = "plug"
		b.plug(k)
	} else if s.coin() {
		name = b.strikeLink(k)
	} else {
		name = b.strike()
	}
	s.trace.note(b.name, name, []byte(name)...)
}

// strike is what happens to networks and servers.
func (n *network) strike() string {
	s, coin := n.site, n.site.coin()
	switch s.rand.IntN(12) {
	case 0:
		n.Loss = s.rand.Float64() / 2
		return "loss"
	case 1:
		n.Duplicate = s.rand.Float64() / 2
		return "duplicates"
	case 2:
		n.Jitter = 1 + s.some(3*time.Second)
		return "reordering"
	case 3:
		n.Loss, n.Duplicate, n.Jitter = 0, 0, 0
		n.restful = s.world.Now()
		return "good network"
	case 4:
		n.main.Silent = coin
		return "main server silent or back"
	case 5:
		n.slow.Silent = coin
		return "slow server silent or back"
	case 6:
		n.main.Forget()
		n.main.Authoritative = coin
		return "main server forgets"
	case 7:
		n.rogue.Silent = coin
		return "rogue"
	case 8:
		n.naks = coin
		return "main server refuses"
	case 9:
		n.losses = s.rand.Float64()
		return "slow server loses"
	case 10:
		n.change()
		return "main server changes"
	}
	n.squat()
	return "squatter"
}

// squat puts a stranger on an address that somebody has, or is about to get. It
// says so twice within the time in which that counts as a conflict (RFC 5227
// section 2.4), then leaves after a while.
func (n *network) squat() {
	s := n.site
	addr := netip.AddrFrom4([4]byte{10, n.main.ID.As4()[1], 0, byte(10 + s.rand.IntN(12))})
	for _, h := range n.hosts {
		if h.Addr == addr {
			return
		}
	}
	h := &squatter{n.Host(addr), machine.Never}
	h.HW[2] = n.main.ID.As4()[1] + 1
	n.hosts = append(n.hosts, h)
	h.Announce()
	s.world.After(between, func() {
		h.Announce()
		h.since = s.world.Now()
	})
}

// strike is what happens to a machine and its client.
func (b *box) strike() string {
	s := b.site
	switch s.rand.IntN(9) {
	case 0, 1, 2:
		b.restart(s.rand.IntN(12))
		return "killed"
	case 3:
		if b.Runs() {
			b.suspend(min(s.some(time.Hour), s.end-s.world.Now()))
		}
		return "suspended"
	case 4:
		b.send = nil
		if s.coin() {
			b.send = syscall.ENOBUFS
		}
		return "send buffer full or not"
	case 5:
		b.listen = nil
		if s.coin() {
			b.listen = syscall.EMFILE
		}
		return "no descriptors or enough"
	case 6:
		b.Kernel.Overrun()
		b.each((*record).disturbed)
		return "netlink overrun"
	case 7:
		for i := range 20 {
			s.world.After(time.Duration(i)*100*time.Millisecond, func() {
				if b.Runs() {
					b.client.Renew("")
				}
			})
		}
		return "renew now, twenty times"
	}
	if b.Runs() {
		b.client.Release("")
		s.world.After(3*time.Second, func() { b.restart(0) })
	}
	return "release"
}

// suspend puts the machine to sleep. What happens meanwhile it cannot notice.
func (b *box) suspend(d time.Duration) {
	b.Suspend(d)
	b.each(func(r *record) { r.probed = machine.Never })
}

// restart kills the client after n more system calls, and starts another later.
func (b *box) restart(n int) {
	s := b.site
	if n == 0 {
		b.Kill()
		s.judge.turned(b.LAN)
	} else {
		b.KillIn(n)
	}
	use := intact
	switch s.rand.IntN(8) {
	case 0, 1:
		use = stale
	case 2:
		use = torn
	case 3:
		use = lost
	}
	s.world.After(s.some(2*time.Minute), func() {
		b.Kill()
		s.judge.turned(b.LAN)
		b.memory.use = use
		b.boot()
	})
}

// strikeLink is what happens to a link.
func (b *box) strikeLink(k int) string {
	s, l, coin := b.site, b.links[k], b.site.coin()
	switch s.rand.IntN(9) {
	case 0, 1:
		b.cable(l, coin)
		return "cable"
	case 2:
		b.up(l, coin)
		return "set up or down"
	case 3:
		l.Unplug()
		delete(s.judge.records, l)
		b.links[k] = nil
		return "unplug"
	case 4:
		if l.Name() == ifname(k) {
			b.rename(l, ifname(k)+"old")
			return "rename"
		}
		b.rename(l, ifname(k))
		return "rename back"
	case 5:
		hw := l.HardwareAddr()
		hw[4] ^= 0x80
		l.SetHardwareAddr(hw)
		s.judge.of(l).another()
		return "another hardware address"
	case 6:
		b.move(l, s.networks[s.rand.IntN(len(s.networks))].Segment)
		return "moved to a network"
	case 7:
		l.NoUDP = coin
		return "unicast does not come"
	}
	op := ifup.OpAddr
	if coin {
		op = ifup.OpRoute
	}
	l.Refuse[op] = syscall.ENOBUFS
	s.world.After(s.some(time.Minute), func() { delete(l.Refuse, op) })
	return "kernel refuses"
}
