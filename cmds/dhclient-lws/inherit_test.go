package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// launch becomes another program, which finds what few programs find: signals
// blocked and ignored, an uncommon umask, low limits, an open file, and those of
// the standard descriptors closed that CLOSED names.
func launch() int {
	runtime.LockOSThread()
	// These two, as nohup does: of all others, and of a blocked SIGTERM, the Go
	// runtime takes no notice.
	signal.Ignore(unix.SIGHUP, unix.SIGINT)
	var blocked unix.Sigset_t
	blocked.Val[0] = 1<<(unix.SIGUSR1-1) | 1<<(unix.SIGUSR2-1)
	unix.Umask(0o27)
	name, args, closed := os.Args[1], os.Args[1:], os.Getenv("CLOSED")
	os.Unsetenv("CLOSED")
	for _, err := range []error{
		unix.PthreadSigmask(unix.SIG_BLOCK, &blocked, nil),
		syscall.Setrlimit(unix.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 77, Max: 777}),
		syscall.Setrlimit(unix.RLIMIT_CORE, &syscall.Rlimit{Cur: 0, Max: 4096}),
		unix.Setpriority(unix.PRIO_PROCESS, 0, 19),
		unix.Chdir("/usr"),
		unix.Dup2(unix.Stderr, 9),
	} {
		if err != nil {
			fmt.Println(err)
			return 1
		}
	}
	path := "/proc/self/exe"
	if name != "dhclient-lws" {
		var err error
		if path, err = exec.LookPath(name); err != nil {
			fmt.Println(err)
			return 1
		}
	}
	for _, fd := range closed {
		_ = unix.Close(int(fd - '0'))
	}
	fmt.Println(syscall.Exec(path, args, os.Environ()))
	return 1
}

// launched is the program that launch becomes, not yet started.
func (b *box) launched(t *testing.T, args ...string) *process {
	t.Helper()
	p := b.command(t)
	p.Args = append([]string{"launch"}, args...)
	return p
}

// becomes waits until the process runs a program that sleeps.
func (p *process) becomes(args ...string) {
	p.t.Helper()
	want := strings.Join(args, "\x00") + "\x00"
	eventually(p.t, fmt.Sprintf("become %q", args), func() bool {
		dir := "/proc/" + itoa(p.Process.Pid)
		line, err := os.ReadFile(dir + "/cmdline")
		status, _ := os.ReadFile(dir + "/status")
		return err == nil && string(line) == want && strings.Contains(string(status), "State:\tS")
	})
}

// inherited is what a process has from those before it, except what we say in
// the environment, with * in place of its own PID and of the number of a
// terminal.
func inherited(t *testing.T, pid int) map[string]string {
	t.Helper()
	dir := "/proc/" + itoa(pid) + "/"
	read := func(name string) string {
		content, err := os.ReadFile(dir + name)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	link := func(name string) string {
		to, err := os.Readlink(name)
		if err != nil {
			t.Fatal(err)
		}
		return to
	}
	facts := map[string]string{
		"cwd": link(dir + "cwd"), "root": link(dir + "root"),
		"limits": read("limits"), "personality": read("personality"), "oom_score_adj": read("oom_score_adj"),
	}
	environ := strings.Split(read("environ"), "\x00")
	facts["environ"] = strings.Join(slices.DeleteFunc(environ, func(s string) bool { return strings.HasPrefix(s, envPrefix) }), "\n")
	for line := range strings.Lines(read("status")) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "Umask", "Uid", "Gid", "Groups", "NoNewPrivs", "Seccomp", "Cpus_allowed",
			"SigPnd", "SigBlk", "SigIgn", "SigCgt", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb":
			facts[name] = strings.TrimSpace(value)
		}
	}
	open, err := filepath.Glob(dir + "fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range open {
		facts["fd "+filepath.Base(fd)] = ptyNumber.ReplaceAllString(link(fd), "/dev/pts/*")
	}
	// "PID (name) state parent group session terminal foreground-group ... nice ..."
	stat := read("stat")
	field := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	for name, i := range map[string]int{"group": 2, "session": 3, "terminal": 4, "foreground group": 5, "nice": 16} {
		facts[name] = field[i]
		if field[i] == itoa(pid) || i == 4 && field[i] != "0" {
			facts[name] = "*"
		}
	}
	return facts
}

var ptyNumber = regexp.MustCompile(`^/dev/pts/\d+$`)

