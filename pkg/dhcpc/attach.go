package dhcpc

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// attachAll gives links to the requests that have none. A callback may make or
// remove requests meanwhile.
func (c *Client) attachAll() {
	for i := 0; i < len(c.links); i++ {
		l := c.links[i]
		if l == nil || l.index != 0 {
			continue
		}
		index, ok := c.names[l.name]
		if !ok {
			continue
		}
		facts := *c.known[index]
		if facts.Type != unix.ARPHRD_ETHER {
			c.fail(l, ErrNotEthernet, c.now)
			continue
		}
		var lease, static *machine.Lease
		inUse := false
		if c.cfg.Static != nil {
			static = c.static(l, facts)
		}
		if static == nil {
			lease, inUse = c.recall(l, facts)
		}
		if c.links[i] == l {
			c.attach(l, facts, static, lease, inUse, c.now)
		}
	}
}

// attach begins the life of a request on a link, with a lease that was given to us
// by its owner, or that of an earlier life, or nil.
func (c *Client) attach(l *link, facts ifup.Link, static, lease *machine.Lease, inUse bool, now time.Duration) {
	l.index = facts.Index
	c.byIndex[l.index] = l
	l.id = c.identity(&facts)
	l.restart()
	l.raise, l.presume, l.apply, l.mend = machine.Never, machine.Never, machine.Never, machine.Never
	l.raised, l.refusals, l.routeless, l.shift, l.strips = 0, 0, 0, 0, 0
	if inUse {
		l.until = lease.Expiry // so the kernel was asked then
	}
	l.machine = machine.New(machine.Config{
		Identity:   l.id,
		Schedule:   c.cfg.Schedule,
		Strict:     c.cfg.Strict,
		ReuseLease: c.cfg.ReuseLease,
		StartDelay: c.cfg.StartDelay,
		Static:     static,
		Rand:       c.rand,
	}, lease, inUse)
	l.deadline = l.machine.Deadline()
	l.since, l.why = now, machine.NoReason
	l.bouncing = c.cfg.Bounce && !l.met && facts.Up() && !inUse && !l.released
	l.lower = l.bouncing
	l.met = true
	if !facts.Up() && !l.released {
		l.raise = now
	}
	l.facts, l.mtu = ifup.Link{}, 0
	c.update(l, facts, now)
	if lease != nil && int(lease.MTU) == facts.MTU && lease.LinkMTU > facts.MTU {
		l.mtu = lease.LinkMTU
	}
}

// ErrNotEthernet is for links that have been named by mistake: others have no
// hardware address that fits, or take DHCP in other frames (RFC 4390).
var ErrNotEthernet = errors.New("not an Ethernet link")

// static asks what a link is to have without asking anybody.
func (c *Client) static(l *link, facts ifup.Link) (lease *machine.Lease) {
	c.outside(func() { lease = c.cfg.Static(facts) })
	if lease == nil {
		return nil
	}
	if err := lease.ValidStatic(); err != nil {
		c.fail(l, wrap.In("static lease not used", err), c.now)
		return nil
	}
	return lease
}

// recall asks for the lease that a link had in an earlier life, and the kernel
// whether its address is still there.
func (c *Client) recall(l *link, facts ifup.Link) (lease *machine.Lease, inUse bool) {
	if c.cfg.Recall == nil || l.released {
		return nil, false
	}
	c.outside(func() { lease = c.cfg.Recall(facts) })
	if lease == nil {
		return nil, false
	}
	if err := believable(lease, c.now); err != nil {
		c.fail(l, err, c.now)
		return nil, false
	}
	return lease, c.kernel.Holds(facts.Index, lease.Addr)
}

// believable is why a remembered lease is not to be used: files have other
// authors, too.
func believable(lease *machine.Lease, now time.Duration) error {
	err := lease.Valid()
	if err == nil && lease.Start > now {
		err = errors.New("it has not begun")
	}
	if err != nil {
		return wrap.In("remembered lease not used", err)
	}
	return nil
}
