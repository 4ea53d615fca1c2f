package main

import (
	"iter"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// finish ends the wait: people get a table, the front process its result. Both
// may want to look a name up, or how things stand, so they are told when that has
// been written.
func (r *resident) finish(res result, links []dhcpc.LinkStatus) {
	r.decided, r.decideAt = true, machine.Never
	now := packet.Now()
	r.scribe.then(patience, func() {
		if res != resultError {
			lead := ""
			if r.options.wait.mode == waitNone {
				lead = "not waiting, "
			}
			r.console.printf("%s%s", lead, verdict(res, links, now-r.start))
			if len(links) > 0 {
				_ = table(r.console, r.described(links), now, (*linkStatus).appendStory) // the console takes everything
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
