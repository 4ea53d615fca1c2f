package netns

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Server is a DHCP server that runs in a namespace.
type Server struct {
	cmd *exec.Cmd
	log *serverLog
}

// Log is what the server has printed so far.
func (s *Server) Log() string { return s.log.String() }

// Stop ends the server as a power cut would, and returns when it is gone.
// Without it, a server runs until its test ends.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait() // it was killed, and says so
}

// serve starts a server and returns when it has printed a line that contains all
// of marks. What it prints is in the test's log if the test fails.
func (ns *NS) serve(t testing.TB, cmd *exec.Cmd, marks ...string) *Server {
	t.Helper()
	name := filepath.Base(cmd.Path)
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = in, in
	ns.Start(t, cmd)
	in.Close()

	log := &serverLog{ready: make(chan bool, 1)}
	go log.follow(out, marks...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s:\n%s", name, log)
		}
	})
	select {
	case ok := <-log.ready:
		if !ok {
			t.Fatalf("%s ended at once", name)
		}
	case <-time.After(20 * time.Second):
		t.Fatalf("%s did not start within 20 s", name)
	}
	return &Server{cmd, log}
}

// config writes a configuration file.
func config(t testing.TB, file string, lines []string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Binary is the path of a server that a test needs, in a copy of its own:
// AppArmor profiles go by path, and would refuse the server its configuration in
// a temporary directory. Ordinary users do not have /usr/sbin in their PATH.
func Binary(t testing.TB, name, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path = filepath.Join("/usr/sbin", name)
	}
	if unix.Access(path, unix.X_OK) != nil {
		t.Fatalf("%s is needed (Debian package %s)", name, debianPackage)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(t.TempDir(), name)
	// A process forked by a parallel test would hold the copy open for writing for
	// a moment, in which it cannot be executed.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(own, content, 0o755); err != nil {
		t.Fatal(err)
	}
	return own
}

// serverLog collects what a server prints and tells when it is ready.
type serverLog struct {
	ready chan bool // one value: true for ready, false for ended without
	mu    sync.Mutex
	text  bytes.Buffer
}

// follow reads until the server ends. It is ready with the first line that contains all of marks.
func (l *serverLog) follow(r io.ReadCloser, marks ...string) {
	defer r.Close()
	lines := bufio.NewScanner(r)
	told := false
	for lines.Scan() {
		l.mu.Lock()
		fmt.Fprintln(&l.text, lines.Text())
		l.mu.Unlock()
		if !told && containsAll(lines.Text(), marks) {
			l.ready <- true
			told = true
		}
	}
	if !told {
		l.ready <- false
	}
}

func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func containsAll(s string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(s, part) {
			return false
		}
	}
	return true
}
