package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// hangingDisk makes a directory that whoever looks into it waits for without
// end: a file system in user space whose server never says a word.
func hangingDisk(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "hangs")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	hang(t, dir)
	return dir
}

func hang(t *testing.T, dir string) {
	t.Helper()
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("/dev/fuse is needed, and the right to open it: %v", err)
	}
	if err := unix.Mount("silence", dir, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd)); err != nil {
		t.Fatalf("mount of a fuse file system: %v", err)
	}
	t.Cleanup(func() {
		_ = unix.Close(fd) // which ends all that waits
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// What kind of file system a directory is in is known without asking it.
func TestInMemory(t *testing.T) {
	dir := t.TempDir()
	netns.Tmpfs(t, dir, "size=4k")
	hangs := filepath.Join(dir, "hangs")
	if err := os.Mkdir(hangs, 0o755); err != nil {
		t.Fatal(err)
	}
	hang(t, hangs)
	list := readMounts()
	for path, want := range map[string]bool{
		dir: true, filepath.Join(dir, "not", "yet"): true, dir + "x": false,
		hangs: false, filepath.Join(hangs, "below"): false, "/proc": false,
	} {
		if got := list.inMemory(path); got != want {
			t.Errorf("%s in memory: %v", path, got)
		}
	}
}

// A disk that hangs is said once for each use of it, and keeps neither the lease
// nor the command.
func TestDiskHangs(t *testing.T) {
	b := newServedBox(t, "eth0")
	b.state = hangingDisk(t)
	out, status := b.run(t, "eth0", "--", "cat", b.resolv)
	if status != 0 || !strings.HasSuffix(out, "nameserver 10.77.0.2\n") {
		t.Errorf("status %d, output:\n%s", status, out)
	}
	for _, what := range []string{"state-dir", "lease of eth0 not used"} {
		if n := strings.Count(out, "dhclient-lws: "+what+": "+b.state+" does not answer\n"); n != 1 {
			t.Errorf("%s: said %d times, want once", what, n)
		}
	}
}

// Where resolv.conf itself cannot be had the command still starts, when patience
// is over.
func TestResolvConfHangs(t *testing.T) {
	b := newServedBox(t, "eth0")
	b.resolv = filepath.Join(hangingDisk(t), "resolv.conf")
	out, status := b.run(t, "eth0", "--", "sh", "-c", `echo "result $DHCLIENT_LWS_RESULT"`)
	if status != 0 || !strings.HasSuffix(out, "result ok\n") {
		t.Errorf("status %d, output:\n%s", status, out)
	}
}

// Everybody may read how the network stands, whatever umask we were started with.
func TestUmaskIsNotOurs(t *testing.T) {
	defer unix.Umask(unix.Umask(0o077))
	dir := t.TempDir()
	s := newScribe(&options{stateDir: dir, netConfDir: dir}, 0, func(what string, err error) {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	})
	s.write(&snapshot{links: []dhcpc.LinkStatus{{Interface: "eth0", Lease: fullLease(), State: machine.Bound}}, last: true})
	for _, path := range []string{statusPath(dir), netConfPath(dir, "eth0")} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("%v, %v; want mode 0644", info, err)
		}
	}
}

// While something is being written, newer snapshots replace one another; who
// waits for one of them is told of the last.
func TestNewestSnapshotWins(t *testing.T) {
	blocked, goOn := make(chan bool), make(chan bool)
	s := newScribe(&options{stateDir: "/dev/null/nothing"}, 0, func(what string, err error) {
		if what == "state-dir" {
			blocked <- true
			<-goOn
		}
	})
	s.record(snapshot{})
	<-blocked
	told := make(chan int, 3)
	for i, res := range []result{undecided, resultTimeout, undecided} {
		s.record(snapshot{result: res})
		s.then(patienceOfTests, func() { told <- i })
	}
	goOn <- true
	<-blocked // the second and last time
	goOn <- true
	for i := range 3 {
		if got := <-told; got != i {
			t.Errorf("%d was told, want %d", got, i)
		}
	}
	if s.result != resultTimeout { // the goroutine rests: everybody was told
		t.Errorf("result %q was lost", s.result)
	}
	s.record(snapshot{})
	start := time.Now()
	s.then(time.Millisecond, func() { told <- 4 })
	if got := <-told; got != 4 || time.Since(start) < time.Millisecond {
		t.Error("told before it was written, and before patience was over")
	}
	<-blocked
	goOn <- true
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
