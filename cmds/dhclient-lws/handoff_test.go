package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// ourVariables are the lines of env's output that we put there.
func ourVariables(output string) map[string]string {
	vars := map[string]string{}
	for line := range strings.Lines(output) {
		if rest, ok := strings.CutPrefix(line, envPrefix); ok {
			name, value, _ := strings.Cut(strings.TrimSuffix(rest, "\n"), "=")
			vars[name] = value
		}
	}
	return vars
}

// workerPID is the PID of the one worker that is alive, which was given to us.
// No child of ours is a zombie. Front processes lead no session, except those
// given.
func workerPID(t *testing.T, leaders ...int) int {
	t.Helper()
	worker := 0
	eventually(t, "find one worker and nothing dead", func() bool {
		workers := 0
		for pid, state := range children(t) {
			if state == 'Z' {
				return false
			}
			if sid, err := unix.Getsid(pid); err == nil && sid == pid && !slices.Contains(leaders, pid) {
				worker, workers = pid, workers+1
			}
		}
		return workers == 1
	})
	return worker
}

func TestCommandRunsWithLeases(t *testing.T) {
	b := newServedBox(t, "eth0", "eth1")
	out, status := b.run(t, "eth0", "eth1", "--", "sh", "-c", "env; echo; cat "+b.resolv+"; exit 7")
	if status != 7 {
		t.Errorf("exit status %d, want the command's own, 7", status)
	}
	vars := ourVariables(out)
	for name, prefix := range map[string]string{
		"RESULT": "ok", "INTERFACES": "eth0 eth1",
		"eth0_ADDRESS": "10.77.0.", "eth0_ROUTER": "10.77.0.1", "eth0_DNS": "10.77.0.2", "eth0_DOMAIN": "net0.example",
		"eth1_ADDRESS": "10.77.1.", "eth1_ROUTER": "10.77.1.1", "eth1_DNS": "10.77.1.2", "eth1_DOMAIN": "net1.example",
	} {
		if !strings.HasPrefix(vars[name], prefix) {
			t.Errorf("%s is %q, want %s…", name, vars[name], prefix)
		}
	}
	var leases []struct{ Interface, Address, Server string }
	if err := json.Unmarshal([]byte(vars["LEASES"]), &leases); err != nil {
		t.Fatalf("LEASES: %v", err)
	}
	if len(leases) != 2 || leases[1].Interface != "eth1" || leases[1].Address != vars["eth1_ADDRESS"] || leases[1].Server != "10.77.1.1" {
		t.Errorf("LEASES: %+v", leases)
	}
	if len(vars) != 11 {
		t.Errorf("%d variables: %v", len(vars), vars)
	}
	if !strings.Contains(out, "nameserver 10.77.0.2\nnameserver 10.77.1.2\n") {
		t.Error("resolv.conf was not there when the command started")
	}
	// All that we print on the terminal stands before what the command prints.
	last := strings.LastIndex(out, "  up ")
	if first := strings.Index(out, envPrefix); last < 0 || first < last {
		t.Error("the table is not in front of the command's output")
	}
}

// Every link that a shell may be told of is named; variables of its own are for
// those that can have some.
func TestNamesInTheEnvironment(t *testing.T) {
	var links []dhcpc.LinkStatus
	for i, name := range []string{"eth0", "eth1.5", "br-lan", "a@b", "-x", "x$(id)", "x y"} {
		links = append(links, dhcpc.LinkStatus{Interface: name, Index: i + 1, State: machine.Bound, Installed: true, Lease: exampleLease()})
	}
	env := environment(resultOK, links)
	if want := envPrefix + "INTERFACES=eth0 eth1.5 br-lan a@b"; env[1] != want {
		t.Errorf("%q, want %q", env[1], want)
	}
	for _, entry := range env[2 : len(env)-1] {
		if !strings.HasPrefix(entry, envPrefix+"eth0_") {
			t.Errorf("there is %q", entry)
		}
	}
	if leases := env[len(env)-1]; strings.Count(leases, `"interface":`) != len(links) {
		t.Errorf("%s", leases)
	}
}

