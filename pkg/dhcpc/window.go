package dhcpc

import (
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// At most windowSize exchanges are under way at a time: a burst of DISCOVERs
// overruns the socket buffers of common servers, and what they drop costs more
// time than waiting in line. A place is held until the answer came, or for
// windowHold: behind a silent server the line must move on.
const (
	windowSize = 64
	windowHold = 250 * time.Millisecond
)

// window is the line of links that want to open an exchange.
type window struct {
	open int     // places taken
	line []*link // in order of arrival
}

// enter asks for a place; without one the link waits in line. Nobody passes the line.
func (w *window) enter(l *link, now time.Duration) bool {
	switch {
	case l.heldUntil != 0:
		return true
	case w.open < windowSize && len(w.line) == 0:
		w.give(l, now)
		return true
	case !l.waiting:
		l.waiting = true
		w.line = append(w.line, l)
	}
	return false
}

func (w *window) give(l *link, now time.Duration) {
	w.open++
	l.heldUntil = now + windowHold
}

// leave gives the place back, if the link has one.
func (w *window) leave(l *link) {
	if l.heldUntil != 0 {
		l.heldUntil = 0
		w.open--
	}
}

// admit gives the places that are free to the first in line. Those that have
// gone meanwhile take none.
func (w *window) admit(now time.Duration) {
	for ; w.open < windowSize && len(w.line) > 0; w.line = w.line[1:] {
		if l := w.line[0]; l.waiting {
			l.waiting = false
			w.give(l, now)
		}
	}
	if len(w.line) == 0 {
		w.line = nil
	}
}

// inExchange reports whether a link in this state waits for an answer.
func inExchange(s machine.State) bool {
	switch s {
	case machine.Selecting, machine.Requesting, machine.Rebooting, machine.Renewing, machine.Rebinding:
		return true
	case machine.Down, machine.Init, machine.Installing, machine.Bound, machine.Declining, machine.Releasing,
		machine.IPv6Only, machine.Stopped:
	}
	return false
}
