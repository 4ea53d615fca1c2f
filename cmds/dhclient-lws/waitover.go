package main

import (
	"iter"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// finish ends the wait: people get a table, the front process its result. Both
// may want to look a name up, or how things stand, so they are told when that has
// been written.
func (r *resident) finish(res result, shot *snapshot) {
	r.decided, r.decideAt = true, machine.Never
	now := packet.Now()
	r.scribe.then(patience, func() {
		if res != resultError {
			lead := ""
			if r.options.wait.mode == waitNone {
				lead = "not waiting, "
			}
			rows, have := shot.described(r.start), "bound"
			if r.options.dryRun {
				rows, have = unused(rows), "leased"
			}
			r.console.say(lead + verdict(res, shot, have, now-r.start))
			if res == resultNoLink && len(r.options.selectors) == 0 && r.options.verbosity == 0 {
				r.console.say("links that are no wired NICs have to be named; -v tells which there are")
			}
			if len(shot.links)+len(shot.held) > 0 {
				_ = table(r.console, rows, now, (*linkStatus).appendStory) // the console takes everything
			}
			if r.options.dryRun {
				r.console.say("a dry run: nothing was configured")
			}
		}
		r.console.turn()
		if r.result != nil {
			env := environment(res, shot.links)
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

// unused goes over the links as a dry run leaves them: leased, and nothing installed.
func unused(links iter.Seq[*linkStatus]) iter.Seq[*linkStatus] {
	return func(yield func(*linkStatus) bool) {
		for l := range links {
			if !l.lease.none() {
				l.state = "leased"
				if last := len(l.timeline) - 1; last >= 0 && l.timeline[last].what == "installed" {
					l.timeline = l.timeline[:last]
				}
			}
			if !yield(l) {
				return
			}
		}
	}
}
