package dhcptest

import (
	"context"
	"errors"
	"iter"
	"math"
	"math/rand/v2"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// World is a clock, and the networks and machines that it is the clock of. All
// chance in it comes from one seed, and one thing happens at a time: what
// happened once happens again.
//
// One machine is run by [LAN.Run]. Several are started by [World.Start] and run
// together by [World.Run]: a client is a coroutine that gives control away in its
// Wait and nowhere else.
type World struct {
	// These are told what happens, unless nil. They must not change anything.
	OnSent   func(m *Message)                          // a client's message left its link, or would have if it could
	OnHeard  func(l *Link, in *packet.In)              // a client is about to read what arrived at a link
	OnConfig func(l *Link, before, after *ifup.Config) // the kernel has changed a link
	OnTurn   func(l *LAN)                              // a client went to sleep, or ended

	now      time.Duration
	script   script
	rand     *rand.Rand
	machines []*LAN
	stopped  bool
	steps    uint64
}

// NewWorld makes a world without machines and networks, at time 0. seed decides
// what is lost, delayed and duplicated where a Segment is told to do so.
func NewWorld(seed uint64) *World {
	return &World{rand: rand.New(rand.NewPCG(seed, seed))}
}

// Machine adds a machine without links.
func (w *World) Machine() *LAN {
	l := &LAN{World: w, id: byte(len(w.machines))}
	l.Kernel = newKernel(l)
	w.machines = append(w.machines, l)
	return l
}

// Now is the virtual CLOCK_BOOTTIME, the same on all machines.
func (w *World) Now() time.Duration { return w.now }

// At arranges for do to be called at a time of the virtual clock. What is in
// the past happens at the next opportunity.
func (w *World) At(t time.Duration, do func()) { w.script.add(t, do) }

// After arranges for do to be called in a while.
func (w *World) After(d time.Duration, do func()) { w.At(w.now+d, do) }

// Steps is how often something has happened: a client's turn or a script function.
func (w *World) Steps() uint64 { return w.steps }

// Stop makes Run return after the present step.
func (w *World) Stop() { w.stopped = true }

// Start starts a client on a machine on which none runs. It takes its first turn
// in Run. The machine keeps the links as an earlier client left them.
func (w *World) Start(l *LAN, c Client) {
	_ = l.Kernel.Close()
	l.sameNow = 0
	for _, link := range l.Kernel.byIndex {
		link.conversation.recent = nil // a new client knows not how much the last one sent
	}
	l.process = start(l, c)
}

// Run lets everything happen until the clock shows the given time, or Stop. The
// clients that still run are killed then.
func (w *World) Run(until time.Duration) {
	w.stopped = false
	defer func() {
		for _, l := range w.machines {
			l.Kill()
		}
	}()
	for {
		next, quiet := w.step()
		switch {
		case w.stopped:
			return
		case !quiet:
		case next >= until:
			w.now = until
			return
		default:
			w.now = next
			for _, l := range w.machines {
				l.sameNow = 0
			}
		}
	}
}

// step does all that is due now, once. It tells when something is due next, and
// whether there was nothing.
func (w *World) step() (next time.Duration, quiet bool) {
	quiet = true
	for at, ok := w.script.next(); ok && at <= w.now && !w.stopped; at, ok = w.script.next() {
		w.steps++
		w.script.take().do()
	}
	for _, l := range w.machines {
		if l.Due() <= w.now && !w.stopped {
			quiet = false
			w.steps++
			l.process.turn()
			if w.OnTurn != nil {
				w.OnTurn(l)
			}
		}
	}
	next = never
	if at, ok := w.script.next(); ok {
		next = at
	}
	for _, l := range w.machines {
		next = min(next, l.Due())
	}
	return next, quiet && next > w.now
}

// Due is when the client of a machine will have its next turn if nothing happens.
func (l *LAN) Due() time.Duration {
	p := l.process
	switch {
	case p == nil:
		return never
	case l.woken.Load() || len(l.queue) > 0 || p.fd == l.Kernel.FD() && l.Kernel.readable():
		return max(l.now, l.asleep)
	}
	return max(p.deadline, l.asleep)
}

// Runs reports whether there is a client that was started and has not ended.
func (l *LAN) Runs() bool { return l.process != nil }

// Err joins what the machine's client did that no client should.
func (l *LAN) Err() error { return errors.Join(l.errs...) }

// Kill ends the client of a machine at once, as a SIGKILL would while it sleeps.
func (l *LAN) Kill() {
	if l.process != nil {
		l.process.killed = true
		l.process.turn()
	}
}

// KillIn kills the client in the middle of its work: n more messages, requests
// to the kernel or changes of its sockets have an effect, what follows has none.
func (l *LAN) KillIn(n int) {
	if l.process != nil {
		l.process.doomed, l.process.left = true, n
	}
}

// Killed reports whether the client that runs is dead and does not know it yet:
// what it tells its callbacks is never seen.
func (l *LAN) Killed() bool { return l.process != nil && l.process.killed }

// acts reports whether what the client is about to do has an effect.
func (l *LAN) acts() bool {
	p := l.process
	if p == nil || !p.doomed {
		return p == nil || !p.killed
	}
	if p.left--; p.left < 0 {
		p.killed = true
	}
	return !p.killed
}

// process is a client that runs: a coroutine that rests in Wait.
type process struct {
	lan    *LAN
	resume func() (struct{}, bool)
	rest   func(struct{}) bool

	deadline time.Duration // of its Wait
	fd       int
	killed   bool
	doomed   bool // to be killed when left is used up
	left     int
}

// errKilled is how a client that was killed gets out of Wait. It does nothing more.
var errKilled = errors.New("killed")

func start(l *LAN, c Client) *process {
	p := &process{lan: l}
	p.resume, _ = iter.Pull(func(yield func(struct{}) bool) {
		p.rest = yield
		if err := c.Run(context.Background()); !errors.Is(err, errKilled) {
			l.errorf("the client ended by itself: %w", err)
		}
	})
	return p
}

// turn lets the client run until it waits again, or ends.
func (p *process) turn() {
	if _, runs := p.resume(); runs {
		return
	}
	l := p.lan
	l.process = nil
	l.listen(false, false)
	l.watched, l.queue = nil, nil
	_ = l.Kernel.Close()
}

// wait is the client's Wait.
func (p *process) wait(deadline time.Duration, fd int) error {
	p.deadline, p.fd = deadline, fd
	if !p.killed {
		p.rest(struct{}{})
	}
	p.lan.woken.Store(false)
	if p.killed {
		return errKilled
	}
	return nil
}

// never is later than any time.
const never = time.Duration(math.MaxInt64)
