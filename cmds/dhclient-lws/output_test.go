package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// untold are calls of which people are told something before the command runs,
// by each of the processes that could.
var untold = map[string]struct {
	result string
	env    string
	args   []string
}{
	"by the worker":               {result: "ok", args: []string{"-wait", "none"}},
	"by a worker without a right": {result: "error", env: noRights},
	"of a mistake":                {result: "usage", args: []string{"-no-such-flag"}},
	"how it is used":              {result: "usage", args: []string{"-h"}},
	"that nothing can be started": {result: "error", env: noFiles},
}

// The command runs, though nobody can be told what came before it.
func TestCommandRunsUnannounced(t *testing.T) {
	for name, output := range map[string]func(*testing.T) *os.File{
		"nobody reads":     pipeWithoutReader,
		"somebody stopped": func(t *testing.T) *os.File { w, _ := fullPipe(t); return w },
		"stopped terminal": stoppedTerminal,
		"full disk":        fullDisk,
	} {
		for of, tt := range untold {
			t.Run(name+", "+of, func(t *testing.T) {
				b := newBox(t)
				p := b.command(t, append(tt.args, "--", "sh", "-c", `test "$DHCLIENT_LWS_RESULT" = "$0" && exit 42`, tt.result)...)
				p.Env = append(os.Environ(), "PATIENCE=100ms", tt.env)
				out := output(t)
				p.Stdout, p.Stderr = out, out
				b.launch(p)
				p.end()
				if status := p.ProcessState.ExitCode(); status != 42 {
					t.Errorf("status %d, want 42, and result %s", status, tt.result)
				}
			})
		}
	}
}

// Who reads slowly misses nothing: the command starts when all that we say is
// out, as long as that takes less than the patience.
func TestSlowReaderMissesNothing(t *testing.T) {
	b := newBox(t)
	w, r := fullPipe(t)
	p := b.command(t, "-wait", "none", "--", "echo", "the command")
	p.Stdout, p.Stderr = w, w
	b.launch(p)
	w.Close()
	eventually(t, "come to a result", func() bool {
		state, err := os.ReadFile(statusPath(b.state))
		return err == nil && bytes.Contains(state, []byte(`"result":"ok"`))
	})
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimLeft(string(text), "x"); !strings.HasPrefix(got, "dhclient-lws: not waiting, 0 of 0 links bound after ") || !strings.HasSuffix(got, " ms\nthe command\n") {
		t.Errorf("read %q", got)
	}
	p.end()
}

func pipeWithoutReader(t *testing.T) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	r.Close()
	return w
}

// fullPipe is a pipe with nothing but x in it.
func fullPipe(t *testing.T) (w, r *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		w.Close()
	})
	size, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, 4096)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(bytes.Repeat([]byte("x"), size)); err != nil {
		t.Fatal(err)
	}
	return w, r
}

// stoppedTerminal is one at which somebody pressed Ctrl-S.
func stoppedTerminal(t *testing.T) *os.File {
	t.Helper()
	tty := newTerminal(t)
	if err := unix.IoctlSetInt(int(tty.Fd()), unix.TCXONC, unix.TCOOFF); err != nil {
		t.Fatal(err)
	}
	return tty.File
}

func fullDisk(t *testing.T) *os.File {
	t.Helper()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { full.Close() })
	return full
}

// Nor does a machine whose /dev is empty keep the output open.
func TestNoDevices(t *testing.T) {
	b := newServedBox(t, "eth0")
	p := b.command(t, "eth0", "--", "sh", "-c", "echo result $DHCLIENT_LWS_RESULT")
	p.Args[0] = "without devices"
	p.Stdin = strings.NewReader("") // not from /dev/null
	p.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS, Pdeathsig: unix.SIGKILL}
	b.Do(t, p.begin)
	if out := p.end(); !strings.HasSuffix(out, "\nresult ok\n") {
		t.Errorf("%v", p.ProcessState)
	}
	b.Down(t, "eth0")
	worker := workerPID(t)
	eventually(t, "notice it, and live", func() bool {
		state, err := os.ReadFile(statusPath(b.state))
		return err == nil && bytes.Contains(state, []byte(`"carrier":false`))
	})
	if again := workerPID(t); again != worker {
		t.Errorf("worker %d lives, it was %d", again, worker)
	}
}

func becomeWithoutDevices() int {
	if err := unix.Mount("none", "/dev", "tmpfs", 0, ""); err != nil {
		fmt.Println("tmpfs:", err)
		return 1
	}
	fmt.Println(syscall.Exec("/proc/self/exe", append([]string{"dhclient-lws"}, os.Args[1:]...), os.Environ()))
	return 1
}
