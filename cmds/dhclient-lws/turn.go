package main

import (
	"errors"
	"iter"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// onLink takes in what the kernel reports of a link.
func (r *resident) onLink(ev ifup.Event) {
	r.news = true
	r.links.note(&ev, packet.Now())
}

// onEvent takes in what became of a request.
func (r *resident) onEvent(l *knownLink, ev *dhcpc.Event) {
	switch ev.Kind {
	case dhcpc.Bound, dhcpc.Renewed:
		l.bind(ev.Time)
		r.news, r.everBound = true, true
	case dhcpc.Lost:
		l.bound = false
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
		r.console.printf("%s: %s", safeName(ev.Interface), text)
	}
	r.scribe.changed()
}

// take asks for a lease on a link, now or when no other client has it any more.
func (r *resident) take(l *knownLink) {
	request := func() {
		// It cannot fail: IPv4 is served, and no link is without a name.
		_ = r.client.Request(l.name, dhcpc.IPv4, func(ev dhcpc.Event) { r.onEvent(l, &ev) })
	}
	err := r.locks.take(l.name, request)
	if taken, ok := errors.AsType[errTaken](err); ok {
		r.console.printf("%s: %v", safeName(l.name), taken)
		return
	}
	r.report("state-dir", err)
	request()
}

// rush is how long after the start the processors are left to the messages, if
// the leases take that long: to take signals and to write to the console starts
// threads.
const rush = 50 * time.Millisecond

// onTurn is what is to be done before the loop sleeps; it returns when it wants
// to be called again.
func (r *resident) onTurn(now time.Duration) time.Duration {
	for _, name := range r.links.forgotten() {
		r.locks.release(name)
		r.client.Remove(name) // people have been told that it is gone
		r.scribe.changed()
	}
	wanted := r.links.wanted()
	leaving := r.whyLeaving()
	if leaving != nil {
		wanted = nil // what is asked for now would have to be given back at once
	}
	for _, l := range wanted {
		r.take(l)
	}
	if len(wanted) > 0 {
		return now // all else can wait until the messages are out
	}
	res := undecided
	if !r.decided && (r.news || r.decideAt <= now) {
		r.news = false
		res, r.decideAt = r.options.wait.decide(now, r.links.waiting(r.start))
	}
	if res != undecided || r.scribe.next <= now {
		shot := r.snapshot(res)
		r.scribe.last, r.scribe.gap, r.scribe.next = now, stateGap(len(shot.links)), machine.Never
		r.scribe.record(shot)
		if res != undecided {
			r.decided = true
			r.attend() // before anybody learns of it
			r.finish(res, shot.links)
		}
	}
	if leaving != nil && r.options.release && allReleased(r.client.Status().Links) {
		r.end(leaving)
	}
	if calm := r.start + rush; !r.decided && now < calm {
		return min(r.decideAt, r.scribe.next, calm)
	}
	r.attend()
	r.console.turn()
	return min(r.decideAt, r.scribe.next)
}

// attend begins, once, to do what could wait until the messages were out.
func (r *resident) attend() {
	if r.watching {
		return
	}
	r.watch()
	for _, name := range r.links.absent() {
		r.console.printf("%s: no such interface; waiting for it", safeName(name))
	}
}

// finish ends the wait: people get a table, the front process its result. Both
// may want to look a name up, or how things stand, so they are told when that has
// been written.
func (r *resident) finish(res result, links []dhcpc.LinkStatus) {
	r.decided, r.decideAt = true, machine.Never
	now := packet.Now()
	r.scribe.then(patience, func() {
		if res != resultError {
			r.console.printf("%s", verdict(res, links, now-r.start))
			if len(links) > 0 {
				_ = table(r.console, r.described(links), now) // the console takes everything
			}
			if r.options.dryRun {
				r.console.printf("a dry run: nothing was configured")
			}
		}
		r.console.turn()
		if r.result != nil {
			env := environment(res, links)
			r.console.then(max(now+patience-packet.Now(), 0), func() { r.handOff(env) })
		}
	})
	if r.options.once {
		r.end(waitOver{res})
	}
}

// handOff gives the terminal to the command, and the front process its result.
func (r *resident) handOff(env []string) {
	r.console.leave()
	r.mu.Lock()
	r.told = true
	r.mu.Unlock()
	if !handOff(r.result, env) {
		r.leave(errAbandoned)
	}
}

// described goes over the links as people see them, each valid until the next.
func (r *resident) described(links []dhcpc.LinkStatus) iter.Seq[*linkStatus] {
	return func(yield func(*linkStatus) bool) {
		var s linkStatus
		for i := range links {
			if s.describe(&links[i], r.start); !yield(&s) {
				return
			}
		}
	}
}
