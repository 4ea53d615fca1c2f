package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// misfortune names, in the environment, what a test wants to go wrong.
const misfortune = "MISFORTUNE"

const (
	middleDies     = misfortune + "=middle dies"
	middleDiesLate = misfortune + "=middle dies late" // when it has started the worker
	workerPanics   = misfortune + "=worker panics"
	noFiles        = misfortune + "=no files"
	noRights       = misfortune + "=no rights"
	noSize         = misfortune + "=no size"
)

// unfortunateMain is the command, to which something happens.
func unfortunateMain() {
	stage, _, _ := strings.Cut(os.Getenv(stageVar), " ")
	switch what := misfortune + "=" + os.Getenv(misfortune); {
	case what == middleDies && stage == "middle":
		die()
	case what == middleDiesLate && stage == "middle":
		run(os.Args[1:])
		die()
	case what == workerPanics && stage == "worker":
		panic("a test wants it")
	case what == noFiles && stage == "":
		// Enough for the runtime, and for a pipe, but not to start a process.
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 5, Max: 5})
	case what == noSize && stage == "":
		_ = unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{})
	case what == noRights && stage == "":
		runtime.LockOSThread()
		_ = unix.Prctl(unix.PR_CAPBSET_DROP, unix.CAP_NET_RAW, 0, 0, 0)
	}
	main()
}

func die() {
	_ = unix.Kill(os.Getpid(), unix.SIGKILL)
	select {}
}

// waitForAll is a command that goes on when it has no children left.
func waitForAll() int {
	n := 0
	for {
		_, err := unix.Wait4(-1, nil, 0, nil)
		if err == nil {
			n++
		} else if err != unix.EINTR {
			fmt.Printf("result %s, %d children, %v\n", os.Getenv(envPrefix+"RESULT"), n, err)
			return 0
		}
	}
}

// waiter is the path of the command that waitForAll is.
func waiter(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "wait-for-all")
	if err := os.Symlink(exe, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// A command that waits for all of its children does not wait for the client:
// none is there, and none is dead.
func TestCommandThatWaitsForAllChildren(t *testing.T) {
	out, status := newServedBox(t, "eth0").run(t, "eth0", "--", waiter(t))
	if !strings.HasSuffix(out, "\nresult ok, 0 children, no child processes\n") || status != 0 {
		t.Errorf("status %d, output:\n%s", status, out)
	}
	workerPID(t)
}

// However the worker comes to its end before it has a result: the command runs,
// and knows. Nothing dead is left for it to find.
func TestWorkerDiesBeforeTheResult(t *testing.T) {
	signal := func(sig unix.Signal) func(*testing.T, *process) {
		return func(t *testing.T, _ *process) {
			if err := unix.Kill(workerPID(t), sig); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, tt := range map[string]struct {
		env   string
		death func(*testing.T, *process)
	}{
		"killed":            {death: signal(unix.SIGKILL)},
		"crashed":           {death: signal(unix.SIGABRT)},
		"ended by a signal": {death: signal(unix.SIGTERM)},
		"panic":             {env: workerPanics},
		"never started":     {env: middleDies},
	} {
		t.Run(name, func(t *testing.T) {
			b := newSilentBox(t) // without a link the wait ends after 10 s, which may be too early
			p := b.command(t, "eth0", "--", waiter(t))
			p.Env = append(os.Environ(), tt.env)
			b.launch(p)
			if tt.death != nil {
				tt.death(t, p)
			}
			if out := p.end(); !strings.HasSuffix(out, "result error, 0 children, no child processes\n") || !p.ProcessState.Success() {
				t.Errorf("%v, output:\n%s", p.ProcessState, out)
			}
		})
	}
}

// The process between is needed for no longer than it takes to start the worker.
func TestMiddleProcessIsKilledLate(t *testing.T) {
	b := newBox(t)
	p := b.command(t, "-wait", "none", "--", waiter(t))
	p.Env = append(os.Environ(), middleDiesLate)
	b.launch(p)
	if out := p.end(); !strings.HasSuffix(out, "result ok, 0 children, no child processes\n") {
		t.Errorf("output:\n%s", out)
	}
	workerPID(t)
}

// To the command it makes no difference whether the client lives.
func TestWorkerDiesAfterTheResult(t *testing.T) {
	b := newBox(t)
	p := b.command(t, "-wait", "none", "--", "sh", "-c", `echo ready; read -r word; echo "$word"`)
	stdin, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	b.launch(p)
	p.prints("ready\n")
	if err := unix.Kill(workerPID(t), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(stdin, "unharmed"); err != nil {
		t.Fatal(err)
	}
	if out := p.end(); !strings.HasSuffix(out, "ready\nunharmed\n") || !p.ProcessState.Success() {
		t.Errorf("%v, output:\n%s", p.ProcessState, out)
	}
}

// Who ends the front process before there is a result, with Ctrl-C for example,
// means all of it. It need not be able to pass that on.
func TestFrontProcessIsKilled(t *testing.T) {
	b := newBox(t)
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	p := b.command(t, "--", "echo", "the command")
	p.Stdout, p.Stderr = out, out
	b.launch(p)
	worker := workerPID(t)
	p.signal(unix.SIGKILL)
	p.end()
	ends(t, worker)
	if text, err := os.ReadFile(out.Name()); err != nil || strings.Contains(string(text), "the command") {
		t.Errorf("output, %v:\n%s", err, text)
	}
}

// ends waits for the end of a worker, and reaps it.
func ends(t *testing.T, worker int) {
	t.Helper()
	eventually(t, "end the worker", func() bool {
		pid, err := unix.Wait4(worker, nil, unix.WNOHANG, nil)
		if err != nil && err != unix.EINTR {
			t.Fatal(err)
		}
		return pid == worker
	})
}

// A limit that lets no file grow is a signal, of which most programs die. It costs
// us the files.
func TestFilesMayNotGrow(t *testing.T) {
	b := newServedBox(t, "eth0")
	p := b.command(t, "eth0", "--", "sh", "-c", "echo result $DHCLIENT_LWS_RESULT")
	p.Env = append(os.Environ(), noSize)
	b.launch(p)
	out := p.end()
	for _, want := range []string{"dhclient-lws: resolv.conf: ", "dhclient-lws: status.json: ", "\nresult ok\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q", want)
		}
	}
	workerPID(t)
}
