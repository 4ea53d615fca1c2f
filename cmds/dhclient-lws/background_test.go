package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// script is a shell in which $dhclient is the command with the files of the box,
// not yet started.
func (b *box) script(t *testing.T, text string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "dhclient-lws")
	if err := os.Symlink(exe, path); err != nil {
		t.Fatal(err)
	}
	p := b.command(t)
	p.Env = append(os.Environ(), "dhclient="+strings.Join(append([]string{path}, p.Args[1:]...), " "))
	if p.Path, err = exec.LookPath("sh"); err != nil {
		t.Fatal(err)
	}
	p.Args = []string{"sh", "-c", text}
	return p
}

// A script goes on when -background has what it waits for. Who reads what it says
// reads to the end of that, and not to the end of the client.
func TestBackgroundInAScript(t *testing.T) {
	for name, text := range map[string]string{
		"status":       `$dhclient -background eth0; echo "status $?"`,
		"substitution": `text=$($dhclient -background eth0 2>&1); echo "$text"; echo "status $?"`,
		"pipe":         `$dhclient -background eth0 2>&1 | cat; echo "status $?"`,
		"wait":         `$dhclient -background eth0 & wait; echo "status $?"`,
		"command":      `text=$($dhclient eth0 -- true 2>&1); echo "$text"; echo "status $?"`,
	} {
		t.Run(name, func(t *testing.T) {
			b := newServedBox(t, "eth0")
			p := b.script(t, text)
			b.launch(p)
			if out := p.end(); !strings.Contains(out, "1 of 1 links bound") || !strings.HasSuffix(out, " ms\nstatus 0\n") {
				t.Errorf("output:\n%s", out)
			}
			workerPID(t)
		})
	}
}

// Who starts a second client for the same link waits no longer than he said. It
// stays as well, and takes over when the first has ended.
func TestBackgroundTwice(t *testing.T) {
	b := newServedBox(t, "eth0")
	p := b.script(t, `$dhclient -background eth0; $dhclient -background -timeout 1s eth0; echo "status $?"`)
	b.launch(p)
	first := 0
	eventually(t, "start the first client", func() bool {
		for pid := range children(t) {
			first = pid
		}
		return first != 0
	})
	out := p.end()
	if !strings.Contains(out, "dhclient-lws: eth0: another client (pid "+itoa(first)+") has it; waiting\n") || !strings.HasSuffix(out, "\nstatus 3\n") ||
		!regexp.MustCompile(`timeout after 1\.\d s, 0 of 1 links bound\nINTERFACE .*\neth0       held by pid `+itoa(first)+` `).MatchString(out) {
		t.Errorf("first %d, output:\n%s", first, out)
	}
	if clients := children(t); len(clients) != 2 {
		t.Errorf("%d clients, want 2", len(clients))
	}
}