// What a server says to take over whoever reads it, the command does not learn:
// there is no shell between us, and such values are left out.
func TestCommandLearnsNothingHostile(t *testing.T) {
	rfc.Shows(t, "H-TXT-04")
	b, lan := newBox(t), netns.New(t)
	netns.Veth(t, b.NS, "eth0", lan, "lan0")
	lan.Up(t, "lan0")
	lan.Address(t, "lan0", "10.77.0.1/24")
	server := netns.Dnsmasq{
		Interfaces: []string{"lan0"},
		Ranges:     []string{"10.77.0.50,10.77.0.99,255.255.255.0,1h"},
	}
	for _, code := range []string{"12", "15", "17", "66", "67", "114"} {
		server.Lines = append(server.Lines, "dhcp-option-force="+code+`,"() { :;}; touch hostile"`)
	}
	b.server = server.Start(t, lan)
	out, _ := b.run(t, "eth0", "--", "env")
	vars := ourVariables(out)
	if !strings.HasPrefix(vars["eth0_ADDRESS"], "10.77.0.") || vars["LEASES"] == "" {
		t.Errorf("no lease: %v", vars)
	}
	if !strings.Contains(b.server.Log(), "touch hostile") {
		t.Error("the server did not say it")
	}
	for name, value := range vars {
		if strings.Contains(value, "hostile") {
			t.Errorf("%s is %q", name, value)
		}
	}
}

// Whatever happens, the command runs and learns what happened.
func TestCommandAlwaysRuns(t *testing.T) {
	print := []string{"--", "sh", "-c", `echo "result $DHCLIENT_LWS_RESULT"`}
	for _, tt := range []struct {
		name, want string
		args       []string
	}{
		{"nothing to wait for", "ok", []string{"-wait", "none"}},
		{"timeout", "timeout", []string{"-timeout", "100ms"}},
		{"wrong arguments", "usage", []string{"-timeout", "soon"}},
		{"unknown flag", "usage", []string{"-no-such-flag"}},
		{"help", "usage", []string{"-h"}},
		{"an interface that cannot be", "usage", []string{"no/such/name"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, status := newBox(t).run(t, append(tt.args, print...)...)
			if !strings.HasSuffix(out, "result "+tt.want+"\n") || status != 0 {
				t.Errorf("status %d, output:\n%s", status, out)
			}
		})
	}
}

