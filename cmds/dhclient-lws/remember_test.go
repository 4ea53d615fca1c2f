package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// bind starts a resident on eth0. When it says that the link is bound the lease is
// on the disk.
func (b *box) bind(t *testing.T, args ...string) *process {
	t.Helper()
	p := b.start(t, append(args, "eth0")...)
	p.prints("1 of 1 links bound")
	return p
}

// kill ends a process without a chance to tidy up.
func (p *process) kill() {
	p.t.Helper()
	p.signal(unix.SIGKILL)
	p.end()
}

// A resident that is killed and started again keeps its address: it asks for it
// again at once, and the address never leaves the link.
func TestKilledAndStartedAgain(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.2-10")
	b := newServedBox(t, "eth0")
	b.bind(t).kill()

	left, before := b.WatchAddresses(t), b.server.Log()
	p := b.start(t, "-v", "eth0")
	p.prints("1 of 1 links bound")
	log := strings.TrimPrefix(b.server.Log(), before)
	if strings.Contains(log, "DHCPDISCOVER") || !strings.Contains(log, "DHCPREQUEST") {
		t.Error("the second life did not begin with a REQUEST")
	}
	if list := left(); len(list) > 0 {
		t.Errorf("left the link: %v", list)
	}
}

// Whatever stands in the place of a lease file, and whatever is in it, the client
// says so in one line and begins with DISCOVER.
func TestLeaseFileIsNone(t *testing.T) {
	rfc.Shows(t, "P-IR-03", "P-IR-04")
	b := newServedBox(t, "eth0")
	b.bind(t).kill()
	path := leasePath(b.state, "eth0")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(content string) func(string) error {
		return func(path string) error { return os.WriteFile(path, []byte(content), 0o600) }
	}
	elsewhere := filepath.Join(t.TempDir(), "lease")
	if err := os.WriteFile(elsewhere, good, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		make func(string) error
		says string // of why
	}{
		"empty":               {write(""), "damaged"},
		"half":                {write(string(good[:len(good)/2])), "damaged"},
		"loopback address":    {write(strings.Replace(string(good), `"address":"10.77.0.`, `"address":"127.77.0.`, 1)), "bad address"},
		"text that is code":   {write(strings.Replace(string(good), `"net0.example"`, `"$(id)"`, 1)), "bad domain"},
		"another version":     {write(strings.Replace(string(good), `"version":1`, `"version":2`, 1)), "version 2, and this program reads version 1"},
		"huge":                {write(string(good) + strings.Repeat(" ", maxLeaseFile)), "too large"},
		"pipe":                {func(path string) error { return unix.Mkfifo(path, 0o600) }, "not a file"},
		"directory":           {func(path string) error { return os.Mkdir(path, 0o700) }, "not a file"},
		"symbolic link":       {func(path string) error { return os.Symlink(elsewhere, path) }, "too many levels of symbolic links"},
		"device":              {func(path string) error { return os.Symlink("/dev/zero", path) }, "too many levels of symbolic links"},
		"writable by anybody": {func(path string) error { return writeMode(path, good, 0o666) }, "writable by others"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			if err := tt.make(path); err != nil {
				t.Fatal(err)
			}
			before := strings.Count(b.server.Log(), "DHCPDISCOVER")
			p := b.start(t, "eth0")
			p.prints("1 of 1 links bound")
			if strings.Count(b.server.Log(), "DHCPDISCOVER") == before {
				t.Error("it did not begin with DISCOVER")
			}
			if n := strings.Count(p.output(), "dhclient-lws: eth0: remembered lease not used: "+path+": "+tt.says+"\n"); n != 1 {
				t.Errorf("said %d times that it is not used", n)
			}
			p.kill()
		})
	}
}

func writeMode(path string, content []byte, mode os.FileMode) error {
	if err := os.WriteFile(path, content, mode); err != nil {
		return err
	}
	return os.Chmod(path, mode)
}

