package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// Where the kernel has no more inotify instances, or may not watch more files, a
// link that another client has is waited for all the same.
func TestLockIsWaitedForWithoutInotify(t *testing.T) {
	for _, limit := range []string{"max_inotify_instances", "max_inotify_watches"} {
		t.Run(limit, func(t *testing.T) {
			limitTo(t, "/proc/sys/user/"+limit, "0")
			dir := filepath.Join(t.TempDir(), "state")
			first, second := newLocks(dir), newLocks(dir)
			if err := first.take("eth0", nil); err != nil {
				t.Fatal(err)
			}
			granted := make(chan struct{})
			err := second.take("eth0", func() { close(granted) })
			if taken, ok := errors.AsType[errTaken](err); !ok || taken.pid != os.Getpid() {
				t.Fatalf("%v, want that we have it", err)
			}
			first.release("eth0")
			<-granted
			eventually(t, "rest", func() bool {
				second.mu.Lock()
				defer second.mu.Unlock()
				return !second.polling && len(second.wanted) == 0
			})
		})
	}
}

// However often the directory becomes another one, a link that another client has
// there is waited for with one file, and people are told once.
func TestLockIsWaitedForInAnotherDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	waiting, owner := newLocks(dir), (*locks)(nil)
	granted := make(chan struct{})
	files := 0
	for i := range 6 {
		before := owner
		if i%2 == 0 { // else the directory is the same as before
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			next := newLocks(dir)
			owner = &next
			if err := owner.take("eth0", nil); err != nil {
				t.Fatal(err)
			}
		}
		waiting.moved()
		err := waiting.take("eth0", func() { close(granted) })
		if taken, ok := errors.AsType[errTaken](err); !ok || taken.old != (i > 0) || taken.lost {
			t.Fatalf("move %d: %+v", i, err)
		}
		if before != nil && before != owner { // nobody waits for that one any more
			before.release("eth0")
		}
		open := openFiles(t)
		if i == 0 {
			files = open
		}
		if open != files {
			t.Errorf("move %d: %d open files, %d before", i, open, files)
		}
	}
	owner.release("eth0")
	<-granted
}

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// limitTo gives a file of the kernel another content until the test ends.
func limitTo(t *testing.T, path, value string) {
	t.Helper()
	before, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, []byte(value), 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.WriteFile(path, before, 0); err != nil {
			t.Error(err)
		}
	})
}

// The locks of a boot, in memory, are taken without a goroutine and its thread.
func TestLockInMemoryIsTakenAtOnce(t *testing.T) {
	dir := t.TempDir()
	netns.Tmpfs(t, dir, "size=64k,mode=755")
	lastMounts.Lock()
	lastMounts.memory = nil // of another test, a moment ago
	lastMounts.Unlock()
	k := newLocks(filepath.Join(dir, "state"))
	k.disk.patience = 0
	for i := range 20 {
		if err := k.take("eth"+itoa(i), nil); err != nil {
			t.Error(err)
		}
	}
	if len(k.held) != 20 {
		t.Errorf("%d locks, want 20", len(k.held))
	}
}

// A lock costs what two system calls cost.
func BenchmarkLock(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "locks")
	for b.Loop() {
		k := newLocks(dir)
		for i := range 256 {
			if err := k.take("eth"+itoa(i), nil); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		for i := range 256 {
			k.release("eth" + itoa(i))
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/256, "µs/lock")
}
