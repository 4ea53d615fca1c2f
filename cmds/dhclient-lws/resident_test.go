package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

func (p *process) signal(sig syscall.Signal) {
	p.t.Helper()
	if err := p.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

// diesOf waits for the end of the process by a signal.
func (p *process) diesOf(sig syscall.Signal) {
	p.t.Helper()
	p.end()
	if ws, ok := p.ProcessState.Sys().(syscall.WaitStatus); !ok || !ws.Signaled() || ws.Signal() != sig {
		p.t.Errorf("ended with %v, want by signal %v", p.ProcessState, sig)
	}
}

func TestForeground(t *testing.T) {
	b := newServedBox(t, "eth0", "eth1")
	p := b.start(t, "eth0", "eth1")
	p.prints("INTERFACE")
	p.prints("10.77.1.")
	for _, line := range []string{
		`(?m)^dhclient-lws: eth0: carrier$`,
		`(?m)^dhclient-lws: eth0: 10\.77\.0\.\d+/24 from 10\.77\.0\.1, router 10\.77\.0\.1, DNS 10\.77\.0\.2, for 1h, after [0-9.]+ m?s$`,
		`(?m)^dhclient-lws: 2 of 2 links bound after [0-9.]+ m?s$`,
		`(?m)^INTERFACE  STATE  ADDRESS         ROUTER     DNS        LEASE$|^INTERFACE  STATE  ADDRESS        ROUTER     DNS        LEASE$`,
		`(?m)^eth0       BOUND  10\.77\.0\.\d+/24 +10\.77\.0\.1  10\.77\.0\.2  1h$`,
		`(?m)^  up [0-9.]+  carrier [0-9.]+  DISCOVER [0-9.]+ .*OFFER [0-9.]+  REQUEST [0-9.]+  ACK [0-9.]+  installed [0-9.]+ ms$`,
	} {
		if !regexp.MustCompile(line).MatchString(p.output()) {
			t.Errorf("no line %s", line)
		}
	}
	resolv, err := os.ReadFile(b.resolv)
	if want := "search net0.example net1.example\nnameserver 10.77.0.2\nnameserver 10.77.1.2\n"; err != nil || !strings.HasSuffix(string(resolv), want) {
		t.Errorf("resolv.conf: %v\n%s", err, resolv)
	}
	if p.ended() {
		t.Error("ended by itself")
	}
}

// It never ends for want of an interface, and takes it when it appears.
func TestInterfaceAppearsLater(t *testing.T) {
	b := newBox(t)
	p := b.start(t, "-timeout", "100ms", "eth*")
	p.prints("timeout after")
	netns.Veth(t, b.NS, "eth7", b.NS, "other")
	b.Up(t, "other")
	p.prints("eth7: carrier")
}

// What is no wired NIC has to be named. With -v people are told, once, what they may
// have taken for one.
func TestLinksThatAreLeftOut(t *testing.T) {
	b := newBox(t)
	netns.Veth(t, b.NS, "veth7", b.NS, "port7")
	b.Bridge(t, "br7", "port7")
	const line = "dhclient-lws: left out, since they are not named: "
	p := b.start(t, "-v", "-wait", "none")
	p.prints(line)
	_, list, _ := strings.Cut(p.output(), line)
	list, _, _ = strings.Cut(list, "\n")
	parts := strings.Split(list, ", ")
	slices.Sort(parts)
	if want := []string{"br7 (bridge)", "port7 (part of a bridge or a bond)", "veth7 (veth)"}; !slices.Equal(parts, want) {
		t.Errorf("%q, want %q", parts, want)
	}
	netns.Veth(t, b.NS, "veth8", b.NS, "other8")
	p.signal(unix.SIGHUP)
	p.prints("SIGHUP: renewing 0 leases")
	if n := strings.Count(p.output(), "left out"); n != 1 {
		t.Errorf("said %d times, want once", n)
	}
	for _, args := range [][]string{{"-v", "eth9"}, {}} {
		p := b.start(t, append(args, "-wait", "none", "-state-dir", "")...)
		p.prints("not waiting, 0 of ")
		if strings.Contains(p.output(), "left out") {
			t.Errorf("%q: said, though nobody asked", args)
		}
	}
}

// Who mistyped a name learns it before the wait is over.
func TestNamedInterfaceIsWaitedFor(t *testing.T) {
	b := newBox(t)
	p := b.start(t, "eht0", "stauts", "version")
	p.prints("eht0: no such interface; waiting for it\n")
	p.prints("stauts: no such interface; waiting for it (status is called with exactly that word)")
	p.prints("version: no such interface; waiting for it (-version tells the version)")
}

func TestEndsBySignal(t *testing.T) {
	for _, sig := range []syscall.Signal{unix.SIGTERM, unix.SIGINT, unix.SIGQUIT} {
		b := newBox(t)
		p := b.start(t, "-wait", "none")
		p.prints("0 of 0 links bound")
		if err := os.Remove(statusPath(b.state)); err != nil {
			t.Fatal(err)
		}
		p.signal(sig)
		p.diesOf(sig)
		if _, err := os.Stat(statusPath(b.state)); err != nil {
			t.Errorf("%v: the state was not written: %v", sig, err)
		}
	}
}

// What a shell starts in the background finds Ctrl-C ignored, and leaves it so.
func TestInterruptStaysIgnored(t *testing.T) {
	b := newBox(t)
	p := b.command(t, "-wait", "none")
	p.Args = append([]string{"launch"}, p.Args...)
	b.launch(p)
	p.prints("0 of 0 links bound")
	p.signal(unix.SIGINT)
	p.signal(unix.SIGHUP)
	p.prints("SIGHUP: renewing")
	p.signal(unix.SIGTERM)
	p.diesOf(unix.SIGTERM)
}

func TestSignalWritesTheState(t *testing.T) {
	b := newBox(t)
	p := b.start(t, "-wait", "none")
	p.prints("0 of 0 links bound")
	if err := os.Remove(statusPath(b.state)); err != nil {
		t.Fatal(err)
	}
	p.signal(unix.SIGUSR1)
	eventually(t, "write the state", func() bool {
		_, err := os.Stat(statusPath(b.state))
		return err == nil
	})
}

func TestSignalRenews(t *testing.T) {
	b := newServedBox(t, "eth0")
	p := b.start(t, "eth0", "other")
	p.prints("eth0       BOUND")
	p.signal(unix.SIGHUP)
	p.prints("dhclient-lws: SIGHUP: renewing 1 lease\n")
	p.prints("dhclient-lws: SIGHUP: renewed 1 lease\n")
}

// Nobody is left in the dark by a server that does not answer.
func TestSignalRenewsNothing(t *testing.T) {
	b := newServedBox(t, "eth0", "eth1")
	p := b.start(t, "eth0", "eth1")
	p.prints("2 of 2 links bound")
	b.server.Stop(t)
	p.signal(unix.SIGHUP)
	p.prints("dhclient-lws: SIGHUP: renewing 2 leases\n")
	p.prints("dhclient-lws: SIGHUP: renewed 0 of 2 leases; no answer yet on eth0, eth1\n")
	b.address(t, "eth0")
}

// Whoever read what we print is no longer there. The network is.
func TestReaderOfTheOutputGoesAway(t *testing.T) {
	b := newBox(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := b.command(t, "-wait", "none", "late0")
	p.Stdout, p.Stderr = w, w
	b.launch(p)
	w.Close()
	if _, err := r.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	r.Close()
	netns.Veth(t, b.NS, "late0", b.NS, "other")
	b.Up(t, "other") // late0 is set up by us, and a line tells of its carrier
	eventually(t, "notice the carrier, and live", func() bool {
		state, err := os.ReadFile(statusPath(b.state))
		return err == nil && bytes.Contains(state, []byte(`"carrier":true`))
	})
	if out, status := b.run(t, "status"); status != 0 {
		t.Errorf("status %d, output:\n%s", status, out)
	}
}

// What cannot be written is said once and stops nothing.
func TestNothingCanBeWritten(t *testing.T) {
	b := newServedBox(t, "eth0")
	dir := filepath.Join(t.TempDir(), "full")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	netns.Tmpfs(t, dir, "nr_inodes=1")
	b.state, b.resolv = dir+"/state", dir+"/resolv.conf"
	p := b.start(t, "-v", "eth0")
	p.prints("1 of 1 links bound")
	p.signal(unix.SIGHUP)
	p.prints("renewed")
	p.signal(unix.SIGTERM)
	out := p.end()
	for _, what := range []string{"dhclient-lws: resolv.conf: ", "dhclient-lws: state-dir: "} {
		if n := strings.Count(out, what); n != 1 {
			t.Errorf("%q is said %d times, want once", what, n)
		}
	}
	if addrs, err := b.AddrList(b.Link(t, "eth0"), unix.AF_INET); err != nil || len(addrs) != 1 {
		t.Errorf("addresses %v, %v; want one", addrs, err)
	}
}

func TestNoPrivilege(t *testing.T) {
	rfc.Shows(t, "H-PRIV-01")
	const want = "dhclient-lws: operation not permitted: root is needed, or the capabilities CAP_NET_ADMIN, CAP_NET_RAW and CAP_NET_BIND_SERVICE\n"
	for name, capability := range map[string]uintptr{"CAP_NET_RAW": unix.CAP_NET_RAW, "CAP_NET_ADMIN": unix.CAP_NET_ADMIN} {
		b := newBox(t)
		p := b.withoutCapability(t, capability)
		if out := p.end(); out != want || p.ProcessState.ExitCode() != 1 {
			t.Errorf("without %s: status %d, output:\n%s", name, p.ProcessState.ExitCode(), out)
		}
		p = b.withoutCapability(t, capability, "--", "sh", "-c", `echo "result $DHCLIENT_LWS_RESULT"`)
		if out := p.end(); out != want+"result error\n" {
			t.Errorf("without %s, with a command:\n%s", name, out)
		}
	}
}

// In a container all rights may be there and be good for nothing.
func TestRightsThatDoNotReach(t *testing.T) {
	for _, up := range []bool{false, true} {
		b := newServedBox(t, "eth0")
		if up {
			b.Up(t, "eth0")
		}
		p := b.command(t, "eth0")
		p.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  unix.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{Size: 1}},
			Pdeathsig:   unix.SIGKILL,
		}
		b.Do(t, func() { p.begin() })
		out := p.end()
		if strings.Count(out, "operation not permitted") != 1 || p.ProcessState.ExitCode() != 1 {
			t.Errorf("link up %v: status %d, output:\n%s", up, p.ProcessState.ExitCode(), out)
		}
	}
}

