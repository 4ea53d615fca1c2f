package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// diskPatience is how long a disk may take to show a directory or a file in it.
const diskPatience = 100 * time.Millisecond

func notAnswering(dir string) error { return fmt.Errorf("%s does not answer", dir) }

// within calls fn, which works in a directory, and waits for its result as long
// as the patience lasts: a disk may hold it up for ever. What is in memory cannot,
// and is not worth a goroutine: that starts a thread, on the way to the lease.
func within[T any](dir string, fn func() T) (result T, ok bool) {
	if mounts().inMemory(dir) {
		return fn(), true
	}
	done := make(chan T, 1)
	go func() { done <- fn() }()
	timer := time.NewTimer(diskPatience)
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
func (list mountList) inMemory(dir string) bool {
	longest, memory := 0, false
	for _, m := range list {
		below := m.point == "/" || dir == m.point || strings.HasPrefix(dir, m.point+"/")
		if below && len(m.point) >= longest { // what was mounted later hides the rest
			longest, memory = len(m.point), m.memory
		}
	}
	return memory
}

// mountList is what is mounted where. To ask a file system itself, statfs(2), is
// what one that hangs does not answer.
type mountList []mount

type mount struct {
	point  string
	memory bool
}

// mounts is the list as it was when it was first needed.
var mounts = sync.OnceValue(readMounts)

func readMounts() (list mountList) {
	// Not os.Open: the runtime would watch the file, since it tells of mounts.
	fd, err := unix.Open("/proc/self/mountinfo", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	f := os.NewFile(uintptr(fd), "mountinfo")
	defer f.Close()
	info, _ := io.ReadAll(f)
	for line := range bytes.Lines(info) {
		// 36 35 98:0 / /run rw,noatime master:1 - tmpfs none rw
		before, after, _ := strings.Cut(string(line), " - ")
		words := strings.Fields(before)
		if len(words) < 5 {
			continue
		}
		kind, _, _ := strings.Cut(after, " ")
		list = append(list, mount{words[4], kind == "tmpfs" || kind == "ramfs" || kind == "rootfs"})
	}
	return list
}
