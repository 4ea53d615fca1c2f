package main

import (
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// sweep removes what an earlier process has left beside our files that was killed
// while it wrote one. Only we write these now: those of a link are the link's owner's,
// and who writes resolv.conf has its lock.
func (s *scribe) sweep(shot *snapshot) {
	ours := map[string]bool{s.statusAt: true}
	for i := range shot.links {
		name := shot.links[i].Interface
		ours[leasePath(s.leaseDir, name)], ours[netConfPath(s.netConfDir, name)] = true, true
	}
	dirs := map[string]bool{s.stateDir: true, s.leaseDir: true, s.netConfDir: true}
	if s.options.resolvConf != "" && s.stateDir != "" {
		if fd := waitForLock(filepath.Join(s.stateDir, resolvConfLock)); fd >= 0 {
			defer unix.Close(fd)
			file := s.resolv.File()
			ours[file], dirs[filepath.Dir(file)] = true, true
		}
	}
	for dir := range dirs {
		if dir != "" {
			sweepDirectory(dir, ours, s.begun)
		}
	}
}

// sweepDirectory knows temporary files by the names that ifup.ReplaceFile gives them, by
// their owner, and by their age: whoever writes one now is alive.
func sweepDirectory(dir string, ours map[string]bool, before time.Time) {
	for entry := range entries(dir) {
		name, hidden := strings.CutPrefix(entry, ".")
		base := strings.TrimRight(name, "0123456789")
		if !hidden || base == name || !ours[filepath.Join(dir, base)] {
			continue
		}
		path := filepath.Join(dir, entry)
		var st unix.Stat_t
		if unix.Lstat(path, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG &&
			int(st.Uid) == os.Geteuid() && st.Mtim.Nano() < before.UnixNano() {
			_ = os.Remove(path)
		}
	}
}