// The file of a NIC that was pulled out stays; that of a lease that a server has
// refused goes.
func TestLeaseFileMirrorsTheLease(t *testing.T) {
	b := newServedBox(t, "eth0")
	p := b.bind(t)
	path := leasePath(b.state, "eth0")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want mode 0600", info.Mode(), err)
	}
	if err := b.LinkDel(b.Link(t, "eth0")); err != nil {
		t.Fatal(err)
	}
	p.prints("eth0: gone")
	p.signal(unix.SIGTERM) // after which the last snapshot has been written
	p.diesOf(unix.SIGTERM)
	if !exists(path) {
		t.Error("the file of a NIC that was pulled out is gone")
	}

	b = newServedBox(t, "eth0")
	p = b.bind(t, "-release")
	p.signal(unix.SIGTERM)
	p.diesOf(unix.SIGTERM)
	for _, file := range []string{leasePath(b.state, "eth0"), netConfPath(b.state, "eth0")} {
		if exists(file) {
			t.Errorf("%s of a lease that was given back is still there", file)
		}
	}
	resolv, err := os.ReadFile(b.resolv)
	if err != nil || strings.Contains(string(resolv), "nameserver") {
		t.Errorf("resolv.conf after the release: %v\n%s", err, resolv)
	}
}

// A server that has something new to say every second does not wear out the card that
// leases are kept on; what it says last is there all the same, at the end of the
// process at once, and else in a while.
func TestLeaseFileIsSpared(t *testing.T) {
	rfc.Shows(t, "H-RATE-01")
	s := newScribe(&options{leaseDir: t.TempDir()}, 0, func(what string, err error) {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	})
	asked := make(chan bool, 8)
	s.again = func() { asked <- true }
	path := leasePath(s.options.leaseDir, "eth0")
	shot := snapshot{links: []dhcpc.LinkStatus{{Interface: "eth0", Index: 2}}}
	write := func(now time.Duration) (written bool) {
		before, _ := os.Stat(path)
		shot.now, shot.links[0].Remembered = now, fullLease()
		s.write(&shot)
		after, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return before == nil || !os.SameFile(before, after)
	}
	const span = 10 * time.Minute
	writes := 0
	for now := time.Duration(0); now < span; now += time.Second {
		if write(now) {
			writes++
		}
		if now < leaseBurst*time.Second && writes != int(now/time.Second)+1 {
			t.Fatalf("%d writes in the first %v", writes, now)
		}
	}
	if most := leaseBurst + int(span/leaseInterval); writes > most || writes < most-leaseBurst {
		t.Errorf("%d writes in %v, want about %d", writes, span, most)
	}
	s.forget() // which is no reason to wear the card out either
	writes = 0
	for i := range leaseBurst {
		if write(span + time.Duration(i)*time.Millisecond) {
			writes++
		}
	}
	if writes > 1 {
		t.Errorf("%d writes at once after the directory moved", writes)
	}
	select {
	case <-asked:
	case <-time.After(patienceOfTests):
		t.Error("no snapshot was asked for that would have the rest")
	}
	write(span - time.Second) // which has to wait
	if shot.last = true; !write(span - time.Second) {
		t.Error("the last lease was not written")
	}
}

// A disk that is full or may not be written is said once and stops nothing; the
// lease file that was there stays whole.
func TestFullDisk(t *testing.T) {
	b := newServedBox(t, "eth0")
	dir := filepath.Join(t.TempDir(), "full")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	netns.Tmpfs(t, dir, "size=64k,mode=755")
	b.state = filepath.Join(dir, "state")
	b.bind(t).kill()
	before, err := os.ReadFile(leasePath(b.state, "eth0"))
	if err != nil {
		t.Fatal(err)
	}
	// All that is left, to the last byte.
	filler, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = filler.Write(make([]byte, 1<<10))
	}
	filler.Close()

	p := b.start(t, "-v", "eth0")
	p.prints("1 of 1 links bound")
	p.signal(unix.SIGHUP)
	p.prints("renewed: ")
	p.signal(unix.SIGTERM)
	p.diesOf(unix.SIGTERM)
	for _, what := range []string{"status.json: ", "lease-dir: ", "net-conf: "} {
		line := "dhclient-lws: " + what + b.state + ": no space left on device\n"
		if n := strings.Count(p.output(), line); n != 1 {
			t.Errorf("%q is said %d times, want once", line, n)
		}
	}
	if after, err := os.ReadFile(leasePath(b.state, "eth0")); err != nil || string(after) != string(before) {
		t.Errorf("the old lease file is %q, %v", after, err)
	}
}

