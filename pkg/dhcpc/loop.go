package dhcpc

import (
	"errors"
	"io/fs"
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
	c.again = false
	c.now = c.net.Now()
	if err := c.kernel.Poll(c.noteLink); err != nil {
		return err
	}
	c.deliverLinkNews()
	c.attachAll()
	c.net.Receive(c.receive)

	c.tick(c.now)
	if err := c.listen(c.now); err != nil {
		return err
	}
	c.transmit(c.now)
	c.raise(c.now)
	c.configure(c.now)
	for c.queued {
		c.queued = false
		c.kernel.Flush(c.flushed)
		c.configure(c.now) // with another metric, where that one was taken
	}
	c.watch(c.now) // after the kernel, which may have taken until the first probe is due
	c.sendARP(c.now)
	c.deliver()
	c.deadline = c.nextDeadline()
	if c.cfg.OnTurn != nil {
		now, next := c.now, machine.Never
		c.outside(func() { next = c.cfg.OnTurn(now) })
		c.deadline = min(c.deadline, next)
	}
	if c.deadline <= c.now {
		c.deadline = 0
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
		if l.presume <= now {
			l.presume, l.presumed = machine.Never, true
			c.setCarrier(l, true, now)
		}
		if l.mend <= now {
			c.mend(l, now)
		}
		if l.renew {
			l.renew = false
			c.step(l, now, machine.Renew{})
		}
		if s := l.state(); l.released && s != machine.Releasing && s != machine.Stopped {
			c.step(l, now, machine.Release{})
		}
		if l.detector.Deadline() <= now && l.detector.Timer(now) && !l.machine.Installed() {
			l.apply = now
		}
		if l.due() <= now {
			l.deaf = l.deaf || l.asked // whatever is due, the answer is
			c.step(l, now, machine.Timer{})
		}
	}
	c.window.admit(now)
}

// step tells the machine of a link what happened and does what follows for the
// lease.
func (c *Client) step(l *link, now time.Duration, ev machine.Event) machine.Effect {
	before := l.machine.State()
	eff := l.machine.Step(now, ev)
	l.deadline = l.machine.Deadline()
	state := l.machine.State()
	if state != before {
		l.asked, l.deaf, l.waiting = false, false, false
		if !inExchange(state) {
			c.window.leave(l)
		}
	}
	switch eff.Change {
	case machine.Unchanged, machine.Granted, machine.Extended: // what there is to install, Installing tells
	case machine.Lost:
		l.apply = machine.Never
		if !c.cfg.KeepForever || l.released || eff.Reason == machine.ReasonConflict {
			l.apply = now
		}
		c.unwatch(l, now)
		l.restart()
		c.lose(l, eff.Lease, eff.Reason, now)
	}
	if state != before {
		l.since, l.why = now, eff.Reason
		switch state {
		case machine.Installing:
			l.asker = before
		case machine.Bound:
			l.why = l.settled(eff.Reason)
		default:
		}
		c.entered(l, state, eff.Reason, now)
	}
	return eff
}

// entered does what follows from a new state.
func (c *Client) entered(l *link, state machine.State, why machine.Reason, now time.Duration) {
	switch state {
	case machine.Installing:
		l.apply = now
		c.probe(l, now)
		l.reuse(why, now)
	case machine.Bound:
		if why == machine.ReasonSilence { // in use all the time
			c.probe(l, now)
			l.reuse(why, now)
		}
		if !l.installed {
			l.mark("installed", now)
			l.installed, l.lost = true, Loss{}
			c.tell(l, Event{Kind: Bound, Time: now, Lease: l.lease(), Reason: l.unconfirmed})
		}
	case machine.IPv6Only:
		c.tell(l, Event{Kind: IPv6Only, Time: now, Reason: why, Until: l.deadline})
	case machine.Stopped:
		if c.cfg.KeepForever {
			l.apply = now // what was kept without a lease goes as well
		}
	case machine.Down, machine.Init, machine.Selecting, machine.Requesting, machine.Rebooting,
		machine.Renewing, machine.Rebinding, machine.Declining, machine.Releasing:
	}
}

// raise queues links to be set up, a few at a time, or down.
func (c *Client) raise(now time.Duration) {
	raising := 0
	for _, l := range c.links {
		if l == nil || l.index == 0 {
			continue
		}
		if l.lower {
			l.lower, c.queued = false, true
			c.kernel.Down(l.index)
		}
		if l.raise <= now && raising < raiseBatch {
			raising++
			l.raised++
			l.raise, c.queued = machine.Never, true
			c.kernel.Up(l.index)
		}
	}
}

// configure queues what brings the kernel up to date: leases to be installed and
// withdrawn.
func (c *Client) configure(now time.Duration) {
	for _, index := range c.emptied {
		c.kernel.Apply(index, ifup.Config{})
		c.queued = true
	}
	c.emptied = c.emptied[:0]
	for _, l := range c.links {
		if l == nil || l.apply > now {
			continue
		}
		l.apply = machine.Never
		if c.onProbation(l) {
			continue
		}
		l.mend = machine.Never
		cfg := c.configuration(l, l.lease(), now)
		l.asking = machine.Never
		if cfg.Lifetime != ifup.Forever {
			l.asking = now + cfg.Lifetime
		}
		c.kernel.Apply(l.index, cfg)
		c.queued = true
	}
	c.flushing = c.queued
}

