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
	"testing"
	"time"
)

// Dnsmasq describes a DHCP server. Its interfaces must be up and have addresses.
type Dnsmasq struct {
	Interfaces []string
	Ranges     []string // as dhcp-range has it: "192.0.2.50,192.0.2.99,255.255.255.0,1h"
	Lines      []string // further lines of its configuration: "dhcp-option=3,192.0.2.1"
}

// Start starts the server in the namespace and returns when it serves. What it
// logs is in the test's log if the test fails.
func (d Dnsmasq) Start(t testing.TB, ns *NS) {
	t.Helper()
	dir := t.TempDir()
	conf := []string{
		"port=0", "keep-in-foreground", "user=root", "group=", "log-facility=-", "log-dhcp",
		"no-ping", "dhcp-authoritative", "bind-interfaces", "except-interface=lo",
		"pid-file=", "dhcp-leasefile=" + filepath.Join(dir, "leases"),
	}
	for _, name := range d.Interfaces {
		conf = append(conf, "interface="+name)
	}
	for _, r := range d.Ranges {
		conf = append(conf, "dhcp-range="+r)
	}
	conf = append(conf, d.Lines...)
	file := filepath.Join(dir, "dnsmasq.conf")
	if err := os.WriteFile(file, []byte(strings.Join(conf, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}

	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(Binary(t, "dnsmasq", "dnsmasq-base"), "--conf-file="+file)
	cmd.Stdout, cmd.Stderr = in, in
	ns.Start(t, cmd)
	in.Close()

	log := &serverLog{ready: make(chan bool, 1)}
	go log.follow(out, "dnsmasq[", "started,")
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("dnsmasq:\n%s", log)
		}
	})
	select {
	case ok := <-log.ready:
		if !ok {
			t.Fatal("dnsmasq ended at once")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("dnsmasq did not start within 20 s")
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
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%s is needed (Debian package %s): %v", name, debianPackage, err)
	}
	own := filepath.Join(t.TempDir(), name)
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
