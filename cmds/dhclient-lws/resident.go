package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// resident is the client of a machine, from its first link event on. All that it
// has to do beside the protocol it does on the client's loop: tell people, find
// links, keep resolv.conf, decide when the wait is over.
type resident struct {
	options *options
	start   time.Duration
	console *console
	result  *os.File // the pipe to the front process; nil in the foreground
	client  *dhcpc.Client
	end     func(why error)

	watching bool        // signals are taken
	moved    atomic.Bool // the files are to be written where they belong now
	hungUp   atomic.Bool // a renewal has begun
	// People have been told which links are without a cable.
	toldOfCables bool
	mounts       *os.File // tells of mounts; nil where the root directory stays what it is
	links        linkBook
	locks        locks
	news         bool // something happened that decide has not seen
	decided      bool
	everBound    bool          // the kernel has taken a lease
	decideAt     time.Duration // when time alone may decide
	renewal      renewal
	scribe       *scribe

	mu       sync.Mutex      // over what is below, which a signal may touch
	troubles map[string]bool // lines about what cannot be written, said already
	leaving  error           // why the resident ends, which can take a moment
	told     bool            // the front process has its result
	held     []heldLink      // the links that other clients have
}

// newResident makes a resident. It fails only if a dry run finds no kernel.
func newResident(o *options, start time.Duration, c *console, result *os.File) (*resident, error) {
	r := &resident{
		options: o, start: start, console: c, result: result,
		links: newLinkBook(o, start),
		locks: newLocks(o.stateDir),
		news:  true,
	}
	r.scribe = newScribe(o, start, r.report)
	r.scribe.again = r.writeStatus
	cfg := o.client
	cfg.OnLink, cfg.OnTurn, cfg.Recall = r.onLink, r.onTurn, r.scribe.recall
	cfg.OnMessage = r.onMessage
	if o.dryRun {
		k, err := openDryKernel()
		if err != nil {
			return nil, err
		}
		cfg.Kernel = k
	}
	r.client = dhcpc.New(cfg)
	for _, remark := range o.remarks {
		c.say(remark)
	}
	return r, nil
}

// foreground is the resident that was started for its own sake.
func foreground(o *options, start time.Duration) int {
	if os.Getpid() == 1 {
		actAsInit()
		o.stay()
	}
	return serve(o, start, nil)
}

// stay takes back what would end the first process of a machine, and with it the
// machine.
func (o *options) stay() {
	if o.once || o.background {
		o.once, o.background = false, false
		o.remarks = append(o.remarks, "the first process of a machine must not end; staying")
	}
}

// patience is how long a terminal that does not take our last lines may hold up
// the boot, or the end of the process.
var patience = 10 * time.Second // a test has less

// serve is a resident from its beginning to its end, and returns the exit status.
func serve(o *options, start time.Duration, result *os.File) int {
	ignoreBrokenPipe()
	c := newConsole(os.Stderr)
	// When this returns all has been said.
	defer c.flush(patience)
	o.heedBootLoader()
	mounts, err := o.enterRoot(c)
	if err != nil {
		c.say("-root: " + safeText(err.Error()))
		return exitFailure
	}
	r, err := newResident(o, start, c, result)
	if err != nil {
		c.say(safeText(err.Error()))
		return exitFailure
	}
	r.mounts = mounts
	switch err := r.run().(type) {
	case waitOver:
		if o.applies && err.result == resultOK {
			return exitStopped
		}
		return err.status()
	case endedBy:
		c.flush(patience)
		return dieOf(err.Signal)
	}
	return exitFailure
}

// run runs the client until something ends it, which it returns.
func (r *resident) run() error {
	r.end = r.client.Stop
	err := checkRights()
	if err == nil {
		err = r.client.Serve()
	}
	_, over := errors.AsType[waitOver](err)
	if !over {
		r.console.say(safeText(err.Error()))
	}
	if over || r.whyLeaving() != nil {
		r.scribe.finish(patience, r.snapshot(undecided))
	} else if !r.decided {
		r.finish(resultError, &snapshot{})
	}
	return err
}

// watch begins to take signals, and to look after the front process and the root
// directory.
func (r *resident) watch() {
	r.watching = true
	watchSignals(r.renew, r.writeStatus, func(sig os.Signal) { r.leave(endedBy{sig}) })
	if r.result != nil && !r.decided {
		go watchFront(int(r.result.Fd()), r.abandoned)
	}
	if r.options.root == "" && inMemory("/") {
		r.mounts = openMounts()
	}
	if r.mounts != nil {
		go r.options.watchMounts(r.mounts, r.rootMoved)
	}
}

// snapshot is how things stand now.
func (r *resident) snapshot(res result) snapshot {
	links := r.client.Status().Links
	return snapshot{now: packet.Now(), result: res, links: links, held: r.heldLinks(links)}
}

// writeStatus has the state written at once. It may be called from any goroutine.
func (r *resident) writeStatus() { r.scribe.record(r.snapshot(undecided)) }

// report says once that something could not be written or read, and why. It stops
// nothing.
func (r *resident) report(what string, err error) {
	if err == nil {
		return
	}
	line := what + ": " + safeText(withoutFile(err).Error())
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.troubles[line] {
		return
	}
	if r.troubles == nil {
		r.troubles = map[string]bool{}
	}
	r.troubles[line] = true
	r.console.say(line)
}

// withoutFile is an error with the directory in place of the file: temporary
// files are called differently each time.
func withoutFile(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return wrap.In(filepath.Dir(e.Path), e.Err)
	}
	return err
}
