package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// The tests of the whole command start this test binary under the command's own
// name, as a busybox does, in network namespaces.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "dhclient-lws", gokrazysDHCP:
		if d, err := time.ParseDuration(os.Getenv("PATIENCE")); err == nil {
			patience = d
		}
		unfortunateMain()
	case "wait-for-all":
		os.Exit(waitForAll())
	case "become":
		os.Exit(becomeWithLargeEnvironment())
	case "launch":
		os.Exit(launch())
	case "without devices":
		os.Exit(becomeWithoutDevices())
	case "initramfs":
		os.Exit(switchRoot())
	case "init":
		os.Exit(becomeWithoutProc())
	}
	// Workers lose their parent on purpose. They become our children.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		panic(err)
	}
	netns.Main(m)
}

// patienceOfTests bounds every wait for something that should happen at once.
const patienceOfTests = 20 * time.Second

// box is a machine that the command runs on: a network namespace, and the files
// that the command writes.
type box struct {
	*netns.NS
	state, resolv, kmsg string
	server              *netns.Server // of a served box
}

func newBox(t *testing.T) *box {
	dir := t.TempDir()
	b := &box{
		NS:     netns.New(t),
		state:  filepath.Join(dir, "state"),
		resolv: filepath.Join(dir, "resolv.conf"),
		kmsg:   filepath.Join(dir, "kmsg"),
	}
	// What the worker has to say after the handoff is not for this machine's log.
	if err := os.WriteFile(b.kmsg, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(b.kmsg, "/dev/kmsg", "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		endOrphans(t)
		if log, err := os.ReadFile(b.kmsg); err != nil || bytes.Contains(log, dataRace) {
			t.Errorf("in the kernel's log: %v\n%s", err, log)
		}
		if err := unix.Unmount("/dev/kmsg", unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return b
}

// dataRace is what the race detector says in the processes that tests start.
var dataRace = []byte("WARNING: DATA RACE")

// newServedBox is a box whose links lead to a server each of which leases
// 10.77.N.50 and up, N being the number of the link.
func newServedBox(t *testing.T, links ...string) *box {
	b, lan := newBox(t), netns.New(t)
	server := netns.Dnsmasq{}
	for i, name := range links {
		end, subnet := "lan"+strconv.Itoa(i), "10.77."+strconv.Itoa(i)+"."
		netns.Veth(t, b.NS, name, lan, end)
		lan.Up(t, end)
		lan.Address(t, end, subnet+"1/24")
		server.Interfaces = append(server.Interfaces, end)
		server.Ranges = append(server.Ranges, "set:"+end+","+subnet+"50,"+subnet+"99,255.255.255.0,1h")
		server.Lines = append(server.Lines,
			"dhcp-option=tag:"+end+",option:router,"+subnet+"1",
			"dhcp-option=tag:"+end+",option:dns-server,"+subnet+"2",
			"dhcp-option=tag:"+end+",option:domain-name,net"+strconv.Itoa(i)+".example")
	}
	b.server = server.Start(t, lan)
	return b
}

// process is a started command and what it printed so far.
type process struct {
	*exec.Cmd
	t    *testing.T
	done chan struct{}
	err  error // of Wait, once done
	mu   sync.Mutex
	out  bytes.Buffer // both outputs
}

func (p *process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.Write(b)
}

func (p *process) output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out.String()
}

// command is the command with the files of the box, not yet started.
func (b *box) command(t *testing.T, args ...string) *process {
	p := &process{t: t, Cmd: exec.Command("/proc/self/exe"), done: make(chan struct{})}
	p.Args = []string{"dhclient-lws"}
	if len(args) == 0 || args[0] != "status" {
		p.Args = append(p.Args, "-resolv-conf", b.resolv, "-state-dir", b.state)
		p.Args = append(p.Args, args...)
	} else {
		p.Args = append(append(p.Args, args...), "-state-dir", b.state)
	}
	p.Stdout, p.Stderr = p, p
	return p
}

// start starts the command.
func (b *box) start(t *testing.T, args ...string) *process {
	t.Helper()
	p := b.command(t, args...)
	b.launch(p)
	return p
}

func (b *box) launch(p *process) {
	p.t.Helper()
	p.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	b.Do(p.t, func() { p.begin() })
}

// begin starts the process in the namespace of this thread.
func (p *process) begin() {
	p.t.Helper()
	p.WaitDelay = 5 * time.Second
	if err := p.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() {
		p.err = p.Wait()
		close(p.done)
	}()
	p.t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.done
		if bytes.Contains([]byte(p.output()), dataRace) {
			p.t.Error("the race detector has found something")
		}
		if p.t.Failed() {
			p.t.Logf("%q printed:\n%s", p.Args, p.output())
		}
	})
}

// run runs the command to its end.
func (b *box) run(t *testing.T, args ...string) (output string, status int) {
	t.Helper()
	p := b.start(t, args...)
	return p.end(), p.ProcessState.ExitCode()
}

// end waits for the end of the process and returns what it printed.
func (p *process) end() string {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(patienceOfTests):
		p.t.Fatalf("%q did not end; it printed:\n%s", p.Args, p.output())
	}
	if errors.Is(p.err, exec.ErrWaitDelay) {
		p.t.Errorf("%q ended, but somebody still holds its output", p.Args)
	}
	return p.output()
}

// prints waits until the process has printed a text.
func (p *process) prints(text string) {
	p.t.Helper()
	eventually(p.t, "print "+strconv.Quote(text), func() bool {
		if strings.Contains(p.output(), text) {
			return true
		}
		if p.ended() {
			p.t.Fatalf("ended without printing %q:\n%s", text, p.output())
		}
		return false
	})
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patienceOfTests); !isSo(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("did not %s within %v", what, patienceOfTests)
		}
	}
}

// childrenOf are the children of a process, with the letter of their state.
func childrenOf(t *testing.T, parent int) map[int]byte {
	t.Helper()
	list := map[int]byte{}
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // it ended meanwhile
		}
		if err != nil {
			t.Fatal(err)
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		if fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])); fields[1] == strconv.Itoa(parent) {
			list[pid] = fields[0][0]
		}
	}
	return list
}

// children are our children that are called dhclient-lws, and the zombies.
func children(t *testing.T) map[int]byte {
	t.Helper()
	list := childrenOf(t, os.Getpid())
	for pid, state := range list {
		line, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
		if state != 'Z' && !bytes.HasPrefix(line, []byte("dhclient-lws\x00")) {
			delete(list, pid)
		}
	}
	return list
}

// endOrphans ends and reaps what was given to us.
func endOrphans(t *testing.T) {
	for pid := range children(t) {
		_ = unix.Kill(pid, unix.SIGKILL)
		_, _ = unix.Wait4(pid, nil, 0, nil) // a process that exec.Cmd waits for is reaped there
	}
}