func TestCommandIsNotThere(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	garbage := filepath.Join(dir, "garbage")
	foreign := filepath.Join(dir, "foreign")
	const noProgram = "neither program nor script"
	for _, file := range []struct {
		name, content string
		mode          os.FileMode
	}{{plain, noProgram, 0o644}, {garbage, noProgram, 0o755}, {foreign, "#!/no/such/shell\n", 0o755}} {
		if err := os.WriteFile(file.name, []byte(file.content), file.mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		command, complaint string
		status             int
	}{
		{"no-such-command", "no-such-command: no such file or directory", 127},
		{"/no/such/command", "/no/such/command: no such file or directory", 127},
		{"/dev/null/x", "/dev/null/x: no such file or directory", 127},
		{plain, plain + ": permission denied", 126},
		{garbage, garbage + ": exec format error", 126},
		{foreign, foreign + ": it is there, but not the interpreter or loader that it asks for", 126},
		{dir, dir + ": is a directory", 126},
		{"", `"": no such file or directory`, 127},
		{"\x1b[2J", `"\x1b[2J": no such file or directory`, 127},
	} {
		out, status := newBox(t).run(t, "-wait", "none", "--", tt.command)
		if status != tt.status || !strings.HasSuffix(out, "dhclient-lws: "+tt.complaint+"\n") {
			t.Errorf("%q: status %d, want %d; output:\n%s", tt.command, status, tt.status, out)
		}
	}
}

func TestCommandIsMissing(t *testing.T) {
	out, status := newBox(t).run(t, "-wait", "none", "--")
	if status != 2 || out != "dhclient-lws: -- must be followed by a command\n" {
		t.Errorf("status %d, output:\n%s", status, out)
	}
}

// What follows the first -- is the command's, whatever it looks like.
func TestCommandHasArgumentsLikeOurs(t *testing.T) {
	out, status := newBox(t).run(t, "-wait", "none", "--", "printf", "<%s>", "-h", "--", "", "-timeout", "status", "a b", "$(id)", "*")
	if !strings.HasSuffix(out, "\n<-h><--><><-timeout><status><a b><$(id)><*>") || status != 0 {
		t.Errorf("status %d, output:\n%s", status, out)
	}
}

func TestCommandWithoutPath(t *testing.T) {
	b := newBox(t)
	p := b.command(t, "-wait", "none", "--", "sh", "-c", "echo here")
	p.Env = []string{"PATH="}
	b.launch(p)
	if out := p.end(); !strings.HasSuffix(out, "here\n") {
		t.Errorf("output:\n%s", out)
	}
}

// The command is the process that the user started. The worker is none of its
// children, so a command that waits for all of them does not wait for us, and
// nothing dead is left for it to find.
func TestWorkerIsNoChildOfTheCommand(t *testing.T) {
	b := newBox(t)
	p := b.start(t, "-wait", "none", "--", "sh", "-c", "echo pid $$; echo children: $(cat /proc/$$/task/$$/children); wait; exec sleep 1000")
	p.prints("children:")
	pid := strconv.Itoa(p.Process.Pid)
	if out := p.output(); !strings.Contains(out, "pid "+pid+"\n") {
		t.Errorf("the command's PID is not %s:\n%s", pid, out)
	}
	// The only child that the shell may see is the one that prints them.
	_, list, _ := strings.Cut(p.output(), "children:")
	for _, child := range strings.Fields(list) {
		if n, err := strconv.Atoi(child); err != nil || children(t)[n] != 0 {
			t.Errorf("the worker %s is a child of the command", child)
		}
	}
	eventually(t, "become sleep", func() bool {
		line, err := os.ReadFile("/proc/" + pid + "/cmdline")
		return err == nil && string(line) == "sleep\x001000\x00"
	})
	worker := workerPID(t)
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(worker) + "/stat")
	if err != nil {
		t.Fatal(err)
	}
	if name := string(stat[strings.IndexByte(string(stat), '(')+1 : strings.LastIndexByte(string(stat), ')')]); name != "dhclient-lws" {
		t.Errorf("ps calls the worker %q", name)
	}
	if sid, err := unix.Getsid(worker); err != nil || sid != worker {
		t.Errorf("the worker is in session %d, %v; want one of its own", sid, err)
	}
	if dir, err := os.Readlink("/proc/" + strconv.Itoa(worker) + "/cwd"); err != nil || dir != "/" {
		t.Errorf("the worker is in %s and keeps it busy: %v", dir, err)
	}
}

