package main

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
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
	end     context.CancelCauseFunc

	watching  bool // signals are taken
	links     linkBook
	resolv    ifup.ResolvConf
	news      bool // something happened that decide has not seen
	decided   bool
	everBound bool          // the kernel has taken a lease
	decideAt  time.Duration // when time alone may decide
	state     *stateKeeper

	mu       sync.Mutex      // over what is below, which a signal may touch
	troubles map[string]bool // reported already
}

func newResident(o *options, start time.Duration, c *console, result *os.File) *resident {
	r := &resident{
		options: o, start: start, console: c, result: result,
		links:  newLinkBook(o, start),
		resolv: ifup.ResolvConf{Path: o.resolvConf},
		news:   true,
		state:  newStateKeeper(o.stateDir, start),
	}
	cfg := o.client
	cfg.OnLink, cfg.OnTurn = r.onLink, r.onTurn
	if o.verbosity >= 2 {
		cfg.OnMessage = func(iface string, m *dhcp4.Message, refusal dhcp4.Refusal) {
			dump(r.console.printf, iface, m, refusal)
		}
	}
	r.client = dhcpc.New(cfg)
	return r
}

// foreground is the resident that was started for its own sake.
func foreground(o *options, start time.Duration) int {
	if os.Getpid() == 1 {
		actAsInit()
	}
	return newResident(o, start, newConsole(os.Stderr), nil).serve()
}

// patience is how long a terminal that does not take our last lines may hold up
// the boot, or the end of the process.
const patience = 10 * time.Second

// endedBy is why the loop ended: somebody sent a signal.
type endedBy struct{ os.Signal }

func (e endedBy) Error() string { return e.String() }

// serve runs until a signal ends it, and returns the exit status.
func (r *resident) serve() int {
	ignoreOutput()
	ctx, end := context.WithCancelCause(context.Background())
	r.end = end
	err := checkRights()
	if err == nil {
		err = r.client.Run(ctx)
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if e, ok := errors.AsType[endedBy](err); ok {
		r.writeStatus()
		r.console.flush(patience)
		return dieOf(e.Signal)
	}
	r.console.printf("%s", safeText(err.Error()))
	if !r.decided {
		r.finish(resultError, nil)
	}
	r.console.flush(patience)
	return exitFailure
}

// watch begins to take signals.
func (r *resident) watch() {
	r.watching = true
	watchSignals(func() { r.client.Renew("") }, r.writeStatus, func(sig os.Signal) { r.end(endedBy{sig}) })
}

// writeStatus writes status.json at once. It may be called from any goroutine.
func (r *resident) writeStatus() {
	r.report("status.json", r.state.write(packet.Now(), undecided, r.client.Status().Links))
}

// report says once that something could not be written. It stops nothing.
func (r *resident) report(what string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil || r.troubles[what] {
		return
	}
	if r.troubles == nil {
		r.troubles = map[string]bool{}
	}
	r.troubles[what] = true
	r.console.printf("%s: %s", what, safeText(err.Error()))
}
