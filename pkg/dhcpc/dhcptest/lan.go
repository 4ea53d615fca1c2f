package dhcptest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// LAN is one machine: its links and, in its [World], the networks that they are
// plugged into and the clock of it all. It is the Net of a dhcpc.Client; its
// Kernel is the client's Kernel.
//
// Nothing happens but in [LAN.Wait]: there the clock jumps to whatever comes
// next, so that an hour takes no time, every run is the same, and no goroutine
// but the client's is there. Script functions, servers and hooks run inside
// Wait and may change anything, also by calling the client. Of all methods only
// Wake may be called from another goroutine.
type LAN struct {
	*World
	Kernel *Kernel

	// Brief keeps the records below empty, for a life of many days.
	Brief bool
	// Sent is every client message that left, in order.
	Sent []*Message
	// ARP is every ARP packet of the client that left, in order.
	ARP []ARP
	// Failed is how many messages could not be sent.
	Failed int
	// Wakeups is when Wait returned.
	Wakeups []time.Duration
	// Sockets is every change of what was listened to.
	Sockets []Listening

	// ServerPort is where servers listen, and clients have to send to; 0: 67.
	ServerPort uint16
	// RefuseListen makes Listen fail with what it returns, unless that is nil.
	RefuseListen func(raw, udp bool) error
	// RefuseWatch is the same for Watch.
	RefuseWatch func() error
	// RefuseSend makes a message fail with what it returns, unless that is nil:
	// ENETDOWN, ENOBUFS, EPERM. A link that is down refuses without it.
	RefuseSend func(o *packet.Out) error

	id      byte
	process *process      // the client that World.Start started
	asleep  time.Duration // when the machine wakes up, if that is to come
	woken   atomic.Bool

	open    Listening
	watched []netip.Addr // what the ARP socket hears of; nil before it was opened
	probes  bool         // and of who asks for it
	queue   []arrival

	end     time.Duration
	cancel  context.CancelFunc
	ended   bool
	sameNow int
	errs    []error
}

// Listening is which sockets are open from a time on.
type Listening struct {
	Time     time.Duration
	Raw, UDP bool
}

// NewLAN makes a world of one machine, see [NewWorld].
func NewLAN(seed uint64) *LAN { return NewWorld(seed).Machine() }

// Suspend lets time pass while the machine is asleep: nothing on it runs, and
// what was due happens late, all at once. Where there are other machines it also
// hears nothing, and the lifetimes of its addresses stand still, as Linux's do.
func (l *LAN) Suspend(d time.Duration) {
	if l.process == nil && len(l.machines) == 1 {
		l.now += d
		return
	}
	from := max(l.now, l.asleep)
	l.asleep = max(l.asleep, l.now+d)
	for _, link := range l.Kernel.byIndex {
		link.frozen += l.asleep - from
	}
}

// Suspended reports whether the machine is asleep.
func (l *LAN) Suspended() bool { return l.asleep > l.now }

// Client is what runs on a LAN: a *dhcpc.Client.
type Client interface {
	Run(context.Context) error
}

// Run runs the client until the virtual clock shows the given time, then ends
// its context. The error joins whatever the client did that no client should:
// a message against RFC 2131, a loop that does not sleep, an address used that
// the kernel has withdrawn; and its own error, unless it is that of the context.
//
// Run may be called again, with another client on the same machine. It finds the
// links as the last one left them.
func (l *LAN) Run(c Client, until time.Duration) (err error) {
	_ = l.Kernel.Close()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l.end, l.cancel, l.ended, l.sameNow = until, cancel, false, 0
	defer func() {
		switch r := recover().(type) {
		case nil:
		case runaway:
			err = errors.Join(r, errors.Join(l.errs...))
		default:
			panic(r)
		}
	}()
	if err := c.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		l.breach(fmt.Errorf("the client ended at %v: %w", l.now, err))
	} else if !l.ended {
		l.breach(fmt.Errorf("the client ended by itself at %v", l.now))
	}
	return errors.Join(l.errs...)
}

// serverPort is where servers listen.
func (l *LAN) serverPort() uint16 { return cmp.Or(l.ServerPort, serverPort) }

// errorf notes something that no client should do, with the time.
func (l *LAN) errorf(format string, args ...any) {
	l.breach(fmt.Errorf("%v: %w", l.now, fmt.Errorf(format, args...)))
}

// breach notes something that no client should do.
func (l *LAN) breach(err error) {
	const enough = 20
	if err != nil && len(l.errs) < enough {
		l.errs = append(l.errs, err)
	}
}

// Wake makes the current or the next Wait return.
func (l *LAN) Wake() { l.woken.Store(true) }

// Wait lets virtual time pass until the deadline, a Wake, or something to read.
// It fails only when it is called over and over with no time passing.
func (l *LAN) Wait(deadline time.Duration, fd int) error {
	if err := l.checkLoop(); err != nil {
		return err
	}
	if l.process != nil {
		return l.process.wait(deadline, fd)
	}
	for !l.ended {
		for at, ok := l.script.next(); ok && at <= l.now; at, ok = l.script.next() {
			l.script.take().do()
		}
		if l.woken.Swap(false) || len(l.queue) > 0 || deadline <= l.now ||
			fd == l.Kernel.FD() && l.Kernel.readable() {
			break
		}
		l.sameNow = 0
		next := deadline
		if at, ok := l.script.next(); ok {
			next = min(next, at)
		}
		if next >= l.end {
			l.now, l.ended = l.end, true
			l.cancel()
			break
		}
		l.now = next
	}
	if !l.Brief {
		l.Wakeups = append(l.Wakeups, l.now)
	}
	return nil
}

// runaway is how Run gets out of a loop that does not even end when Wait fails.
// It is a panic because nothing else leaves a function of another package that
// ignores errors.
type runaway struct{ error }

// checkLoop looks at how the client behaves between two sleeps.
func (l *LAN) checkLoop() error {
	const limit, patience = 10000, 100
	if l.sameNow++; l.sameNow > limit {
		err := fmt.Errorf("the client called Wait %d times at %v", limit, l.now)
		if l.sameNow > limit+patience {
			panic(runaway{err})
		}
		return err
	}
	if n := len(l.Kernel.queue); n > 0 {
		l.breach(fmt.Errorf("%v: the client sleeps with %d kernel requests not flushed", l.now, n))
		l.Kernel.queue = nil
	}
	return nil
}