// What the caller has open ends with the command, though the worker lives: who
// reads the command's output sees its end, and a lock is given up.
func TestWorkerHoldsNothingOpen(t *testing.T) {
	b := newBox(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := b.command(t, "-wait", "none", "--", "true")
	p.ExtraFiles = []*os.File{nil, nil, w}
	b.launch(p)
	w.Close()
	if err := r.SetReadDeadline(time.Now().Add(patienceOfTests)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(r); err != nil {
		t.Error(err)
	}
	p.end()
	worker := workerPID(t)
	for _, fd := range []string{"0", "1", "2"} {
		to, err := os.Readlink("/proc/" + strconv.Itoa(worker) + "/fd/" + fd)
		want := map[string]string{"0": "/dev/null", "1": "/dev/kmsg", "2": "/dev/kmsg"}[fd]
		if err != nil || to != want {
			t.Errorf("descriptor %s is %s, %v; want %s", fd, to, err, want)
		}
	}
}

func TestCommandHasStandardInput(t *testing.T) {
	b := newBox(t)
	p := b.command(t, "-wait", "none", "--", "cat")
	p.Stdin = strings.NewReader("from the terminal\n")
	b.launch(p)
	if out := p.end(); !strings.HasSuffix(out, "from the terminal\n") {
		t.Errorf("output:\n%s", out)
	}
}

// After the handoff the terminal is the command's, and what there is to say
// goes to the kernel's log.
func TestWorkerSpeaksToTheKernelsLog(t *testing.T) {
	b := newServedBox(t, "eth0")
	p := b.start(t, "eth0", "--", "sleep", "1000")
	eventually(t, "hand off", func() bool {
		line, err := os.ReadFile("/proc/" + strconv.Itoa(p.Process.Pid) + "/cmdline")
		return err == nil && strings.HasPrefix(string(line), "sleep")
	})
	before := p.output()
	b.Down(t, "eth0")
	var log []byte
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("in the kernel's log: %q", log)
		}
	})
	eventually(t, "log the lost carrier", func() bool {
		var err error
		log, err = os.ReadFile(b.kmsg)
		return err == nil && string(log) == "<6>dhclient-lws: eth0: no carrier\n"
	})
	if after := p.output(); after != before {
		t.Errorf("on the terminal: %q", strings.TrimPrefix(after, before))
	}
}

