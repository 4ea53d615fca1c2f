package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// With -release the server learns that the address is free, and nothing that it
// brought stays.
func TestRelease(t *testing.T) {
	b := newServedBox(t, "eth0", "eth1")
	p := b.start(t, "-release", "eth0", "eth1")
	p.prints("2 of 2 links bound")
	p.signal(unix.SIGTERM)
	p.diesOf(unix.SIGTERM)
	if out := p.output(); !strings.Contains(out, "dhclient-lws: giving back 2 leases\n") || !strings.HasSuffix(out, "dhclient-lws: ended by SIGTERM\n") {
		t.Errorf("output:\n%s", out)
	}
	for _, name := range []string{"eth0", "eth1"} {
		b.noAddress(t, name)
	}
	for _, line := range []string{"DHCPRELEASE(lan0) 10.77.0.", "DHCPRELEASE(lan1) 10.77.1."} {
		eventually(t, "see "+line+" at the server", func() bool { return strings.Contains(b.server.Log(), line) })
	}
	if text, err := os.ReadFile(b.resolv); err != nil || strings.Contains(string(text), "nameserver") {
		t.Errorf("resolv.conf: %v\n%s", err, text)
	}
}

// Without it all stays, until the lease is over.
func TestNoRelease(t *testing.T) {
	rfc.Shows(t, "R2131-3.2-10")
	b := newServedBox(t, "eth0")
	p := b.start(t, "eth0")
	p.prints("1 of 1 links bound")
	p.signal(unix.SIGTERM)
	p.diesOf(unix.SIGTERM)
	if out := p.output(); !strings.HasSuffix(out, "dhclient-lws: ended by SIGTERM\n") {
		t.Errorf("output:\n%s", out)
	}
	b.address(t, "eth0")
	if strings.Contains(b.server.Log(), "DHCPRELEASE") {
		t.Error("the lease was given back")
	}
}

// Where nothing is leased there is nothing to wait for.
func TestReleaseOfNothing(t *testing.T) {
	b := newSilentBox(t)
	p := b.start(t, "-release", "-wait", "none", "eth0", "eth7")
	p.prints("0 of 2 links bound")
	p.signal(unix.SIGINT)
	p.diesOf(unix.SIGINT)
}

// The worker of a command gives back its leases as well.
func TestReleaseInTheBackground(t *testing.T) {
	b := newServedBox(t, "eth0")
	if _, status := b.run(t, "-background", "-release", "eth0"); status != 0 {
		t.Errorf("status %d", status)
	}
	if err := unix.Kill(workerPID(t), unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	nothingStays(t)
	b.noAddress(t, "eth0")
	eventually(t, "release", func() bool { return strings.Contains(b.server.Log(), "DHCPRELEASE(lan0)") })
}

// To give leases back takes two seconds at most, and a second signal ends that.
func TestReleaseIsBounded(t *testing.T) {
	first, second := endedBy{unix.SIGTERM}, endedBy{unix.SIGINT}
	for _, tt := range []struct {
		name    string
		release bool
		again   time.Duration // when the second signal comes; 0 for never
		want    error
		after   time.Duration
	}{
		{"nothing to give back", false, 0, first, 0},
		{"no answer", true, 0, first, 2 * time.Second},
		{"a second signal", true, time.Second, second, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, end := context.WithCancelCause(t.Context())
				r := &resident{
					options: &options{release: tt.release},
					console: newConsole(nil),
					client:  dhcpc.New(dhcpc.Config{}), // which never runs, and so releases nothing
					end:     end,
				}
				start := time.Now()
				r.leave(first)
				if tt.again > 0 {
					time.Sleep(tt.again)
					r.leave(second)
				}
				<-ctx.Done()
				if why, after := context.Cause(ctx), time.Since(start); !errors.Is(why, tt.want) || after != tt.after {
					t.Errorf("ended by %v after %v, want %v after %v", why, after, tt.want, tt.after)
				}
				time.Sleep(time.Minute) // for the timer, which is part of this
			})
		})
	}
}

