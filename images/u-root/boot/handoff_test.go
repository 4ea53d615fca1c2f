package boot

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
)

// The client where it may stand in a boot: as what u-root's init starts first, in
// a script, and as the first process of the machine.

// run boots a machine with what follows on the kernel's command line, to its end.
func run(t testing.TB, m Machine, parameters string) (r report.Report, console string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	var text strings.Builder
	r, err := m.run(ctx, &text, parameters)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(text.String())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return r, text.String()
}

// In the background it gives the terminal up: the shell that init starts next
// can be used, and the machine is alive.
func TestBackgroundThenShell(t *testing.T) {
	m := machine(t, NICs(1)).with(t, symlink("bin/defaultsh", "/bbin/gosh"))
	screen, keys, ended := m.atTheConsole(t, uinit("-background"))

	seen := readUntil(t, screen, "$ ")
	if _, err := keys.WriteString("check\n"); err != nil {
		t.Fatal(err)
	}
	r, err := scan(screen)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if !strings.Contains(seen, "1 of 1 links bound") {
		t.Errorf("the client's lines are not on the screen:\n%s", seen)
	}
	r.Result, r.Self.Parent = "ok", 1 // nothing was handed off, and the shell's child reports
	if err := Judge(r, m.NICs); err != nil {
		t.Error(err)
	}
}

// A command that is not there is no end: init goes on with what it has next.
func TestCommandIsNotThere(t *testing.T) {
	m := machine(t, NICs(1)).with(t, symlink("bin/defaultsh", "/bbin/check"))
	r, console := run(t, m, uinit("--", "no-such-command"))
	if !strings.Contains(console, "dhclient-lws: no-such-command: no such file or directory") {
		t.Error("nobody is told")
	}
	r.Result = "ok" // nothing was handed off
	if err := Judge(r, m.NICs); err != nil {
		t.Error(err)
	}
}

// A script in uinit's place goes on when the client has what the script waits
// for, whatever the script does with its output.
func TestScript(t *testing.T) {
	m := machine(t, NICs(3)).with(t, script("bin/uinit", `
dhclient-lws -background eth0
echo "first: $?"
text=$(dhclient-lws -background -state-dir /run/2 -resolv-conf "" eth1 2>&1)
echo "second: $text"
dhclient-lws -background -state-dir /run/3 -resolv-conf "" eth2 2>&1 | cat
exec check
`))
	r, console := run(t, m, "")
	for _, want := range []string{"first: 0\n", "second: dhclient-lws: eth1: ", "eth2       BOUND"} {
		if !strings.Contains(strings.ReplaceAll(console, "\r", ""), want) {
			t.Errorf("not on the console: %q", want)
		}
	}
	if err := errors.Join(judgeAddresses(r, m.NICs), judgeZombies(r)); err != nil {
		t.Error(err)
	}
	residents := 0
	for _, p := range r.Processes {
		if p.Resident() {
			residents++
			if p.Parent != 1 || p.Session != p.PID {
				t.Errorf("not on its own: %+v", p)
			}
		}
	}
	if residents != 3 {
		t.Errorf("%d clients instead of 3: %v", residents, r.Processes)
	}
}

// What was the init of another initramfs has a PID namespace of its own, and when it
// ends so does its client, with all else there. The client that u-root's init starts
// then takes the link over, with its address.
func TestInitO(t *testing.T) {
	m := machine(t, NICs(1)).with(t, script("inito", `
dhclient-lws -background
dhclient-lws status
echo "inito: $?"
`))
	r, console := run(t, m, m.handOffTo("check"))
	if !strings.Contains(strings.ReplaceAll(console, "\r", ""), "inito: 0\n") {
		t.Error("inito's client does not run")
	}
	if err := Judge(r, m.NICs); err != nil {
		t.Error(err)
	}
}

