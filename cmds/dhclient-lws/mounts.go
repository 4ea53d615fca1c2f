package main

import (
	"bytes"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// inMemory reports whether a directory is, or would be made, in a file system
// without a disk. What was found holds for a moment.
func inMemory(dir string) bool {
	m := &lastMounts
	m.Lock()
	defer m.Unlock()
	if m.memory == nil || time.Since(m.at) >= mountsAge {
		m.list, m.at, m.memory = readMounts(), time.Now(), map[string]bool{}
	}
	memory, known := m.memory[dir]
	if !known {
		memory = m.list.inMemory(dir)
		m.memory[dir] = memory
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

func (list mountList) inMemory(dir string) bool {
	var under mount
	for _, m := range list {
		below := m.point == "/" || dir == m.point || strings.HasPrefix(dir, m.point+"/")
		if below && len(m.point) >= len(under.point) { // what was mounted later hides the rest
			under = m
		}
	}
	if !under.memory || strings.ContainsAny(dir, " \t\n\\") { // which the list shows in another form
		return false
	}
	// Mount points are where they say, but below one a symbolic link may lead
	// anywhere. To look for it is safe: that much is in memory.
	for at := len(strings.TrimSuffix(under.point, "/")); at < len(dir); {
		name, _, _ := strings.Cut(dir[at+1:], "/")
		at += 1 + len(name)
		var st unix.Stat_t
		if err := unix.Lstat(dir[:at], &st); err != nil {
			return err == unix.ENOENT
		}
		if st.Mode&unix.S_IFMT == unix.S_IFLNK {
			return false
		}
	}
	return true
}

// mountsAge is how old that may be: at boot many links need it at once.
const mountsAge = time.Second

var lastMounts struct {
	sync.Mutex
	list   mountList
	at     time.Time
	memory map[string]bool // what was found of each directory that was asked about
}

func readMounts() (list mountList) {
	info, _ := readFile("/proc/self/mountinfo")
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