func TestNoKernelLog(t *testing.T) {
	b := newBox(t)
	// A socket is what cannot be opened, even by root.
	socket := filepath.Join(t.TempDir(), "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	if err := unix.Mount(socket, "/dev/kmsg", "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount("/dev/kmsg", unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	b.run(t, "-wait", "none", "--", "true")
	if to, err := os.Readlink("/proc/" + strconv.Itoa(workerPID(t)) + "/fd/1"); err != nil || to != "/dev/null" {
		t.Errorf("descriptor 1 is %s, %v; want /dev/null", to, err)
	}
}

// Hundreds of leases can be more than the kernel takes. What matters less is
// left out first; the result always fits.
func TestEnvironmentIsTooLarge(t *testing.T) {
	for large, want := range map[string]string{
		"nothing":    "ok, eth0, 10.77.0.50/24, leases []\n",
		"LEASES":     "ok, eth0, 10.77.0.50/24, leases\n",
		"eth0_DNS":   "ok, eth0, , leases\n",
		"INTERFACES": "ok, , , leases\n",
	} {
		b := newBox(t)
		p := b.command(t)
		p.Args = []string{"become", large}
		b.launch(p)
		if out := p.end(); out != want {
			t.Errorf("%s too large: output %q, want %q", large, out, want)
		}
	}
}

func becomeWithLargeEnvironment() int {
	os.Setenv(envPrefix+"LEASES", "stale")
	env := []string{
		resultEntry + "ok", envPrefix + "INTERFACES=eth0",
		envPrefix + "eth0_ADDRESS=10.77.0.50/24", envPrefix + "eth0_DNS=10.77.0.2", leasesEntry + "[]",
	}
	for i, entry := range env {
		if name, _, _ := strings.Cut(strings.TrimPrefix(entry, envPrefix), "="); name == os.Args[1] {
			env[i] = envPrefix + name + "=" + strings.Repeat("x", 200<<10)
		}
	}
	return execute([]string{"sh", "-c", "echo $DHCLIENT_LWS_RESULT, $DHCLIENT_LWS_INTERFACES, $DHCLIENT_LWS_eth0_ADDRESS, leases $DHCLIENT_LWS_LEASES"}, env)
}

func TestEnvironmentBlock(t *testing.T) {
	env := []string{"A=1", "B=", "C=x=y z"}
	block := environmentBlock(env)
	if got := readEnvironment(block); !slices.Equal(got, env) {
		t.Errorf("%q", got)
	}
	for n := range len(block) {
		if got := readEnvironment(block[:n]); got != nil {
			t.Errorf("the first %d bytes are taken for %q", n, got)
		}
	}
}

// As the first process of a machine: /proc is mounted if it is missing, and
// signals do not end the machine.
func TestFirstProcess(t *testing.T) {
	b := newBox(t)
	p := b.firstOfItsMachine(t, "-timeout", "2s", "--", "sh", "-c", `echo "result $DHCLIENT_LWS_RESULT, pid $$"`)
	// It takes them from its second child on: before, it is this test's code.
	eventually(t, "start the worker", func() bool { return len(childrenOf(t, p.Process.Pid)) > 0 })
	for _, sig := range []syscall.Signal{unix.SIGHUP, unix.SIGTERM, unix.SIGINT} {
		p.signal(sig)
	}
	if out := p.end(); !strings.HasSuffix(out, "result timeout, pid 1\n") {
		t.Error("the command did not run as PID 1")
	}
}

// A first process that cannot become its command ends, and the machine with it:
// what is said last says why.
func TestFirstProcessWithoutItsCommand(t *testing.T) {
	b := newServedBox(t, "eth0")
	p := b.firstOfItsMachine(t, "eth0", "--", "no-such-command")
	if out := p.end(); !strings.HasSuffix(out, "\ndhclient-lws: no-such-command: no such file or directory\n") || p.ProcessState.ExitCode() != exitNotFound {
		t.Errorf("%v", p.ProcessState)
	}
}

// The worker is the command's child only if nobody else is there to be its
// parent. If it dies before, the command has no zombie to deal with.
func TestFirstProcessReaps(t *testing.T) {
	b := newBox(t)
	// Only what the shell does by itself: when it starts something it reaps too.
	p := b.firstOfItsMachine(t, "--", "sh", "-c", `echo "result $DHCLIENT_LWS_RESULT"
		for s in /proc/[0-9]*/stat; do read -r line <$s; case $line in *") Z "*) echo "$line";; esac; done; echo end`)
	worker := 0
	eventually(t, "start the worker", func() bool {
		for pid := range childrenOf(t, p.Process.Pid) {
			if sid, err := unix.Getsid(pid); err == nil && sid == pid {
				worker = pid
			}
		}
		return worker != 0
	})
	if err := unix.Kill(worker, unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if out := p.end(); !strings.HasSuffix(out, "result error\nend\n") {
		t.Error("not the end that was expected")
	}
}

// In the foreground it is the parent of every orphan.
func TestFirstProcessInTheForeground(t *testing.T) {
	b := newServedBox(t, "eth0")
	p := b.firstOfItsMachine(t, "eth0")
	p.prints("1 of 1 links bound")
	inside := exec.Command("nsenter", "--target", itoa(p.Process.Pid), "--pid", "--", "sh", "-c", "sleep 1 &")
	if err := inside.Run(); err != nil {
		t.Fatal(err)
	}
	if len(childrenOf(t, p.Process.Pid)) == 0 {
		t.Fatal("it was given no orphan")
	}
	eventually(t, "reap the orphan", func() bool { return len(childrenOf(t, p.Process.Pid)) == 0 })
	p.signal(unix.SIGTERM)
	p.end()
	if status := p.ProcessState.ExitCode(); status != 128+int(unix.SIGTERM) {
		t.Errorf("status %d, want %d", status, 128+int(unix.SIGTERM))
	}
}

// firstOfItsMachine starts the command as PID 1 of a machine without /proc.
func (b *box) firstOfItsMachine(t *testing.T, args ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := b.command(t, args...)
	p.Env = append(os.Environ(), "SELF="+self)
	p.Args[0] = "init"
	p.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS, Pdeathsig: unix.SIGKILL}
	b.Do(t, p.begin)
	return p
}

func becomeWithoutProc() int {
	self := os.Getenv("SELF")
	if err := unix.Mount("none", "/proc", "tmpfs", 0, ""); err != nil {
		fmt.Println("tmpfs:", err)
		return 1
	}
	fmt.Println(syscall.Exec(self, append([]string{"dhclient-lws"}, os.Args[1:]...), os.Environ()))
	return 1
}