// Beside a script, as a job of its shell, the client is the shell's child and runs
// for as long as the terminal is there.
func TestJobOfAScript(t *testing.T) {
	m := machine(t, NICs(1)).with(t, script("bin/uinit", `
dhclient-lws &
while ! test -s /run/net-eth0.conf; do dhclient-lws status; done
check
`))
	r, _ := run(t, m, "")
	for i, p := range r.Processes {
		if p.Resident() {
			r.Processes[i].Parent, r.Processes[i].Session = 1, p.PID // it is the shell's
		}
	}
	r.Result, r.Self.Parent = "ok", 1
	if err := Judge(r, m.NICs); err != nil {
		t.Error(err)
	}
}

// The name and the flags of u-root's own client, as its scripts have them: they go on
// when the lease is there. The name needs a program of its own, since that of an image
// from u-root goes by the names of packages.
func TestUnderTheNameOfURootsClient(t *testing.T) {
	client := filepath.Join(t.TempDir(), "dhclient")
	compile(t, client, "cmds/dhclient-lws")
	m := machine(t, NICs(1)).with(t, program(t, "bin/dhclient", client), script("bin/uinit", `
dhclient -ipv6=false -v
echo "leased: $?"
dhclient -dry-run -timeout 2 -retry 5 -ipv4 -ipv6=false -v4-port 67 -vv eth7
echo "without a NIC: $?"
check
`))
	r, console := run(t, m, "")
	for _, want := range []string{"leased: 0\n", "without a NIC: 3\n"} {
		if !strings.Contains(strings.ReplaceAll(console, "\r", ""), want) {
			t.Errorf("not on the console: %q", want)
		}
	}
	r.Result, r.Self.Parent = "ok", 1 // nothing was handed off
	if err := Judge(r, m.NICs); err != nil {
		t.Error(err)
	}
}

// Before the real init: the first process of a machine that has neither /proc nor
// more than a few devices becomes u-root's init. Later the client is killed, and
// init reaps what is left of it.
func TestBeforeInit(t *testing.T) {
	m := machine(t, NICs(1)).with(t, symlink("bin/uinit", "/bbin/check"))
	r, _ := run(t, m, `rdinit=/bbin/check CHECK_FIRST="dhclient-lws -- /init" `+uinit("kill"))
	if err := Judge(r, m.NICs); err != nil {
		t.Error(err)
	}
	if !r.Killed {
		t.Error("the client was not killed")
	}
}

// The command as the first process, and all there is beside the client. It waits
// for nobody, so that what is left of the client stays.
func TestFirstProcess(t *testing.T) {
	m := machine(t, NICs(1))
	r, _ := run(t, m, `rdinit=/bbin/check CHECK_FIRST="dhclient-lws -- check kill"`)
	if r.Self.PID != 1 {
		t.Errorf("the command is process %d", r.Self.PID)
	}
	if len(r.Zombies) != 1 || r.Zombies[0] != "dhclient-lws" {
		t.Errorf("zombies %v, want the client", r.Zombies)
	}
	r.Self.Parent, r.Zombies = 1, nil
	if err := Judge(r, m.NICs); err != nil {
		t.Error(err)
	}
}

// Without a command the client is the first process itself, for as long as the
// machine runs: it notices that the cable is pulled.
func TestFirstProcessInTheForeground(t *testing.T) {
	m := machine(t, NICs(1))
	screen, keys, ended := m.atTheConsole(t, "rdinit=/bbin/dhclient-lws -- -once")
	readUntil(t, screen, "the first process of a machine must not end; staying")
	readUntil(t, screen, "1 of 1 links bound")
	// Ctrl-A C leads to QEMU's own monitor and back.
	if _, err := keys.WriteString("\x01cset_link n0 off\n\x01c"); err != nil {
		t.Fatal(err)
	}
	readUntil(t, screen, "dhclient-lws: eth0: no carrier")
	if _, err := keys.WriteString("\x01x"); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What follows may turn the machine off at once: all that we said before is on
// the console.
func TestLastLine(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	var console strings.Builder
	if _, err := machine(t, NICs(1)).run(ctx, &console, uinit("--", "shutdown")); !errors.Is(err, errNoReport) {
		t.Error(err)
	}
	if !strings.Contains(console.String(), " installed ") {
		t.Errorf("the end of the table is not on the console:\n%s", console.String())
	}
}
