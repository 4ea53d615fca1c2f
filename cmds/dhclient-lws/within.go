package main

import (
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// within calls fn, which works in a directory, and waits for its result as long
// as the patience lasts: a disk may hold it up for ever. What is in memory cannot,
// and is not worth a goroutine: that starts a thread, on the way to the lease.
func within[T any](dir string, patience time.Duration, fn func() T) (result T, ok bool) {
	if inMemory(dir) {
		return fn(), true
	}
	done := make(chan T, 1)
	go func() { done <- fn() }()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case result = <-done:
		return result, true
	case <-timer.C:
		return result, false
	}
}

// inMemory reports whether a directory is, or would be made, in a file system
// without a disk.
func inMemory(dir string) bool {
	var fs unix.Statfs_t
	for unix.Statfs(dir, &fs) != nil {
		up := filepath.Dir(dir)
		if up == dir {
			return false
		}
		dir = up
	}
	return int64(fs.Type) == unix.TMPFS_MAGIC || int64(fs.Type) == unix.RAMFS_MAGIC
}
