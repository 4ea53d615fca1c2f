package main

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A resident that was started in an initramfs sees the root directory change under
// it: switch_root moves the mount of the real root over the one that the resident
// has, and what it writes there is gone. "/.." leads to what is mounted on top, and
// there the resident goes, so that every path means what it means to others.
//
// pivot_root needs nothing of the kind: it takes along who has the old root.

// followRoot goes into the root directory that was put over ours, if there is one.
func followRoot() error {
	if identify("/") == identify("/..") {
		return nil
	}
	return enterRoot("/..")
}

// enterRoot makes a directory the root directory of this process.
func enterRoot(dir string) error {
	if err := unix.Chroot(dir); err != nil {
		return &os.PathError{Op: "chroot", Path: dir, Err: err}
	}
	return unix.Chdir("/")
}

// identity tells whether two paths lead to the same file. Nothing has the zero one.
type identity struct{ device, inode uint64 }

func identify(path string) identity {
	var st unix.Stat_t
	return identityOf(&st, unix.Stat(path, &st))
}

func identifyOpen(fd int) identity {
	var st unix.Stat_t
	return identityOf(&st, unix.Fstat(fd, &st))
}

func identityOf(st *unix.Stat_t, err error) identity {
	if err != nil {
		return identity{}
	}
	return identity{uint64(st.Dev), st.Ino}
}

// places is where the resident's files are: it has moved when one is another
// directory than before, since something was mounted there or above.
type places [4]identity

func (o *options) places() (p places) {
	var resolv string
	if o.resolvConf != "" {
		resolv = filepath.Dir(o.resolvConf)
	}
	for i, dir := range []string{o.stateDir, o.leaseDir, o.netConfDir, resolv} {
		if dir != "" {
			p[i] = identify(dir)
		}
	}
	return p
}

// enterRoot goes where -root says. What is needed of the old root is opened before, and
// read before: /proc and /sys are moved to the new one in the end.
func (o *options) enterRoot(c *console) (mounts *os.File, err error) {
	if o.root == "" {
		return nil, nil
	}
	c.openLog()
	mounts = openMounts()
	bootID()
	ownStart()
	if o.client.ClientID != nil {
		firmwareUUID()
	}
	nameProcess()
	return mounts, enterRoot(o.root)
}

// openMounts opens the list that tells when something is mounted, or returns nil.
// As a file that the runtime waits for it needs no thread.
func openMounts() *os.File {
	list, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil
	}
	return list
}

// watchMounts calls moved whenever the resident's files are not any more where
// they were written.
func (o *options) watchMounts(list *os.File, moved func(err error)) {
	raw, err := list.SyscallConn()
	if err != nil {
		return
	}
	was, root := o.places(), identify("/")
	failed := false
	_ = raw.Read(func(uintptr) (over bool) {
		err := followRoot()
		if now, top := o.places(), identify("/"); now != was || top != root || err != nil && !failed {
			was, root, failed = now, top, err != nil
			moved(err)
		}
		return false
	})
}

// rootMoved is called from another goroutine.
func (r *resident) rootMoved(err error) {
	r.report("root", err)
	r.moved.Store(true)
	r.client.Wake()
}
