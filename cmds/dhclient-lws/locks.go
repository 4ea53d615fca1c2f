package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// locks keeps one client to a link: who holds the lock on
// <state-dir>/<interface>.lock may ask for a lease on it. Locks end with the
// process that has them, however it ends. The files stay: who removes one cannot
// know whether somebody is about to lock it. They are empty, and gone with the
// next boot where they belong, in /run.
type locks struct {
	disk disk // of no directory if there are to be no locks

	// The disk may hold up who has this lock, so the loop never takes it itself.
	mu      sync.Mutex
	checked bool
	useless bool             // the directory is not to be used
	held    map[string]int   // descriptors
	wanted  map[string]*want // those that another process has
	inotify int              // tells that somebody let go of a file; 0 where it is not needed, or not to be had
	polling bool             // some files are not watched
}

// want is a lock that another process has.
type want struct {
	fd      int
	watch   int // -1 for none
	granted func()
}

func newLocks(dir string) locks {
	return locks{disk: disk{dir: dir, patience: loopPatience}, held: map[string]int{}, wanted: map[string]*want{}}
}

// errTaken says that another client has the link.
type errTaken struct {
	pid  int  // 0: of whom nothing is known
	lost bool // it was ours before
	old  bool // it is being waited for already
}

func (e errTaken) Error() string {
	if e.pid == 0 {
		return "another client has it; waiting"
	}
	return "another client (pid " + strconv.Itoa(e.pid) + ") has it; waiting"
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
	if k.disk.dir == "" {
		return nil
	}
	var err error
	if !k.disk.do(func() { err = k.takeNow(name, granted) }) {
		return notAnswering(k.disk.dir)
	}
	return err
}

func (k *locks) takeNow(name string, granted func()) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.checked {
		k.checked = true
		if err := makeDirectory(k.disk.dir); err != nil {
			k.useless = true
			return err
		}
	}
	if k.useless {
		return nil
	}
	path := k.disk.dir + "/" + fileName(name) + ".lock"
	before, lost := k.held[name]
	old := k.wanted[name]
	switch {
	case lost && identify(path) == identifyOpen(before):
		return nil
	case old != nil && identify(path) == identifyOpen(old.fd):
		return errTaken{pid: holder(old.fd), old: true}
	}
	k.drop(name) // the directory is another one
	fd, err := openLock(path)
	if err != nil {
		return err
	}
	w := &want{fd: fd, watch: -1, granted: granted}
	err = k.try(name, w)
	if errors.Is(err, unix.EWOULDBLOCK) {
		k.wanted[name] = w
		k.watch(w, path)
		// It may have been given back before it was watched.
		if k.try(name, w) != nil {
			return errTaken{holder(fd), lost, old != nil}
		}
		return nil
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
	delete(k.wanted, name)
	k.unwatch(w)
	return nil
}

// moved is called when the directory is another one than before, in which each
// lock is to be taken once more.
func (k *locks) moved() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.checked, k.useless = false, false
}

// release gives a lock back, or no longer waits for it.
func (k *locks) release(name string) {
	if k.disk.dir != "" {
		k.disk.do(func() { k.releaseNow(name) })
	}
}

func (k *locks) releaseNow(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drop(name)
}

// drop closes the lock file of a link. The locks are locked.
func (k *locks) drop(name string) {
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

// watch has the kernel tell when somebody closes the file, or has it looked at now
// and then where the kernel has no more of what it needs for that.
func (k *locks) watch(w *want, path string) {
	if k.inotify == 0 {
		if fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK); err == nil {
			k.inotify = fd
			go k.await(os.NewFile(uintptr(fd), "inotify"))
		}
	}
	if k.inotify != 0 {
		if id, err := unix.InotifyAddWatch(k.inotify, path, unix.IN_CLOSE); err == nil {
			w.watch = id
			return
		}
	}
	if !k.polling {
		k.polling = true
		go k.poll()
	}
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

// poll is the goroutine that waits where nobody tells. It is the only one that
// wakes up for nothing, at last every 30 seconds.
func (k *locks) poll() {
	for pause := 250 * time.Millisecond; k.blind(); pause = min(2*pause, 30*time.Second) {
		time.Sleep(pause)
		k.retry()
	}
}

// blind reports whether there is a lock to wait for whose file is not watched. If
// not, poll ends.
func (k *locks) blind() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.polling = false
	for _, w := range k.wanted {
		k.polling = k.polling || w.watch < 0
	}
	return k.polling
}

// retry takes what has become free, and reports whether there is more to wait for.
func (k *locks) retry() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	for name, w := range k.wanted {
		if k.try(name, w) == nil {
			w.granted()
		}
	}
	return len(k.wanted) > 0
}

// lockHolder is a process that has locked any file in a state directory, 0 if there
// is none.
func lockHolder(dir string) (pid int) {
	for name := range entries(dir) {
		if filepath.Ext(name) != ".lock" {
			continue
		}
		// Who asks need not be allowed to lock it.
		fd, err := unix.Open(filepath.Join(dir, name), unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		pid = holder(fd)
		_ = unix.Close(fd)
		if pid != 0 {
			break
		}
	}
	return pid
}

// holder is the process that has locked a file, 0 if that is not to be known.
func holder(fd int) (pid int) {
	var st unix.Stat_t
	list, err := readFile("/proc/locks")
	if err != nil || unix.Fstat(fd, &st) != nil {
		return 0
	}
	device := uint64(st.Dev)
	file := appendHex(nil, uint64(unix.Major(device)), 2)
	file = appendHex(append(file, ':'), uint64(unix.Minor(device)), 2)
	file = strconv.AppendUint(append(file, ':'), st.Ino, 10)
	for line := range bytes.Lines(list) {
		// 1: FLOCK  ADVISORY  WRITE 1234 00:1a:5678 0 EOF
		if f := bytes.Fields(line); len(f) > 5 && string(f[1]) == "FLOCK" && bytes.Equal(f[5], file) {
			pid, _ = strconv.Atoi(string(f[4]))
			return max(pid, 0)
		}
	}
	return 0
}