// newWaiting is a resident that waits for a link which another client has, and that
// client, which is about to let go.
func newWaiting(t *testing.T) (r *resident, l *knownLink, other *locks) {
	t.Helper()
	o := &options{stateDir: filepath.Join(t.TempDir(), "state"), release: true, wait: waitPolicy{mode: waitNone}}
	first := newLocks(o.stateDir)
	if err := first.take("eth0", nil); err != nil {
		t.Fatal(err)
	}
	r, err := newResident(o, packet.Now(), newConsole(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.end = func(error) {}
	l = &knownLink{awaited: awaited{name: "eth0"}}
	r.take(l)
	if n := len(r.client.Status().Links); n != 0 {
		t.Fatalf("%d links are asked on, and another client has the only one", n)
	}
	return r, l, &first
}

// A lock that is granted while the client leaves comes too late: a lease taken now
// would stay behind.
func TestLockIsGrantedWhileLeaving(t *testing.T) {
	for _, leaving := range []bool{false, true} {
		r, l, other := newWaiting(t)
		want := 1
		if leaving {
			r.leave(endedBy{unix.SIGTERM})
			want = 0
		}
		other.release(l.name)
		eventually(t, "be granted the lock", func() bool { return r.locks.has(l.name) })
		if n := len(r.client.Status().Links); n != want {
			t.Errorf("leaving %v: %d links are asked on, want %d", leaving, n, want)
		}
	}
}

// A lock may be granted before the resident has noted that another client has the
// link, which is ours then, and shown once.
func TestLockIsGrantedAtOnce(t *testing.T) {
	r, l, other := newWaiting(t)
	if s := r.snapshot(undecided); len(s.links) != 0 || len(s.held) != 1 {
		t.Fatalf("%d links are ours and %d another's, which has one", len(s.links), len(s.held))
	}
	other.release(l.name)
	eventually(t, "be granted the lock", func() bool { return r.locks.has(l.name) })
	r.hold(l, 1) // what take was about to do
	if s := r.snapshot(undecided); len(s.links) != 1 || len(s.held) != 0 {
		t.Errorf("%d links are ours, of one, and %d another's", len(s.links), len(s.held))
	}
}

// has reports whether a lock is held, and whoever waited for it has been told.
func (k *locks) has(name string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, has := k.held[name]
	return has
}

// While leases are given back the wait is not decided any more: its end would send
// a command on its way.
func TestNothingIsDecidedWhileLeaving(t *testing.T) {
	r, _, _ := newWaiting(t)
	r.leave(endedBy{unix.SIGTERM})
	now := packet.Now()
	if again := r.onTurn(now); r.decided || again <= now {
		t.Errorf("decided %v, to be called again in %v", r.decided, again-now)
	}
}

// Who interrupts the wait wants neither the command nor the client any more,
// however the front process dies.
func TestFrontEndsWhileItWaits(t *testing.T) {
	for _, mode := range [][]string{{"--", "sh", "-c", "echo the command runs"}, {"-background"}} {
		for _, sig := range []syscall.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGKILL} {
			b := newSilentBox(t)
			p := b.start(t, append([]string{"eth0"}, mode...)...)
			p.prints("eth0: carrier")
			p.signal(sig)
			p.diesOf(sig)
			nothingStays(t)
			eventually(t, "say why", func() bool {
				return strings.HasSuffix(p.output(), "dhclient-lws: ended, since nobody waits for the leases any more\n")
			})
			if strings.Contains(p.output(), "the command runs") {
				t.Errorf("%v: the command ran", sig)
			}
		}
	}
}

// After the handoff the client outlives the command.
func TestWorkerOutlivesTheCommand(t *testing.T) {
	b := newServedBox(t, "eth0")
	p := b.start(t, "eth0", "--", "sleep", "1000")
	eventually(t, "become the command", func() bool {
		line, err := os.ReadFile("/proc/" + itoa(p.Process.Pid) + "/cmdline")
		return err == nil && strings.HasPrefix(string(line), "sleep")
	})
	p.signal(unix.SIGKILL)
	p.end()
	if err := unix.Kill(workerPID(t), unix.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "renew", func() bool { return strings.Count(b.server.Log(), "DHCPACK(lan0)") == 2 })
}
