package main

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// onLink takes in what the kernel reports of a link.
func (r *resident) onLink(ev ifup.Event) {
	r.news = true
	r.links.note(&ev, packet.Now())
	if l := r.links.byName[ev.Link.Name]; l != nil {
		r.holdAsItIs(l)
	}
}

// onEvent takes in what became of a request.
func (r *resident) onEvent(l *knownLink, ev *dhcpc.Event) {
	switch ev.Kind {
	case dhcpc.Bound, dhcpc.Renewed:
		l.bind(ev.Time)
		r.answered(l, true)
		r.news, r.everBound = true, true
	case dhcpc.Lost:
		l.bound = false
		r.answered(l, false)
		r.news = true
	case dhcpc.IPv6Only:
		l.rest(ev.Time)
		r.news = true
	case dhcpc.Failed:
		// Later it is one driver's or one rule's word, and no reason to give up the rest.
		if refused, ok := errors.AsType[*ifup.Refused](ev.Err); ok && errors.Is(refused.Err, unix.EPERM) && !r.everBound {
			r.end(ev.Err)
			return
		}
	case dhcpc.LinkUp, dhcpc.LinkDown, dhcpc.LinkGone, dhcpc.MessageSent, dhcpc.MessageReceived:
	}
	if text := l.line(ev, r.start, r.options.verbosity); text != "" {
		r.console.say(safeName(ev.Interface) + ": " + text)
	}
	r.scribe.changed()
}

// onMessage sees what was received. With -vv it is shown; else people are told,
// once for each reason, that what a link without a lease is offered cannot be taken.
func (r *resident) onMessage(iface string, m *dhcp4.Message, why dhcp4.Refusal) {
	if r.options.verbosity >= 2 {
		dump(r.console.say, iface, m, why)
		return
	}
	if m == nil || why < dhcp4.NoServerID || why == dhcp4.WrongServer {
		return
	}
	if l := r.links.byName[iface]; l != nil && !l.bound && !l.refused[why] {
		l.refused[why] = true
		r.console.say(safeName(iface) + ": " + refusalLine(m, why))
	}
}

// move has all that is on disk written once more, since what was written is not
// where others look any more. The locks come first: the client of the new root, if
// it has one, may have been faster, and then the link is his, as it stands.
func (r *resident) move() {
	r.locks.moved()
	for _, l := range r.links.byName {
		r.take(l)
	}
	r.scribe.moved()
	r.scribe.record(r.snapshot(undecided))
}

// take asks for a lease on a link, now or when no other client has it any more.
func (r *resident) take(l *knownLink) {
	err := r.locks.take(l.name, func() { r.request(l) })
	if taken, ok := errors.AsType[errTaken](err); ok {
		r.hold(l, taken.pid)
		r.scribe.changed()
		if !taken.old {
			r.console.say(safeName(l.name) + ": " + taken.Error())
		}
		if taken.lost {
			r.client.Remove(l.name)
			l.bound, l.resting, l.lease = false, false, nil
			r.news = true
		}
		return
	}
	r.report("state-dir", err)
	r.request(l)
}

// request asks for a lease on a link, unless what is got would have to be given
// back at once. It may be called from any goroutine.
func (r *resident) request(l *knownLink) {
	r.mu.Lock() // Release comes before this or after it, not meanwhile
	defer r.mu.Unlock()
	if r.leaving != nil {
		return
	}
	// It cannot fail: IPv4 is served, and no link is without a name.
	_ = r.client.Request(l.name, dhcpc.IPv4, func(ev dhcpc.Event) { r.onEvent(l, &ev) })
}

// rush is how long after the start the processors are left to the messages, if
// the leases take that long: to take signals and to write to the console starts
// threads.
const rush = 50 * time.Millisecond

// onTurn is what is to be done before the loop sleeps; it returns when it wants
// to be called again.
func (r *resident) onTurn(now time.Duration) time.Duration {
	for _, l := range r.links.forgotten() {
		if l.enslaved {
			r.console.say(safeName(l.name) + ": part of a bridge or a bond now; let go")
		}
		r.client.Withdraw(l.name) // if it is gone people have been told
		r.locks.release(l.name)
		r.letGo(l)
		r.scribe.changed()
	}
	if r.moved.Swap(false) {
		r.move()
	}
	wanted := r.links.wanted()
	leaving := r.whyLeaving()
	if leaving != nil {
		wanted = nil // what is asked for now would have to be given back at once
		r.decideAt = machine.Never
	}
	for _, l := range wanted {
		r.take(l)
	}
	if len(wanted) > 0 {
		return now // all else can wait until the messages are out
	}
	res := undecided
	if !r.decided && leaving == nil && (r.news || r.decideAt <= now) {
		r.news = false
		res, r.decideAt = r.options.wait.decide(now, r.links.waiting(r.start))
	}
	if res != undecided || r.scribe.next <= now {
		shot := r.snapshot(res)
		r.scribe.give(shot, res == undecided && r.links.asking())
		if res != undecided {
			r.decided = true
			r.attend() // before anybody learns of it
			r.finish(res, &shot)
		}
	}
	if leaving != nil && r.options.release && r.released() {
		r.end(leaving)
	}
	if calm := r.start + rush; !r.decided && now < calm {
		return min(r.decideAt, r.scribe.next, calm)
	}
	r.attend()
	again := min(r.tellOfCables(now), r.followRenewal(now))
	r.console.turn()
	return min(r.decideAt, r.scribe.next, again)
}

// attend begins, once, to do what could wait until the messages were out.
func (r *resident) attend() {
	if r.watching {
		return
	}
	r.watch()
	r.tellOfOthers()
	for _, name := range r.links.absent() {
		hint := ""
		switch {
		case name == "version":
			hint = " (-version tells the version)"
		case distance(name, "status") <= 2:
			hint = " (status is called with exactly that word)"
		}
		r.console.say(safeName(name) + ": no such interface; waiting for it" + hint)
	}
	for _, text := range r.links.unmet() {
		r.console.say(safeText(text) + ": no interface matches; waiting for one")
	}
}

// tellOfOthers says, once, which links are not asked on since nobody named them.
func (r *resident) tellOfOthers() {
	if list := r.links.leftOut; len(list) > 0 {
		r.console.say("left out, since they are not named: " + some(list))
	}
	r.links.curious, r.links.leftOut = false, nil
}

// tellOfCables says, once, which links have had no carrier when that has lasted
// as long as "all" would wait for it, and returns when that will be. At the end of
// the wait the table says so.
func (r *resident) tellOfCables(now time.Duration) time.Duration {
	at := r.start + max(r.options.wait.carrierTimeout, rush)
	switch {
	case r.decided || r.toldOfCables:
		return machine.Never
	case now < at:
		return at
	}
	r.toldOfCables = true
	for _, name := range r.links.dark() {
		r.console.say(safeName(name) + ": no carrier")
	}
	return machine.Never
}
