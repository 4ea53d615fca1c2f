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

// A directory is looked through up to so many entries, a few at a time: /run and
// /tmp are everybody's to fill.
const (
	sweepAtOnce = 256
	sweepTimes  = 64
)

// sweepDirectory knows temporary files by the names that renameio gives them, by
// their owner, and by their age: whoever writes one now is alive.
func sweepDirectory(dir string, ours map[string]bool, before time.Time) {
	f, err := os.Open(dir)
	if err != nil {
		return // what cannot be read cannot be tidied up
	}
	defer f.Close()
	for range sweepTimes {
		entries, err := f.ReadDir(sweepAtOnce)
		for _, e := range entries {
			name, hidden := strings.CutPrefix(e.Name(), ".")
			base := strings.TrimRight(name, "0123456789")
			if !hidden || base == name || !ours[filepath.Join(dir, base)] || !e.Type().IsRegular() {
				continue
			}
			if info, err := e.Info(); err == nil && int(ownerOf(info)) == os.Geteuid() && info.ModTime().Before(before) {
				_ = os.Remove(filepath.Join(dir, e.Name()))
			}
		}
		if err != nil {
			return
		}
	}
}
