package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
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

// A disk that hangs is said once for each use of it, and keeps neither the lease
// nor the command.
func TestDiskHangs(t *testing.T) {
	b := newServedBox(t, "eth0")
	b.state = hangingDisk(t)
	out, status := b.run(t, "eth0", "--", "cat", b.resolv)
	if status != 0 || !strings.HasSuffix(out, "nameserver 10.77.0.2\n") {
		t.Errorf("status %d, output:\n%s", status, out)
	}
	for _, what := range []string{"state-dir", "eth0: remembered lease not used"} {
		if n := strings.Count(out, "dhclient-lws: "+what+": "+b.state+" does not answer\n"); n != 1 {
			t.Errorf("%s: said %d times, want once", what, n)
		}
	}
}

// A disk that hangs later holds up no link: not the lock of one that appears, nor
// its lease.
func TestDiskHangsLater(t *testing.T) {
	b := newServedBox(t, "eth0", "late0")
	p := b.start(t, "eth*")
	p.prints("1 of 1 links bound")
	hang(t, b.state)
	if err := b.LinkSetName(b.Link(t, "late0"), "eth1"); err != nil {
		t.Fatal(err)
	}
	p.prints("eth1: 10.77.1.")
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
	s.write(&snapshot{links: []dhcpc.LinkStatus{{Interface: "eth0", Lease: fullLease(), Installed: true, State: machine.Bound}}, last: true})
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

// What is written to a slow disk for long gives way to a newer snapshot after each
// file, and who waits for the older one waits for the rest of it.
func TestLeasesGiveWay(t *testing.T) {
	s := newScribe(&options{leaseDir: t.TempDir()}, 0, func(what string, err error) {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	})
	shot := snapshot{links: make([]dhcpc.LinkStatus, 3)}
	for i := range shot.links {
		shot.links[i] = dhcpc.LinkStatus{Interface: "eth" + itoa(i), Index: i + 2, Remembered: fullLease()}
	}
	written := func() (n int) {
		for i := range shot.links {
			if exists(leasePath(s.options.leaseDir, shot.links[i].Interface)) {
				n++
			}
		}
		return n
	}
	s.waiting = &shot
	for n := 1; n <= 2; n++ {
		if all := s.write(&shot); all || written() != n {
			t.Errorf("%d files, all %v; want %d", written(), all, n)
		}
	}
	told := make(chan int, 1)
	s.then(patienceOfTests, func() { told <- written() })
	if n := <-told; n != 3 {
		t.Errorf("told after %d files, want 3", n)
	}
}

// While one of many links is asking, their files wait until the first rush is over,
// and no longer. Of few links everything is written at once.
func TestFilesOfManyLinksWait(t *testing.T) {
	now := sec(100)
	for _, tt := range []struct {
		links  int
		asking bool
		after  time.Duration
		brief  bool
	}{
		{many, true, 0, false},
		{many + 1, true, 0, true},
		{many + 1, true, manyStart, false},
		{many + 1, false, 0, false},
	} {
		s := newScribe(&options{}, now, func(string, error) {})
		s.kicked = make(chan struct{}, 1) // no goroutine takes it
		s.give(snapshot{now: now + tt.after, links: make([]dhcpc.LinkStatus, tt.links)}, tt.asking)
		next := time.Duration(machine.Never)
		if tt.brief {
			next = now + manyStart
		}
		if s.waiting.brief != tt.brief || s.next != next {
			t.Errorf("%+v: brief %v, and again at %v", tt, s.waiting.brief, s.next)
		}
	}
}

// A link that is bound is remembered at once, however long others are waited for.
func TestLeaseIsWrittenDuringTheWait(t *testing.T) {
	b := newServedBox(t, "eth0")
	netns.Veth(t, b.NS, "eth1", b.NS, "other") // without carrier, since other is down
	p := b.start(t, "-wait", "eth0,eth1", "eth0", "eth1")
	p.prints("eth0: 10.77.0.")
	for _, path := range []string{leasePath(b.state, "eth0"), netConfPath(b.state, "eth0")} {
		eventually(t, "write "+path, func() bool { return exists(path) })
	}
	if strings.Contains(p.output(), "links bound") {
		t.Error("the wait is over, and shows nothing")
	}
}

// Lease files of links that come and go for months are removed once the lease is
// over; all else that looks like one stays.
func TestLeaseFilesOfTheAbsentAreRemoved(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, change func(*leaseFile)) {
		t.Helper()
		l := fullLease() // which was over 5 s after the machine started
		l.Start, l.T1, l.T2, l.Expiry = sec(1), sec(2), sec(3), sec(5)
		f := exampleLeaseFile(l)
		f.iface, f.boot = strings.TrimSuffix(name, ".json"), bootID()
		if change != nil {
			change(f)
		}
		if err := os.WriteFile(filepath.Join(dir, name), f.json(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	running := func(f *leaseFile) { f.lease.expiry = 1 << 50 }
	file("over0.json", nil)
	file("running0.json", running)
	file("never0.json", func(f *leaseFile) { f.lease.renew, f.lease.rebind, f.lease.expiry = 0, 0, 0 })
	file("boot0.json", func(f *leaseFile) { f.boot = fileBoot })
	file("liar0.json", func(f *leaseFile) { f.iface = "over0" })
	file("damaged0.json", func(f *leaseFile) { f.written = -1 })
	file("lo.json", nil)
	file("ours0.json", nil)
	file("over0.json.backup", nil)
	file("not an interface.json", nil)
	if err := os.Symlink(filepath.Join(dir, "boot0.json"), filepath.Join(dir, "linked0.json")); err != nil {
		t.Fatal(err)
	}
	entries := func() (names []string) {
		list, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range list {
			names = append(names, entry.Name())
		}
		return names
	}
	want := slices.DeleteFunc(entries(), func(name string) bool { return name == "over0.json" })
	s := newScribe(&options{}, 0, nil)
	s.leaseDir, s.kept["ours0"] = dir, &keptLink{}
	s.others()
	if diff := cmp.Diff(want, entries()); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}

	// One that was left is not read again before its lease is over, and judged anew then.
	file("running0.json", nil)
	s.others()
	if diff := cmp.Diff(want, entries()); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	s.absent["running0"] = 0
	s.others()
	if exists(filepath.Join(dir, "running0.json")) {
		t.Error("a lease that is over by now is still there")
	}
}

// Of two who want to try again the first is waited for, and once: what the other
// wanted to write is written with it.
func TestAskingAgainOnce(t *testing.T) {
	for _, waits := range [][]time.Duration{{time.Minute, time.Second}, {time.Second, time.Minute}} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var asked []time.Duration
			s := newScribe(&options{}, 0, func(string, error) {})
			s.again = func() { asked = append(asked, time.Since(start)) }
			for _, wait := range waits {
				s.askAgain(wait)
			}
			time.Sleep(time.Hour)
			synctest.Wait()
			if !slices.Equal(asked, []time.Duration{time.Second}) {
				t.Errorf("%v: asked after %v", waits, asked)
			}
		})
	}
}

// A disk that was full is tried again without any event, one that is written well
// or never will be is not: idle means asleep.
func TestAFullDiskIsTriedAgain(t *testing.T) {
	full := &fs.PathError{Op: "write", Path: "/run/x", Err: unix.ENOSPC}
	for _, tt := range []struct {
		err  error
		want int
	}{{nil, 0}, {unix.EROFS, 0}, {full, 1}} {
		synctest.Test(t, func(t *testing.T) {
			asked := 0
			s := newScribe(&options{}, 0, func(string, error) {})
			s.again = func() { asked++ }
			s.report("status.json", tt.err)
			s.report("lease-dir", tt.err)
			time.Sleep(10 * fullPause)
			synctest.Wait()
			if asked != tt.want {
				t.Errorf("%v: asked %d times to write again, want %d", tt.err, asked, tt.want)
			}
		})
	}
}
