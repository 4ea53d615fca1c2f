package dhcpc

import (
	"errors"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// noteLink takes in what the kernel reports of a link.
func (c *Client) noteLink(ev ifup.Event) {
	if c.cfg.OnLink != nil && !ev.Stripped {
		c.linkNews = append(c.linkNews, ev)
	}
	now := c.now
	index := ev.Link.Index
	if l := c.byIndex[index]; l != nil && (ev.Gone || l.name != ev.Link.Name || l.facts.HardwareAddr != ev.Link.HardwareAddr) {
		// Gone, or no longer what was asked about. A link with a new hardware
		// address is another host to every server.
		lease := l.lease()
		// A lease that this very news ended has still to be withdrawn.
		if !ev.Gone && (lease != nil && !c.cfg.KeepForever || lease == nil && l.apply != machine.Never) {
			c.emptied = append(c.emptied, index)
		}
		if lease != nil {
			c.lose(l, lease, machine.ReasonGone, now)
		}
		c.detach(l)
		l.since, l.why = now, machine.ReasonGone
		c.tell(l, Event{Kind: LinkGone, Time: now})
	}
	if old := c.known[index]; old != nil && c.names[old.Name] == index {
		delete(c.names, old.Name)
	}
	if ev.Gone {
		delete(c.known, index)
		return
	}
	facts := ev.Link
	c.known[index], c.names[facts.Name] = &facts, index
	if l := c.byIndex[index]; l != nil {
		l.lower = l.lower || l.bouncing && ev.Resync // it may have been down unseen
		c.update(l, facts, now)
		if ev.Resync && l.lease() != nil {
			l.apply = now
		}
		if ev.Stripped {
			l.strip(now)
		}
	}
}

// presumeAfter is how long the kernel may take to announce that a link is
// running whose driver sees carrier. News that frames can only be sent from now
// on comes within milliseconds of it. If there is none, the link has been able
// to send since it was set up, and the announcement may take a second more.
const presumeAfter = 20 * time.Millisecond

// update compares what is known of a link with what the kernel says now.
func (c *Client) update(l *link, facts ifup.Link, now time.Duration) {
	if l.bouncing {
		if facts.Up() {
			facts.Flags = 0 // what it did before it went down does not count
		} else {
			l.bouncing, l.raise = false, now
		}
	}
	if lease := l.lease(); facts.MTU != l.facts.MTU && (lease == nil || int(lease.MTU) != facts.MTU) {
		l.mtu = facts.MTU
	}
	if l.carrier && facts.Running() && l.facts.Running() && facts.CarrierLost != l.facts.CarrierLost {
		// The kernel does not tell of a loss that was over before it got to it. The
		// cable may be in another network all the same.
		c.setCarrier(l, false, now)
	}
	wasUp := l.facts.Up()
	l.facts = facts
	if facts.Up() && !wasUp {
		l.mark("up", now)
		l.raise = machine.Never
	}
	l.ran = facts.Up() && (l.ran || facts.Running())
	unannounced := !l.ran && facts.LowerUp()
	if l.presumed && facts.Running() {
		c.reask(l, now)
	}
	l.presumed = l.presumed && unannounced
	switch {
	case !unannounced || l.presumed:
		l.presume = machine.Never
	case l.presume == machine.Never:
		l.presume = now + presumeAfter
	}
	if carrier := facts.Running() || l.presumed; carrier != l.carrier {
		c.setCarrier(l, carrier, now)
	} else if facts.Up() && !wasUp && l.lease() != nil {
		l.apply = now // setting a link down lost its routes
	}
}

// reask starts over where nobody has answered what was sent on a presumption: a
// switch on the other side may have heard of the carrier as late as we did.
func (c *Client) reask(l *link, now time.Duration) {
	if s := l.state(); s == machine.Selecting || s == machine.Rebooting {
		c.step(l, now, machine.LinkDown{})
		c.step(l, now, machine.LinkUp{})
	}
}

// setCarrier tells the machine whether frames can get through.
func (c *Client) setCarrier(l *link, on bool, now time.Duration) {
	l.carrier = on
	if on {
		l.mark("carrier", now)
		c.step(l, now, machine.LinkUp{})
		if l.machine.Installed() {
			c.probe(l, now) // whether or not a server still answers
		}
		c.tell(l, Event{Kind: LinkUp, Time: now})
	} else {
		c.unwatch(l, now)
		c.step(l, now, machine.LinkDown{})
		c.tell(l, Event{Kind: LinkDown, Time: now})
	}
	// The metric says whether there is carrier. A link that is set down has no
	// routes to move.
	if l.lease() != nil && l.facts.Up() {
		l.apply = now
	}
}

// detach ends the life of a request on a link; the request itself stays.
func (c *Client) detach(l *link) {
	c.window.leave(l)
	c.unwatch(l, c.now)
	delete(c.byIndex, l.index)
	l.index, l.machine, l.facts = 0, nil, ifup.Link{}
	l.carrier, l.presumed, l.ran = false, false, false
	l.deadline, l.raise, l.presume = machine.Never, machine.Never, machine.Never
	l.apply, l.mend = machine.Never, machine.Never
	l.waiting, l.lower, l.bouncing = false, false, false
	l.restart()
}

// refusedOp is which operation the kernel refused; an error of any other kind
// counts against the address, without which there is no lease.
func refusedOp(err error) ifup.Op {
	var r *ifup.Refused
	if errors.As(err, &r) {
		return r.Op
	}
	return ifup.OpAddr
}