// withoutCapability starts the command without one of root's rights.
func (b *box) withoutCapability(t *testing.T, capability uintptr, args ...string) *process {
	t.Helper()
	p := b.command(t, args...)
	begun := make(chan struct{})
	go func() {
		defer close(begun)
		runtime.LockOSThread() // the thread keeps what it lost, and ends with this goroutine
		b.Do(t, func() {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0); err != nil {
				t.Error(err)
				return
			}
			p.begin()
		})
	}()
	<-begun
	return p
}

// An interface may be called anything, and what prints its name must not do
// what it says.
func TestHostileInterfaceName(t *testing.T) {
	const name = "x$(id)\x1b7"
	b := newServedBox(t, name)
	out, status := b.run(t, name, "--", "env")
	if strings.Contains(out[:strings.Index(out, envPrefix)], "\x1b") {
		t.Error("the escape sequence reached the terminal")
	}
	if !strings.Contains(out, `dhclient-lws: "x$(id)\x1b7": carrier`) {
		t.Error("no quoted name")
	}
	vars := ourVariables(out)
	if len(vars) != 3 || vars["RESULT"] != "ok" || vars["INTERFACES"] != "" || status != 0 {
		t.Errorf("status %d, variables %q", status, vars)
	}
	if !strings.Contains(vars["LEASES"], `"interface":"x$(id)\u001b7","address":"10.77.0.`) {
		t.Errorf("LEASES: %q", vars["LEASES"])
	}
	state, err := os.ReadFile(statusPath(b.state))
	if err != nil || bytes.ContainsRune(state, '\x1b') {
		t.Errorf("status.json: %v, %q", err, state)
	}
}

