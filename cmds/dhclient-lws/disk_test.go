package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// What was found of a directory holds for a moment, and no longer.
func TestInMemoryIsLookedAtNowAndThen(t *testing.T) {
	const dir = "/proc" // in memory, but not such
	lastMounts.Lock()
	lastMounts.memory, lastMounts.at = map[string]bool{dir: true}, time.Now().Add(mountsAge)
	lastMounts.Unlock()
	if !inMemory(dir) {
		t.Error("looked at once more")
	}
	lastMounts.Lock()
	lastMounts.at = time.Now().Add(-mountsAge)
	lastMounts.Unlock()
	if inMemory(dir) {
		t.Error("not looked at once more")
	}
}

// What kind of file system a directory is in is known without asking it, unless
// that could be another one than its path says.
func TestInMemory(t *testing.T) {
	dir := t.TempDir()
	netns.Tmpfs(t, dir, "size=4k")
	hangs := filepath.Join(dir, "hangs")
	if err := os.Mkdir(hangs, 0o755); err != nil {
		t.Fatal(err)
	}
	hang(t, hangs)
	link := filepath.Join(dir, "link")
	if err := os.Symlink(hangs, link); err != nil {
		t.Fatal(err)
	}
	list := readMounts()
	for path, want := range map[string]bool{
		dir: true, filepath.Join(dir, "not", "yet"): true, dir + "x": false,
		hangs: false, filepath.Join(hangs, "below"): false, "/proc": false,
		link: false, filepath.Join(link, "below", "it"): false, filepath.Join(dir, "a b"): false,
	} {
		if got := list.inMemory(path); got != want {
			t.Errorf("%s in memory: %v", path, got)
		}
	}
	root := mountList{{"/", true}, {"/run", false}, {"/run", true}}
	for path, want := range map[string]bool{"/": true, "/not/yet": true, "/run/not yet": false, "/run": true} {
		if got := root.inMemory(path); got != want {
			t.Errorf("%s in memory: %v", path, got)
		}
	}
}

// A disk that hangs is waited for once. What it was to do is done when it answers,
// in order, and it can be used again.
func TestDiskAnswersAgain(t *testing.T) {
	back := make(chan struct{}, 10)
	d := &disk{dir: "/proc", patience: time.Millisecond, back: func() { back <- struct{}{} }}
	var done []int
	goOn := make(chan struct{})
	if d.do(func() { <-goOn; done = append(done, 1) }) || d.answers() {
		t.Fatal("it answers, and hangs")
	}
	d.patience = patienceOfTests
	for i := range 3 {
		if start := time.Now(); d.do(func() { done = append(done, 2+i) }) || time.Since(start) >= patienceOfTests {
			t.Error("waited for while it hangs")
		}
	}
	close(goOn)
	<-back
	if !d.answers() || !d.do(func() { done = append(done, 5) }) {
		t.Error("it does not answer any more")
	}
	if !slices.Equal(done, []int{1, 2, 3, 4, 5}) {
		t.Errorf("done: %v", done)
	}
	if len(back) > 0 {
		t.Error("it came back more than once")
	}
}
