package main

import (
	"os"
	"path/filepath"
	"strings"

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
			sweepDirectory(dir, ours)
		}
	}
}

// sweepDirectory knows temporary files by the names that renameio gives them.
func sweepDirectory(dir string, ours map[string]bool) {
	entries, _ := os.ReadDir(dir) // what cannot be read cannot be tidied up
	for _, e := range entries {
		name, hidden := strings.CutPrefix(e.Name(), ".")
		if base := strings.TrimRight(name, "0123456789"); hidden && base != name && ours[filepath.Join(dir, base)] {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
