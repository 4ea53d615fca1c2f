package netns

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// NS is a network namespace. The embedded handle configures it:
// ns.LinkByName, ns.AddrList and so on work from any goroutine.
type NS struct {
	*netlink.Handle
	fd netns.NsHandle
}

// New makes a network namespace that lives as long as the test. Its loopback is
// up, and it has no IPv6, whose duplicate address detection and router
// solicitations would disturb what tests count.
func New(t testing.TB) *NS {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	home, err := netns.Get()
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	fd, err := netns.New() // moves this thread there
	if err != nil {
		t.Fatal(err)
	}
	if err := netns.Set(home); err != nil {
		t.Fatal(err)
	}
	handle, err := netlink.NewHandleAt(fd)
	if err != nil {
		t.Fatal(err)
	}
	ns := &NS{Handle: handle, fd: fd}
	t.Cleanup(func() {
		ns.Close()
		ns.fd.Close()
	})
	if _, err := os.Stat("/proc/sys/net/ipv6"); err == nil { // a kernel may have none anyway
		ns.Sysctl(t, "net/ipv6/conf/all/disable_ipv6", "1")
		ns.Sysctl(t, "net/ipv6/conf/default/disable_ipv6", "1")
	}
	ns.Up(t, "lo")
	return ns
}

// FD is a descriptor of the namespace, to move links into it.
func (ns *NS) FD() int { return int(ns.fd) }

// Do calls fn on a thread that is in the namespace. Sockets that fn opens
// belong to the namespace for good; goroutines that it starts do not.
func (ns *NS) Do(t testing.TB, fn func()) {
	t.Helper()
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		t.Fatal(err)
	}
	defer home.Close()
	if err := netns.Set(ns.fd); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := netns.Set(home); err != nil {
			t.Error(err) // and the thread, still locked, ends with its goroutine
			return
		}
		runtime.UnlockOSThread()
	}()
	fn()
}

// Start starts cmd in the namespace. It and its children are killed and reaped
// when the test ends, if they have not ended by then.
func (ns *NS) Start(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	cmd.WaitDelay = 5 * time.Second
	ns.Do(t, func() {
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
			_ = cmd.Wait()
		}
	})
}

// Sysctl sets a file below /proc/sys, "net/ipv4/ip_forward" for example, in the namespace.
func (ns *NS) Sysctl(t testing.TB, name, value string) {
	t.Helper()
	ns.Do(t, func() {
		if err := os.WriteFile("/proc/sys/"+name, []byte(value), 0); err != nil {
			t.Fatal(err)
		}
	})
}
