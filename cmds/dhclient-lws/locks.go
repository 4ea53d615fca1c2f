package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// locks keeps one client to a link: who holds the lock on
// <state-dir>/<interface>.lock may ask for a lease on it. Locks end with the
// process that has them, however it ends. The files stay, since who removes one
// cannot know whether somebody is about to lock it.
type locks struct {
	dir string // "" for none

	mu      sync.Mutex
	checked bool
	held    map[string]int   // descriptors
	wanted  map[string]*want // those that another process has
	inotify int              // tells that somebody let go of a file; 0 before it is needed
}

// want is a lock that another process has.
type want struct {
	fd      int
	watch   int
	granted func()
}

func newLocks(dir string) locks {
	return locks{dir: dir, held: map[string]int{}, wanted: map[string]*want{}}
}

// errTaken says that another client has the link.
type errTaken struct{ pid int } // 0: of whom nothing is known

func (e errTaken) Error() string {
	if e.pid == 0 {
		return "another client has it; waiting"
	}
	return fmt.Sprintf("another client (pid %d) has it; waiting", e.pid)
}

func openLock(path string) (fd int, err error) {
	fd, err = unix.Open(path, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return -1, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return fd, nil
}

// take takes the lock of a link. If another process has it the error is an
// errTaken, and granted is called once that process has let go and the lock is
// ours, from another goroutine and with locks locked. Any other error says that
// there is no lock to be had.
func (k *locks) take(name string, granted func()) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dir == "" {
		return nil
	}
	if !k.checked {
		k.checked = true
		err, ok := within(k.dir, func() error { return makeDirectory(k.dir) })
		if !ok {
			err = notAnswering(k.dir)
		}
		if err != nil {
			k.dir = ""
			return err
		}
	}
	if _, has := k.held[name]; has {
		return nil
	}
	path := filepath.Join(k.dir, fileName(name)+".lock")
	fd, err := openLock(path)
	if err != nil {
		return err
	}
	w := &want{fd: fd, watch: -1, granted: granted}
	err = k.try(name, w)
	if err != nil && errors.Is(err, unix.EWOULDBLOCK) {
		if err := k.watch(w, path); err != nil {
			_ = unix.Close(fd)
			return err
		}
		// It may have been given back before it was watched.
		if err = k.try(name, w); errors.Is(err, unix.EWOULDBLOCK) {
			k.wanted[name] = w
			return errTaken{holder(fd)}
		}
	}
	if err != nil {
		_ = unix.Close(fd)
	}
	return err
}

func (k *locks) try(name string, w *want) error {
	if err := unix.Flock(w.fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return err
	}
	k.held[name] = w.fd
	k.unwatch(w)
	return nil
}

// release gives a lock back, or no longer waits for it.
func (k *locks) release(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if fd, has := k.held[name]; has {
		_ = unix.Close(fd)
		delete(k.held, name)
	}
	if w := k.wanted[name]; w != nil {
		k.unwatch(w)
		_ = unix.Close(w.fd)
		delete(k.wanted, name)
	}
}

// watch has the kernel tell when somebody closes the file.
func (k *locks) watch(w *want, path string) error {
	if k.inotify == 0 {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
		if err != nil {
			return os.NewSyscallError("inotify_init1", err)
		}
		k.inotify = fd
		go k.await(os.NewFile(uintptr(fd), "inotify"))
	}
	var err error
	if w.watch, err = unix.InotifyAddWatch(k.inotify, path, unix.IN_CLOSE); err != nil {
		return os.NewSyscallError("inotify_add_watch", err)
	}
	return nil
}

func (k *locks) unwatch(w *want) {
	if w.watch >= 0 {
		_, _ = unix.InotifyRmWatch(k.inotify, uint32(w.watch))
		w.watch = -1
	}
}

// await is the goroutine that waits for locks of others.
func (k *locks) await(closed *os.File) {
	events := make([]byte, 4<<10)
	for {
		if _, err := closed.Read(events); err != nil {
			return
		}
		// The kernel tells of the end of a file before it gives its lock back.
		for pause := time.Millisecond; pause <= time.Second && k.retry(); pause *= 10 {
			time.Sleep(pause)
		}
	}
}

// retry takes what has become free, and reports whether there is more to wait for.
func (k *locks) retry() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for name, w := range k.wanted {
		if k.try(name, w) == nil {
			delete(k.wanted, name)
			w.granted()
		}
	}
	return len(k.wanted) > 0
}

// holder is the process that has locked a file, 0 if that is not to be known.
func holder(fd int) (pid int) {
	var st unix.Stat_t
	list, err := os.ReadFile("/proc/locks")
	if err != nil || unix.Fstat(fd, &st) != nil {
		return 0
	}
	device := uint64(st.Dev)
	file := fmt.Appendf(nil, "%02x:%02x:%d", unix.Major(device), unix.Minor(device), st.Ino)
	for line := range bytes.Lines(list) {
		// 1: FLOCK  ADVISORY  WRITE 1234 00:1a:5678 0 EOF
		if f := bytes.Fields(line); len(f) > 5 && string(f[1]) == "FLOCK" && bytes.Equal(f[5], file) {
			pid, _ = strconv.Atoi(string(f[4]))
			return max(pid, 0)
		}
	}
	return 0
}