// A directory that is missing is made. A disk that fills up during a life is said
// once, whatever happens on it afterwards, and the next renewal is remembered when
// there is room again.
func TestDiskFillsUpAndEmpties(t *testing.T) {
	b := newServedBox(t, "eth0")
	disk := t.TempDir()
	netns.Tmpfs(t, disk, "size=64k,mode=755")
	dir := filepath.Join(disk, "not", "yet")
	p := b.start(t, "-v", "-lease-dir", dir, "eth0")
	p.prints("1 of 1 links bound")
	path := leasePath(dir, "eth0")
	eventually(t, "be remembered in a directory that was missing", func() bool { return exists(path) })

	filler, err := os.Create(filepath.Join(disk, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = filler.Write(make([]byte, 1<<10))
	}
	filler.Close()
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	line := "dhclient-lws: lease-dir: " + dir + ": no space left on device\n"
	renew := func(n int) {
		t.Helper()
		p.signal(unix.SIGHUP)
		eventually(t, "be renewed", func() bool { return strings.Count(p.output(), "renewed: ") == n })
	}
	renew(1)
	p.prints(line)
	renew(2)
	if now, err := os.ReadFile(path); err != nil || string(now) != string(old) {
		t.Errorf("on a full disk the lease file has become %q, %v", now, err)
	}
	if err := os.Remove(filler.Name()); err != nil {
		t.Fatal(err)
	}
	renew(3)
	eventually(t, "be remembered again", func() bool {
		now, err := os.ReadFile(path)
		return err == nil && string(now) != string(old)
	})
	if n := strings.Count(p.output(), line); n != 1 {
		t.Errorf("%q is said %d times, want once", line, n)
	}
}

// What lies where anybody can put something is not believed, and nothing is put there.
func TestStateDirectoryOfEverybody(t *testing.T) {
	b := newServedBox(t, "eth0")
	if err := os.Mkdir(b.state, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(b.state, 0o777); err != nil {
		t.Fatal(err)
	}
	p := b.start(t, "-net-conf", "", "eth0")
	p.prints("1 of 1 links bound")
	p.signal(unix.SIGTERM)
	p.diesOf(unix.SIGTERM)
	if n := strings.Count(p.output(), "state-dir: "+b.state+" is writable by others; nothing is kept there\n"); n != 1 {
		t.Errorf("said %d times, want once", n)
	}
	if entries, err := os.ReadDir(b.state); err != nil || len(entries) > 0 {
		t.Errorf("in the directory: %v, %v", entries, err)
	}
}

// Only what root or we alone could have written is believed.
func TestTrustworthy(t *testing.T) {
	for _, tt := range []struct {
		mode  uint32
		owner uint32
		want  bool
	}{
		{0o755, 0, true},
		{0o700, 1000, true}, // which is us
		{0o700, 1001, false},
		{0o775, 0, false},
		{0o757, 0, false},
		{0o777 | unix.S_ISVTX, 0, false},
	} {
		if err := trustworthy(tt.mode|unix.S_IFDIR, tt.owner, 1000); (err == nil) != tt.want {
			t.Errorf("%#o of %d: %v", tt.mode, tt.owner, err)
		}
	}
}

// Where nothing may be written, /etc, /run and /perm included, the client does without,
// and says so once.
func TestReadOnlyDisk(t *testing.T) {
	b := newServedBox(t, "eth0")
	dir := t.TempDir()
	netns.Tmpfs(t, dir, "mode=755")
	if err := os.Mkdir(filepath.Join(dir, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	b.state, b.resolv = filepath.Join(dir, "run/state"), filepath.Join(dir, "etc/resolv.conf")
	p := b.start(t, "-net-conf", filepath.Join(dir, "run"), "-lease-dir", filepath.Join(dir, "perm/leases"), "eth0")
	p.prints("1 of 1 links bound")
	p.signal(unix.SIGHUP)
	p.prints("SIGHUP: renewed 1 lease\n")
	b.address(t, "eth0")
	p.signal(unix.SIGTERM)
	p.diesOf(unix.SIGTERM)
	for what, place := range map[string]string{
		"state-dir": b.state, "lease-dir": filepath.Join(dir, "perm/leases"), "net-conf": filepath.Join(dir, "run"), "resolv.conf": b.resolv,
	} {
		line := "dhclient-lws: " + what + ": " + place + ": read-only file system\n"
		if n := strings.Count(p.output(), line); n != 1 {
			t.Errorf("%q is said %d times, want once", line, n)
		}
	}
}