// Nothing happens, so nothing is done: the next thing to do is the renewal, half an
// hour from now.
func TestSleepsWhenIdle(t *testing.T) {
	b := newServedBox(t, "eth0")
	p := b.start(t, "eth0")
	p.prints("1 of 1 links bound")
	p.rests(20*time.Minute, func() { b.run(t, "status") })
}

// rests waits until the process has nothing to do for some time, and is not woken
// by something that does not concern it.
func (p *process) rests(until time.Duration, event func()) {
	p.t.Helper()
	eventually(p.t, "come to rest", func() bool {
		before := wakeups(p.t, p.Process.Pid)
		event()
		return wakeups(p.t, p.Process.Pid) == before && alarm(p.t, p.Process.Pid) >= until
	})
}

// alarm is when the earliest timer of a process will wake it, from now on.
func alarm(t *testing.T, pid int) time.Duration {
	t.Helper()
	files, err := filepath.Glob("/proc/" + itoa(pid) + "/fdinfo/*")
	if err != nil {
		t.Fatal(err)
	}
	timers, next := 0, time.Duration(machine.Never)
	for _, file := range files {
		info, _ := os.ReadFile(file) // a file that was closed meanwhile is none
		_, value, found := strings.Cut(string(info), "it_value: ")
		if !found {
			continue
		}
		var s, ns int64
		if _, err := fmt.Sscanf(value, "(%d, %d)", &s, &ns); err != nil {
			t.Fatalf("%q: %v", value, err)
		}
		if timers++; s+ns > 0 {
			next = min(next, time.Duration(s)*time.Second+time.Duration(ns))
		}
	}
	if timers == 0 {
		t.Fatal("the process has no timer")
	}
	return next
}