// Who becomes the command leaves no trace: the command finds what it would have
// found without us.
func TestCommandInheritsWhatItWouldHaveWithoutUs(t *testing.T) {
	for name, start := range map[string]func(*box, *process){
		"no terminal": (*box).launch,
		"a terminal":  func(b *box, p *process) { b.launchOn(p, newTerminal(p.t)) },
	} {
		t.Run(name, func(t *testing.T) {
			b := newServedBox(t, "eth0")
			out, err := os.Create(filepath.Join(t.TempDir(), "out"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { out.Close() })
			var facts []map[string]string
			for _, args := range [][]string{
				{"sleep", "1000"},
				append(b.command(t, "eth0").Args, "--", "sleep", "1000"),
			} {
				p := b.launched(t, args...)
				p.Stdout, p.Stderr = out, out
				start(b, p)
				p.becomes("sleep", "1000")
				facts = append(facts, inherited(t, p.Process.Pid))
			}
			if diff := cmp.Diff(facts[0], facts[1]); diff != "" {
				t.Errorf("without us (-), with us (+):\n%s", diff)
			}
			// It is indeed something else than what everybody has. Signals 32 and 33
			// are the C library's own, and who started the test may leave them ignored.
			ignored, err := strconv.ParseUint(facts[0]["SigIgn"], 16, 64)
			if err != nil || ignored&^(1<<31|1<<32) != 3 {
				t.Errorf("SigIgn is %q, want 3", facts[0]["SigIgn"])
			}
			for fact, want := range map[string]string{
				"SigBlk": "0000000000000a00", "Umask": "0027", "cwd": "/usr", "nice": "19", "fd 9": out.Name(),
			} {
				if facts[0][fact] != want {
					t.Errorf("%s is %q, want %q", fact, facts[0][fact], want)
				}
			}
			if (facts[0]["terminal"] == "0") != (name == "no terminal") {
				t.Errorf("terminal %s", facts[0]["terminal"])
			}
		})
	}
}

// The client that stays has nothing of the caller's but the environment: what it
// kept open, blocked or occupied would be missed, or waited for.
func TestWorkerInheritsNothing(t *testing.T) {
	b := newServedBox(t, "eth0")
	p := b.launched(t, append(b.command(t, "eth0").Args, "--", "sleep", "1000")...)
	b.launchOn(p, newTerminal(t))
	p.becomes("sleep", "1000")
	var facts map[string]string
	// The command may be there before the pipe that told of it is closed.
	eventually(t, "close the pipe to the front process", func() bool {
		facts = inherited(t, workerPID(t))
		return !slices.ContainsFunc(slices.Collect(maps.Values(facts)), func(value string) bool {
			return strings.HasPrefix(value, "pipe:")
		})
	})
	for fact, want := range map[string]string{
		"session": "*", "group": "*", "terminal": "0", "cwd": "/",
		"fd 0": "/dev/null", "fd 1": "/dev/kmsg", "fd 2": "/dev/kmsg",
	} {
		if facts[fact] != want {
			t.Errorf("%s is %q, want %q", fact, facts[fact], want)
		}
	}
	for fact, value := range facts {
		switch {
		case !strings.HasPrefix(fact, "fd "), slices.Contains([]string{"/dev/null", "/dev/kmsg"}, value):
		case strings.HasPrefix(value, "socket:"), strings.HasPrefix(value, "anon_inode:"):
		case filepath.Dir(value) == b.state && strings.HasSuffix(value, ".lock"): // its own
		default:
			t.Errorf("%s is %s", fact, value)
		}
	}
}

// Any of the standard descriptors may be closed, as a kernel without a console
// leaves them.
func TestStandardDescriptorsAreClosed(t *testing.T) {
	for _, closed := range []string{"0", "1", "2", "02", "12", "012"} {
		b := newServedBox(t, "eth0")
		result := filepath.Join(t.TempDir(), "result")
		p := b.launched(t, append(b.command(t, "eth0").Args, "--", "sh", "-c", `echo "$DHCLIENT_LWS_RESULT" >"$0"`, result)...)
		p.Env = append(os.Environ(), "CLOSED="+closed)
		b.launch(p)
		p.end()
		if got, err := os.ReadFile(result); err != nil || string(got) != "ok\n" || !p.ProcessState.Success() {
			t.Errorf("without %s: %v, result %q, %v", closed, p.ProcessState, got, err)
		}
		facts := inherited(t, workerPID(t))
		for fd, want := range []string{"/dev/null", "/dev/kmsg", "/dev/kmsg"} {
			if got := facts["fd "+itoa(fd)]; got != want {
				t.Errorf("without %s: the worker's descriptor %d is %s, want %s", closed, fd, got, want)
			}
		}
		endOrphans(t)
	}
}