// nextDeadline is when the loop has to run again if nothing happens.
func (c *Client) nextDeadline() time.Duration {
	if len(c.window.line) > 0 && c.window.open < windowSize {
		return 0
	}
	next := min(c.listening.wants(), c.conflicts.due)
	for _, l := range c.links {
		if l == nil || l.index == 0 {
			continue
		}
		next = min(next, l.raise, l.presume, l.apply, l.mend, l.detector.Deadline(), l.due())
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

func (o *outbox) reset() {
	clear(o.links)
	*o = outbox{o.msgs[:0], o.links[:0], o.sends[:0], o.payload, o.frames[:0]}
}

// deliverLinkNews calls OnLink for what the kernel reported, without the lock.
func (c *Client) deliverLinkNews() {
	if c.cfg.OnLink == nil || len(c.linkNews) == 0 {
		c.linkNews = c.linkNews[:0]
		return
	}
	news := c.linkNews
	c.linkNews = nil
	c.outside(func() {
		for _, ev := range news {
			c.cfg.OnLink(ev)
		}
	})
	c.again = false // what OnLink asked for is done in this very turn
}

// tell queues an event for the callback of a request.
func (c *Client) tell(l *link, ev Event) {
	if l.cb == nil {
		return
	}
	ev.Interface, ev.Family, ev.State = l.name, l.family, l.state()
	c.events = append(c.events, delivery{l, ev})
}

// lose notes and tells that a lease is not in use any more.
func (c *Client) lose(l *link, lease *machine.Lease, why machine.Reason, now time.Duration) {
	l.lost = Loss{lease.Addr, why, now}
	c.tell(l, Event{Kind: Lost, Time: now, Lease: lease, Reason: why})
}

// fail queues an event about something that did not work, once for each cause.
func (c *Client) fail(l *link, err error, now time.Duration) {
	if text := err.Error(); text != l.lastErr {
		l.lastErr = text
		c.tell(l, Event{Kind: Failed, Time: now, Err: err})
	}
}

// deliver calls the callbacks, without the lock. One of them may have removed
// the request that the next one is about.
func (c *Client) deliver() {
	events := c.events
	c.events = nil
	for i := range events {
		if l := events[i].link; c.byName[l.name] == l {
			c.outside(func() { l.cb(events[i].ev) })
		}
	}
	clear(events)
	c.events = events[:0] // the memory serves again
}

// outside calls fn without the lock. Should fn panic, the lock is held again on
// the way up, where it will be given back.
func (c *Client) outside(fn func()) {
	c.mu.Unlock()
	defer c.mu.Lock()
	fn()
}

// flushed takes in what the kernel said to the requests for a link.
func (c *Client) flushed(index int, err error) {
	l := c.byIndex[index]
	if l == nil {
		return
	}
	if c.flushing { // the first outcome: what the kernel did took its time
		c.flushing, c.now = false, c.net.Now()
	}
	now, op, exists := c.now, ifup.OpMTU, false
	if err == nil {
		l.lastErr = ""
	} else {
		op = refusedOp(err)
		if exists = errors.Is(err, fs.ErrExist); !exists || op != ifup.OpRoute || l.shift == metricStep-1 {
			c.fail(l, err, now)
		}
	}
	switch {
	case err != nil && l.bouncing: // then it is used as it is
		l.bouncing = false
		c.update(l, *c.known[index], now)
	case op == ifup.OpUp && l.released:
	case op == ifup.OpUp:
		l.raise = now + retryAfter(l.raised)
	case l.lease() == nil:
	case op == ifup.OpAddr:
		c.refused(l, now)
	default: // a route or an MTU that cannot be had is no reason to give up the address
		c.taken(l, now)
		c.routeRefused(l, now, op == ifup.OpRoute, exists)
	}
}

// taken is told that the kernel has the address, for as long as it was asked to.
func (c *Client) taken(l *link, now time.Duration) {
	l.until, l.refusals = l.asking, 0
	if l.state() != machine.Installing {
		return
	}
	again := l.installed
	c.step(l, now, machine.Installed{})
	if again {
		c.tell(l, Event{Kind: Renewed, Time: now, Lease: l.lease()})
	}
}

// refused is told that the kernel does not take the address. One that it took
// before it keeps until that time is over; it is offered the longer one again
// until then.
func (c *Client) refused(l *link, now time.Duration) {
	c.step(l, now, machine.InstallFailed{Gone: l.installed && l.until <= now})
	if l.lease() != nil {
		l.refusals++
		l.apply = min(now+retryAfter(l.refusals), max(l.until, now+time.Second))
	}
}

// routeRefused is told whether a route was refused, and whether because there is
// one with the same metric: that is not ours to replace, but beside it there is
// room. Anything else is asked for a few times more; after that it waits for the
// next renewal.
func (c *Client) routeRefused(l *link, now time.Duration, refused, exists bool) {
	const enough = 7
	switch {
	case !refused:
		l.routeless = 0
	case exists && l.shift < metricStep-1:
		l.shift++
		l.apply = now
	case l.routeless < enough:
		l.routeless++
		l.apply = now + retryAfter(l.routeless)
	}
}
