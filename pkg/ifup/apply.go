package ifup

import (
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// installed is what earlier calls have made of a link, or are about to: it is
// brought up to date when a request is queued, and corrected when it is refused.
type installed struct {
	addr    address // the zero address is none
	foreign bool    // addr was there before us, for good: it is not ours to refresh or remove
	routes  []route
	spare   []route       // the room of the last routes, for the next
	ends    time.Duration // by monotonic: when the kernel withdraws addr, with its routes; zero is never
	mtu     int           // as we asked for it, or 0
	before  int           // the MTU that was there before us
	round   uint32        // of the last Apply
}

// later is an Apply that has to wait for the outcome of another.
type later struct {
	index int
	c     Config
}

// Up queues a request to set the link up. It does not touch a link that is up.
func (n *Netlink) Up(index int) {
	n.name(index)
	if k := n.links[index]; k == nil || !k.Up() {
		n.queue.up(index)
	}
}

// Down queues a request to set the link down.
func (n *Netlink) Down(index int) {
	n.name(index)
	n.queue.down(index)
}

// Apply queues the requests that bring the link from what was installed by
// earlier calls to c. Nothing is queued if nothing differs, except the address
// when its lifetime runs: that is refreshed.
//
// What is new comes before what is old goes. An address on the link that was not
// installed by earlier calls is taken for our own from an earlier life if its
// lifetime is limited, or if it carries our mark; otherwise it is foreign, counts
// as present, and is left as it is. A route through the link is likewise our own if its
// protocol is DHCP and its source is the same, or such an address. Any other
// with the same destination and metric is foreign, and ours is refused with EEXIST.
//
// When an address goes the kernel's setting promote_secondaries is turned on for
// the link: otherwise others of the same subnet would go with it.
//
// The MTU is only ever lowered. A value that the link or its original MTU does
// not allow is ignored; with 0 the original comes back.
func (n *Netlink) Apply(index int, c Config) {
	n.name(index)
	if !onlyIPv4(&c) {
		n.refuse(index, &Refused{Op: OpAddr, What: c.Addr.String(), Err: unix.EAFNOSUPPORT})
		return
	}
	if in := n.installed[index]; in != nil && in.round == n.round {
		// What is in the queue may turn out to be there already, and foreign.
		// Only then is it known what there is to remove.
		c.Routes = slices.Clone(c.Routes)
		n.later = slices.DeleteFunc(n.later, func(l later) bool { return l.index == index })
		n.later = append(n.later, later{index, c})
		return
	}
	n.apply(index, &c)
}

func (n *Netlink) apply(index int, c *Config) {
	in := n.installed[index]
	if in == nil {
		in = &installed{}
		n.installed[index] = in
	}
	in.round = n.round
	n.applyMTU(index, in, c)
	old, oldForeign := in.addr, in.foreign
	n.applyAddr(index, in, addressOf(c))
	n.applyRoutes(index, in, c)
	if old.IsValid() && old.Prefix != in.addr.Prefix && !oldForeign {
		n.queue.promote(index, old.Prefix)
		n.queue.deleteAddr(index, &old)
	}
}

func (n *Netlink) applyMTU(index int, in *installed, c *Config) {
	k := n.links[index]
	if k == nil {
		return
	}
	if in.mtu == 0 {
		if in.before = k.MTU; c.LinkMTU > k.MTU { // then it was us
			in.before, in.mtu = c.LinkMTU, k.MTU
		}
	}
	mtu := c.MTU
	if mtu < max(k.MinMTU, 1) || mtu >= in.before {
		mtu = 0
	}
	if mtu == in.mtu {
		return
	}
	in.mtu = mtu
	if mtu == 0 {
		mtu = in.before
	}
	n.queue.mtu(index, mtu)
}

func (n *Netlink) applyAddr(index int, in *installed, want address) {
	ours := in.addr.Prefix == want.Prefix && !in.foreign
	in.foreign = false // as far as we know: a foreign address may have gone
	switch {
	case !want.IsValid():
	case ours && in.addr.broadcast == want.broadcast:
		if in.ends != 0 && monotonic() >= in.ends {
			in.forgetRoutes() // they went with the address, which comes back without
		}
		if in.addr != want || want.lifetime != forever {
			n.queue.refresh(index, &want)
		}
	default:
		if ours { // the kernel cannot change a broadcast address, nor hold the address twice
			n.queue.promote(index, in.addr.Prefix)
			n.queue.deleteAddr(index, &in.addr)
			in.forgetRoutes() // they went with it
		}
		n.queue.create(index, &want)
	}
	in.addr, in.ends = want, 0
	if want.IsValid() && want.lifetime != forever {
		in.ends = monotonic() + time.Duration(want.lifetime)*time.Second
	}
}

// monotonic is the clock by which the kernel withdraws addresses: it stops in suspend.
// So does that of time.Time, whose text would come along, and with it all time zones.
func monotonic() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) // it cannot fail
	return time.Duration(ts.Nano())
}

func (n *Netlink) applyRoutes(index int, in *installed, c *Config) {
	want := in.spare[:0]
	for _, r := range c.Routes {
		r.Dst = r.Dst.Masked()
		w := route{Route: r, source: in.addr.Addr(), metric: c.Metric}
		if slices.Contains(want, w) {
			continue
		}
		want = append(want, w)
		if !slices.Contains(in.routes, w) {
			rival := func(o route) bool { return o.Dst == w.Dst && o.metric == w.metric }
			n.queue.createRoute(index, &w, slices.ContainsFunc(in.routes, rival))
		}
	}
	for _, old := range in.routes {
		if !slices.Contains(want, old) {
			n.queue.deleteRoute(index, &old)
		}
	}
	in.routes, in.spare = want, in.routes
}

// forgetRoutes is for when the kernel has dropped the routes.
func (in *installed) forgetRoutes() { in.routes = in.routes[:0] }

func (n *Netlink) forgetRoutes() {
	for _, in := range n.installed {
		in.forgetRoutes()
	}
}

func onlyIPv4(c *Config) bool {
	is4 := func(a netip.Addr) bool { return !a.IsValid() || a.Is4() }
	for _, r := range c.Routes {
		if !r.Dst.IsValid() || !r.Dst.Addr().Is4() || !is4(r.Gateway) {
			return false
		}
	}
	return is4(c.Addr.Addr()) && is4(c.Broadcast)
}

// addressOf is the address that c asks for. The subnet's broadcast address is
// its last, where a subnet has more than two (RFC 3021).
func addressOf(c *Config) address {
	if !c.Addr.IsValid() {
		return address{}
	}
	a := address{Prefix: c.Addr, broadcast: c.Broadcast, lifetime: forever, metric: c.Metric}
	if bits := c.Addr.Bits(); bits > 30 {
		a.broadcast = netip.Addr{}
	} else if !a.broadcast.IsValid() {
		b := c.Addr.Addr().As4()
		for i := bits; i < 32; i++ {
			b[i/8] |= 0x80 >> (i % 8)
		}
		a.broadcast = netip.AddrFrom4(b)
	}
	if c.Lifetime != Forever {
		// No lifetime at all would be refused. Rounding down never outlives the lease.
		a.lifetime = uint32(min(max(c.Lifetime/time.Second, 1), forever-1))
	}
	return a
}
