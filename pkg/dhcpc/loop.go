package dhcpc

import (
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// raiseBatch is how many links are set up at a time. Between batches the loop
// reads what the kernel reports: if hundreds are set up at once it reports some
// of them a second or more late.
const raiseBatch = 4

// turn is one round of the loop: take in, answer, install, tell. The lock is
// held, and given up during callbacks.
func (c *Client) turn() error {
	if err := c.kernel.Poll(c.noteLink); err != nil {
		return err
	}
	c.deliverLinkNews()
	c.attachAll()
	c.net.Receive(c.receive)

	now := c.net.Now()
	c.tick(now)
	if err := c.listen(now); err != nil {
		return err
	}
	c.transmit(now)
	c.configure(now)
	c.kernel.Flush(c.flushed)
	c.deliver()
	c.deadline = c.nextDeadline()
	if c.cfg.OnTurn != nil {
		now = c.net.Now()
		c.mu.Unlock()
		next := c.cfg.OnTurn(now)
		c.mu.Lock()
		c.deadline = min(c.deadline, next)
	}
	return nil
}

// tick lets time pass for every link.
func (c *Client) tick(now time.Duration) {
	for _, l := range c.links {
		if l == nil || l.machine == nil {
			continue
		}
		if l.heldUntil != 0 && l.heldUntil <= now {
			c.window.leave(l)
		}
		if l.renew {
			l.renew = false
			c.step(l, now, machine.Renew{})
		}
		if l.deadline <= now && !l.waiting {
			c.step(l, now, machine.Timer{})
		}
	}
	c.window.admit()
}

// step tells the machine of a link what happened and does what follows for the
// lease.
func (c *Client) step(l *link, now time.Duration, ev machine.Event) machine.Effect {
	before := l.machine.State()
	eff := l.machine.Step(now, ev)
	l.deadline = l.machine.Deadline()
	state := l.machine.State()
	if state != before {
		l.deaf = l.deaf && state == machine.Renewing
		if !inExchange(state) {
			c.window.leave(l)
		}
	}
	switch eff.Change {
	case machine.Unchanged:
	case machine.Granted, machine.Extended:
		l.apply = true
	case machine.Lost:
		l.apply = !c.cfg.KeepForever
		l.restart()
		c.tell(l, Event{Kind: Lost, Time: now, Lease: eff.Lease, Reason: eff.Reason})
	}
	return eff
}

// configure brings the kernel up to date: links up, leases installed and
// withdrawn.
func (c *Client) configure(now time.Duration) {
	raising := 0
	for _, l := range c.links {
		if l == nil || l.index == 0 {
			continue
		}
		if l.raise <= now && raising < raiseBatch {
			raising++
			l.raise = machine.Never
			l.raised++
			c.kernel.Up(l.index)
		}
		if l.apply {
			l.apply = false
			c.kernel.Apply(l.index, c.configuration(l, l.lease(), now))
		}
	}
}

// nextDeadline is when the loop has to run again if nothing happens.
func (c *Client) nextDeadline() time.Duration {
	next := c.listening.wants()
	for _, l := range c.links {
		if l == nil || l.index == 0 {
			continue
		}
		next = min(next, l.raise)
		if l.machine == nil {
			continue
		}
		if !l.waiting {
			next = min(next, l.deadline)
		}
		if l.heldUntil != 0 && len(c.window.line) > 0 {
			next = min(next, l.heldUntil)
		}
	}
	return next
}

// outbox is the memory of one batch of messages on their way out.
type outbox struct {
	msgs    []packet.Out
	links   []*link
	sends   []machine.Send
	payload []byte
	frames  []byte
}

// deliverLinkNews calls OnLink for what the kernel reported, without the lock.
func (c *Client) deliverLinkNews() {
	if c.cfg.OnLink == nil || len(c.linkNews) == 0 {
		c.linkNews = c.linkNews[:0]
		return
	}
	news := c.linkNews
	c.linkNews = nil
	c.mu.Unlock()
	for _, ev := range news {
		c.cfg.OnLink(ev)
	}
	c.mu.Lock()
	c.again = false // what OnLink asked for is done in this very turn
}

// tell queues an event for the callback of a request.
func (c *Client) tell(l *link, ev Event) {
	if l.cb == nil {
		return
	}
	ev.Interface, ev.Family, ev.State = l.name, l.family, l.state()
	c.events = append(c.events, delivery{l.cb, ev})
}

// fail queues an event about something that did not work, once for each cause.
func (c *Client) fail(l *link, err error, now time.Duration) {
	if text := err.Error(); text != l.lastErr {
		l.lastErr = text
		c.tell(l, Event{Kind: Failed, Time: now, Err: err})
	}
}

// deliver calls the callbacks, without the lock.
func (c *Client) deliver() {
	events := c.events
	c.events = nil
	if len(events) == 0 {
		return
	}
	c.mu.Unlock()
	for _, d := range events {
		d.cb(d.ev)
	}
	c.mu.Lock()
	clear(events)
	c.events = events[:0] // the memory serves again
}

// flushed takes in what the kernel said to the requests for a link.
func (c *Client) flushed(index int, err error) {
	l := c.byIndex[index]
	if l == nil {
		return
	}
	now := c.net.Now()
	refused := refusedOp(err)
	if err != nil {
		c.fail(l, err, now)
	} else {
		l.lastErr = ""
	}
	if err != nil && refused == ifup.OpUp {
		l.raise = now + retryAfter(l.raised)
		return
	}
	if l.state() != machine.Installing {
		return
	}
	if err != nil && refused == ifup.OpAddr {
		c.step(l, now, machine.InstallFailed{})
		return
	}
	// A route or an MTU that could not be had is no reason to give up the address.
	renewed := l.installed
	c.step(l, now, machine.Installed{})
	kind := Renewed
	if !renewed {
		kind = Bound
		l.mark("installed", now)
		l.installed = true
	}
	c.tell(l, Event{Kind: kind, Time: now, Lease: l.lease()})
}