// wakeups is how often the threads of a process have gone to sleep so far.
func wakeups(t *testing.T, pid int) string {
	t.Helper()
	files, err := filepath.Glob("/proc/" + itoa(pid) + "/task/*/status")
	if err != nil || len(files) == 0 {
		t.Fatalf("no threads: %v", err)
	}
	var all strings.Builder
	for _, file := range files {
		status, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, count, _ := strings.Cut(string(status), "voluntary_ctxt_switches:")
		all.WriteString(count)
	}
	return all.String()
}

// A NIC that somebody puts into a bridge keeps nothing that was leased for it: the
// address is of no use there, and its route would swallow what is meant for others.
func TestLinkThatJoinsABridgeIsLetGo(t *testing.T) {
	b := newServedBox(t, "eth0", "eth1")
	p := b.start(t, "eth*")
	p.prints("2 of 2 links bound")
	b.Bridge(t, "br9", "eth0")
	p.prints("eth0: part of a bridge or a bond now; let go")
	eventually(t, "take the address away", func() bool {
		addrs, err := b.AddrList(b.Link(t, "eth0"), unix.AF_INET)
		return err == nil && len(addrs) == 0
	})
	b.address(t, "eth1") // has one
	if left := b.server.Log(); strings.Contains(left, "DHCPRELEASE") {
		t.Error("the lease was given back, though the bridge will ask for it")
	}
}
