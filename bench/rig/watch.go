package rig

import (
	"encoding/binary"
	"maps"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Watch notes when the kernel announces addresses and default routes.
type Watch struct {
	All <-chan struct{} // closed when each link has its address

	rig     *Rig
	news    int // sockets
	stop    int
	atLast  func()
	all     chan struct{}
	stopped chan struct{}

	mu            sync.Mutex
	addrs, routes map[int]time.Time // by the link's place
	err           error
}

// Watch begins to watch, until the test ends. It calls atLast, on a thread of its own,
// at once when the last link has its address.
func (r *Rig) Watch(t testing.TB, atLast func()) *Watch {
	t.Helper()
	all := make(chan struct{})
	w := &Watch{All: all, rig: r, atLast: atLast, all: all, stopped: make(chan struct{}), addrs: map[int]time.Time{}, routes: map[int]time.Time{}}
	var err error
	r.Client.Do(t, func() { w.news, err = openNews() })
	if err != nil {
		t.Fatal(err)
	}
	if w.stop, err = unix.Eventfd(0, unix.EFD_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	go w.read()
	t.Cleanup(func() {
		_, _ = unix.Write(w.stop, binary.NativeEndian.AppendUint64(nil, 1))
		<-w.stopped
		unix.Close(w.stop)
		unix.Close(w.news)
	})
	return w
}

// Times are those of the first and the last address and default route, the time of a
// link that has none being unknown, and how many links have had one.
type Times struct {
	Addrs, Routes         int
	FirstAddr, LastAddr   time.Time
	FirstRoute, LastRoute time.Time
}

// Times are what has been seen so far. It is an error if something was missed.
func (w *Watch) Times() (Times, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := slices.SortedFunc(maps.Values(w.addrs), time.Time.Compare)
	r := slices.SortedFunc(maps.Values(w.routes), time.Time.Compare)
	times := Times{Addrs: len(a), Routes: len(r)}
	if len(a) > 0 {
		times.FirstAddr, times.LastAddr = a[0], a[len(a)-1]
	}
	if len(r) > 0 {
		times.FirstRoute, times.LastRoute = r[0], r[len(r)-1]
	}
	return times, w.err
}

// read takes in all that is announced. Where it is allowed to, its thread runs before
// all others, so that the time noted is that of the announcement.
func (w *Watch) read() {
	defer close(w.stopped)
	runtime.LockOSThread() // and it ends with the goroutine
	const fifo, lowest = 1, 1
	_ = unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: fifo, Priority: lowest}, 0)
	buffer := make([]byte, 1<<16)
	fds := []unix.PollFd{{Fd: int32(w.news), Events: unix.POLLIN}, {Fd: int32(w.stop), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			w.fail(err)
			return
		}
		now := time.Now()
		if fds[1].Revents != 0 {
			return
		}
		for {
			n, _, err := unix.Recvfrom(w.news, buffer, unix.MSG_DONTWAIT)
			if err != nil {
				if err != unix.EAGAIN {
					w.fail(err) // ENOBUFS: announcements were lost
				}
				break
			}
			w.note(now, buffer[:n])
		}
	}
}

func (w *Watch) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
}

// note takes one announcement in.
func (w *Watch) note(now time.Time, message []byte) {
	kind, body := binary.NativeEndian.Uint16(message[4:]), message[unix.SizeofNlMsghdr:]
	w.mu.Lock()
	defer w.mu.Unlock()
	switch kind {
	case unix.RTM_NEWADDR:
		place, ours := w.rig.place[int(binary.NativeEndian.Uint32(body[4:]))]
		local := attribute(body[unix.SizeofIfAddrmsg:], unix.IFA_LOCAL)
		if _, known := w.addrs[place]; !ours || known || netip.AddrFrom4([4]byte(local)) != Addr(place) {
			return
		}
		w.addrs[place] = now
		if len(w.addrs) == w.rig.N {
			w.atLast()
			close(w.all)
		}
	case unix.RTM_NEWROUTE:
		out := attribute(body[unix.SizeofRtMsg:], unix.RTA_OIF)
		place, ours := w.rig.place[int(binary.NativeEndian.Uint32(out))]
		if _, known := w.routes[place]; ours && !known {
			w.routes[place] = now
		}
	}
}

// attribute is one of four bytes, all 0 if it is not there.
func attribute(attributes []byte, kind uint16) []byte {
	list, _ := nl.ParseRouteAttr(attributes)
	for _, a := range list {
		if a.Attr.Type == kind && len(a.Value) == 4 {
			return a.Value
		}
	}
	return make([]byte, 4)
}
