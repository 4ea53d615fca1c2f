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
	r.state.changed()
}

// rush is how long after the start the processors are left to the messages, if
// the leases take that long: to take signals and to write to the console starts
// threads.
const rush = 50 * time.Millisecond

// onTurn is what is to be done before the loop sleeps; it returns when it wants
// to be called again.
func (r *resident) onTurn(now time.Duration) time.Duration {
	for _, name := range r.links.forgotten() {
		r.client.Remove(name) // people have been told that it is gone
		r.state.changed()
	}
	wanted := r.links.wanted()
	leaving := r.whyLeaving()
	if leaving != nil {
		wanted = nil // what is asked for now would have to be given back at once
	}
	for _, l := range wanted {
		// It cannot fail: IPv4 is served, and no link is without a name.
		_ = r.client.Request(l.name, dhcpc.IPv4, func(ev dhcpc.Event) { r.onEvent(l, &ev) })
	}
	if len(wanted) > 0 {
		return now // all else can wait until the messages are out
	}
	res := undecided
	if !r.decided && (r.news || r.decideAt <= now) {
		r.news = false
		res, r.decideAt = r.options.wait.decide(now, r.links.waiting(r.start))
	}
	if res != undecided || r.state.due() <= now {
		links := r.client.Status().Links
		// Who is told that the wait is over may want to look a name up, or how things stand.
		r.report("resolv.conf", r.resolv.Write(resolvers(links)))
		r.report("status.json", r.state.write(now, res, links))
		if res != undecided {
			r.finish(res, links)
		}
	}
	if leaving != nil && r.options.release {
		if links := r.client.Status().Links; allReleased(links) {
			r.report("resolv.conf", r.resolv.Write(resolvers(links)))
			r.end(leaving)
		}
	}
	if calm := r.start + rush; !r.decided && now < calm {
		return min(r.decideAt, r.state.due(), calm)
	}
	if !r.watching {
		r.watch()
		for _, name := range r.links.absent() {
			r.console.printf("%s: no such interface; waiting for it", safeName(name))
		}
	}
	r.console.turn()
	return min(r.decideAt, r.state.due())
}

// finish ends the wait: people get a table, the front process its result.
func (r *resident) finish(res result, links []dhcpc.LinkStatus) {
	r.decided, r.decideAt = true, machine.Never
	if res != resultError {
		now := packet.Now()
		r.console.printf("%s", verdict(res, links, now-r.start))
		if len(links) > 0 {
			_ = table(r.console, r.described(links), now) // the console takes everything
		}
		if r.options.dryRun {
			r.console.printf("a dry run: nothing was configured")
		}
	}
	if r.result != nil {
		env := environment(res, links)
		r.console.then(patience, func() { r.handOff(env) })
	}
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
