package main

import (
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
)

// heldLink is a link that another client has, and of which the dhcpc.Client knows
// nothing: people who look for it are to see why.
type heldLink struct {
	name    string
	pid     int // of the other client; 0 if nothing is known of it
	index   int
	carrier bool
}

// stateHeld is the state of such a link, beside those of the machine.
const stateHeld = "HELD"

// heldBy is what the row of the link says.
func heldBy(pid int64) string {
	if pid == 0 {
		return "held by another"
	}
	return "held by pid " + strconv.FormatInt(pid, 10)
}

// hold notes that another client has a link.
func (r *resident) hold(l *knownLink, pid int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unhold(l.name)
	r.held = append(r.held, heldLink{l.name, pid, l.index, l.carrier})
}

// holdAsItIs notes how a link stands now if another client has it.
func (r *resident) holdAsItIs(l *knownLink) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.held {
		if h := &r.held[i]; h.name == l.name {
			h.index, h.carrier = l.index, l.carrier
			r.scribe.changed()
		}
	}
}

// letGo forgets a link that nobody asks for any more.
func (r *resident) letGo(l *knownLink) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unhold(l.name)
}

// unhold does so with r.mu locked.
func (r *resident) unhold(name string) {
	for i := range r.held {
		if r.held[i].name == name {
			r.held = append(r.held[:i], r.held[i+1:]...)
			return
		}
	}
}

// heldLinks is all of them but for what is asked on, since its lock was granted: that
// may have been before it was noted that another client has it.
func (r *resident) heldLinks(ours []dhcpc.LinkStatus) (list []heldLink) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, h := range r.held {
		if !slices.ContainsFunc(ours, func(l dhcpc.LinkStatus) bool { return l.Interface == h.name }) {
			list = append(list, h)
		}
	}
	return list
}

// described goes over the links of a snapshot as people see them, each valid until
// the next.
func (s *snapshot) described(start time.Duration) iter.Seq[*linkStatus] {
	return func(yield func(*linkStatus) bool) {
		var l linkStatus
		for i := range s.links {
			if l.describe(&s.links[i], start); !yield(&l) {
				return
			}
		}
		for _, h := range s.held {
			l = linkStatus{name: h.name, index: int64(h.index), carrier: h.carrier, state: stateHeld, holder: int64(h.pid)}
			if !yield(&l) {
				return
			}
		}
	}
}
