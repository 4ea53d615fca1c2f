package main

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Why a resident ends.

// endedBy is a signal.
type endedBy struct{ os.Signal }

func (e endedBy) Error() string { return "ended by " + signalName(e.Signal) }

// waitOver is the end of a wait beyond which nobody is to stay.
type waitOver struct{ result }

func (w waitOver) Error() string { return string(w.result) }

// errAbandoned is the end of a front process that has not been told the result:
// its command will not run, and who started it has changed his mind.
var errAbandoned = errors.New("ended, since nobody waits for the leases any more")

// releasePatience is how long giving leases back may take.
const releasePatience = 2 * time.Second

// leave ends the resident. If leases are to be given back, that comes first, and
// the second reason to leave ends it at once. It may be called from any goroutine.
func (r *resident) leave(why error) {
	r.mu.Lock()
	again := r.leaving != nil
	if !again {
		r.leaving = why
	}
	r.mu.Unlock()
	if again || !r.options.release {
		r.end(why)
		return
	}
	r.console.say("giving back " + leaseCount(r.client.Counts().Leased))
	r.client.Release("")
	time.AfterFunc(releasePatience, func() { r.end(why) })
}

// whyLeaving is why the resident is about to end, or nil.
func (r *resident) whyLeaving() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.leaving
}

// abandoned is called when the front process has ended, or become the command.
func (r *resident) abandoned() {
	r.mu.Lock()
	told := r.told
	r.mu.Unlock()
	if !told {
		r.leave(errAbandoned)
	}
}

// released reports whether all that was leased has been given back.
func (r *resident) released() bool {
	n := r.client.Counts()
	return n.Stopped == n.Present
}

// signalName is the name of a signal that a resident takes.
func signalName(sig os.Signal) string {
	switch sig {
	case unix.SIGTERM:
		return "SIGTERM"
	case unix.SIGINT:
		return "SIGINT"
	case unix.SIGQUIT:
		return "SIGQUIT"
	}
	return sig.String()
}
