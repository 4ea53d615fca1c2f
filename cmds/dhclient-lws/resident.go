package main

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
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

	watching bool // signals are taken
	links    linkBook
	resolv   ifup.ResolvConf
	newDNS   bool // a lease came, changed or went since resolv.conf was written
	news     bool // something happened that decide has not seen
	decided  bool
	decideAt time.Duration // when time alone may decide
	state    *stateKeeper

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
	return newResident(o, start, newConsole(os.Stdout), nil).serve()
}

// patience is how long a terminal that does not take our last lines may hold up
// the boot, or the end of the process.
const patience = 10 * time.Second

// endedBy is why the loop ended: somebody sent a signal.
type endedBy struct{ os.Signal }

func (e endedBy) Error() string { return e.String() }

// serve runs until a signal ends it, and returns the exit status.
func (r *resident) serve() int {
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

// watch begins to take signals. It starts threads, which would be in the way of
// the first messages.
func (r *resident) watch() {
	if !r.watching {
		r.watching = true
		watchSignals(func() { r.client.Renew("") }, r.writeStatus, func(sig os.Signal) { r.end(endedBy{sig}) })
	}
}

// onLink takes in what the kernel reports of a link.
func (r *resident) onLink(ev ifup.Event) {
	r.news = true
	if name := r.links.note(&ev, packet.Now()); name != "" {
		r.client.Remove(name)
		r.newDNS = true
	}
}

// onEvent takes in what became of a request.
func (r *resident) onEvent(l *knownLink, ev *dhcpc.Event) {
	switch ev.Kind {
	case dhcpc.Bound, dhcpc.Renewed:
		l.bind(ev.Time)
		r.news, r.newDNS = true, true
	case dhcpc.Lost:
		l.bound = false
		r.news, r.newDNS = true, true
	case dhcpc.LinkUp, dhcpc.LinkDown, dhcpc.LinkGone:
		r.newDNS = true
	case dhcpc.Failed:
		if refused, ok := errors.AsType[*ifup.Refused](ev.Err); ok && errors.Is(refused.Err, unix.EPERM) {
			r.end(ev.Err)
			return
		}
	case dhcpc.MessageSent, dhcpc.MessageReceived:
	}
	if text := l.line(ev, r.start, r.options.verbosity); text != "" {
		r.console.printf("%s: %s", safeName(ev.Interface), text)
	}
	r.state.changed()
}

// onTurn is what is to be done before the loop sleeps; it returns when it wants
// to be called again. resolv.conf comes first: whoever is told that the wait is
// over may want to look a name up.
func (r *resident) onTurn(now time.Duration) time.Duration {
	wanted := r.links.wanted()
	for _, l := range wanted {
		// It cannot fail: IPv4 is served, and no link is without a name.
		_ = r.client.Request(l.name, dhcpc.IPv4, func(ev dhcpc.Event) { r.onEvent(l, &ev) })
	}
	if len(wanted) > 0 {
		return now // all else can wait until the messages are out
	}
	r.watch()
	if r.newDNS {
		r.newDNS = false
		r.report("resolv.conf", r.resolv.Write(resolvers(r.client.Status().Links)))
	}
	if !r.decided && (r.news || r.decideAt <= now) {
		r.news = false
		var res result
		if res, r.decideAt = r.options.wait.decide(now, r.links.waiting(r.start)); res != undecided {
			r.finish(res, r.client.Status().Links)
		}
	}
	if r.state.writeAt() <= now {
		r.writeStatus()
	}
	r.console.turn()
	return min(r.decideAt, r.state.writeAt())
}

// finish ends the wait: people get a table, the front process its result.
func (r *resident) finish(res result, links []dhcpc.LinkStatus) {
	r.decided, r.decideAt = true, machine.Never
	r.state.decided(res)
	r.writeStatus()
	if res != resultError {
		now := packet.Now()
		r.console.printf("%s", verdict(res, links, now-r.start))
		described := make([]linkStatus, len(links))
		for i := range links {
			described[i] = describeLink(&links[i], r.start)
		}
		r.console.text(table(described, now))
	}
	if r.result != nil {
		env := environment(res, links)
		r.console.then(patience, func() {
			r.console.leave()
			handOff(r.result, env)
		})
	}
}

// writeStatus brings status.json up to date. It may be called from any goroutine.
func (r *resident) writeStatus() {
	r.report("status.json", r.state.write(packet.Now(), r.client.Status().Links))
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

// inUse is the lease that a link has installed, or nil.
func inUse(l *dhcpc.LinkStatus) *machine.Lease {
	if l.State == machine.Installing {
		return nil
	}
	return l.Lease
}

// resolvers is what the links contribute to resolv.conf, in metric order: like
// its routes, the servers of a link without carrier stand behind all others.
func resolvers(links []dhcpc.LinkStatus) []ifup.Resolver {
	list := make([]ifup.Resolver, 0, len(links))
	for _, carrier := range []bool{true, false} {
		for i := range links {
			if l := inUse(&links[i]); l != nil && links[i].Carrier == carrier {
				list = append(list, ifup.Resolver{Servers: l.DNS, Domain: l.Domain, Search: l.Search})
			}
		}
	}
	return list
}
