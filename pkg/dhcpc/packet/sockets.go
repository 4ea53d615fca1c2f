package packet

import (
	"errors"
	"math"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
)

// Sockets is the client's side of the wire on a real kernel. It is not safe
// for concurrent use, except for Wake.
type Sockets struct {
	epoll, timer, wake int
	raw, udp, arp      int  // -1 while closed
	rawReady, udpReady bool // there may be something to read
	arpReady           bool
	udpHears           bool // the UDP socket has no drop-all filter
	watched            int  // the descriptor given to Wait
	armed              time.Duration
	io                 *batch
}

const never = time.Duration(math.MaxInt64)

// Open makes what Wait needs; Listen opens the sockets.
func Open() (*Sockets, error) {
	s := &Sockets{epoll: -1, timer: -1, wake: -1, raw: -1, udp: -1, arp: -1, watched: -1, armed: never, io: new(batch)}
	var err error
	if s.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, wrap.In("epoll", err)
	}
	// Alarms count suspend: a lease runs on while the machine sleeps.
	if s.timer, err = unix.TimerfdCreate(unix.CLOCK_BOOTTIME, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK); err != nil {
		_ = s.Close()
		return nil, wrap.In("timerfd", err)
	}
	if s.wake, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		_ = s.Close()
		return nil, wrap.In("eventfd", err)
	}
	// Edge-triggered, so that neither has ever to be read.
	for _, fd := range []int{s.timer, s.wake} {
		if err = s.watch(fd, unix.EPOLLIN|unix.EPOLLET); err != nil {
			_ = s.Close()
			return nil, err
		}
	}
	return s, nil
}

func (s *Sockets) watch(fd int, events uint32) error {
	ev := unix.EpollEvent{Events: events, Fd: int32(fd)}
	if err := unix.EpollCtl(s.epoll, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		return wrap.In("epoll", err)
	}
	return nil
}

// Now is CLOCK_BOOTTIME.
func (s *Sockets) Now() time.Duration { return Now() }

// Now is CLOCK_BOOTTIME: the time since boot, suspend included.
func Now() time.Duration {
	var ts unix.Timespec
	// It cannot fail: the clock exists since Linux 2.6.39.
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts)
	return time.Duration(ts.Nano())
}

// Wait returns when a socket or fd has something to read, after a Wake, or at
// the deadline. A deadline in the past makes it return at once; with 0, which is
// always past, it does not even look at the clock. fd may be -1.
func (s *Sockets) Wait(deadline time.Duration, fd int) error {
	if fd >= 0 && fd != s.watched {
		if err := s.watch(fd, unix.EPOLLIN); err != nil {
			return err
		}
		s.watched = fd
	}
	timeout := -1
	if deadline <= 0 {
		timeout = 0
	} else if err := s.arm(deadline); err != nil {
		return err
	}
	var events [8]unix.EpollEvent
	n, err := unix.EpollWait(s.epoll, events[:], timeout)
	if err != nil {
		if errors.Is(err, unix.EINTR) {
			return nil
		}
		return wrap.In("epoll", err)
	}
	for _, ev := range events[:n] {
		switch int(ev.Fd) {
		case s.raw:
			s.rawReady = true
		case s.udp:
			s.udpReady = true
		case s.arp:
			s.arpReady = true
		case s.timer:
			s.armed = never
		}
	}
	return nil
}

// arm sets the timer unless it fires early enough already: during a boot every
// message moves the deadline a little later, and one early wake-up is cheaper
// than a system call for each. A time in the past fires at once.
func (s *Sockets) arm(deadline time.Duration) error {
	if s.armed <= deadline {
		return nil
	}
	spec := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(deadline))}
	if err := unix.TimerfdSettime(s.timer, unix.TFD_TIMER_ABSTIME, &spec, nil); err != nil {
		return wrap.In("timerfd", err)
	}
	s.armed = deadline
	return nil
}

// Wake makes the current or the next Wait return. It may be called from any goroutine.
func (s *Sockets) Wake() {
	one := [8]byte{1: 1} // any number but zero, in either byte order
	// A full counter means that a wake-up is pending already.
	_, _ = unix.Write(s.wake, one[:])
}

// Close closes everything. Wake must not be called any more.
func (s *Sockets) Close() error {
	for _, fd := range []*int{&s.raw, &s.udp, &s.arp, &s.timer, &s.wake, &s.epoll} {
		if *fd >= 0 {
			_ = unix.Close(*fd)
			*fd = -1
		}
	}
	return nil
}
