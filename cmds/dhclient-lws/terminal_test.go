package main

import (
	"os"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal is a terminal as programs have it open, and the person in front of it.
type terminal struct {
	*os.File
	person *os.File
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	fd := int(person.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	programs, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { programs.Close() })
	return &terminal{File: programs, person: person}
}

// launchOn starts the process as u-root's init starts programs: as the leader of
// a session with a terminal, from which it reads.
func (b *box) launchOn(p *process, tty *terminal) {
	p.t.Helper()
	p.Stdin = tty.File
	p.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Pdeathsig: unix.SIGKILL}
	b.Do(p.t, func() { p.begin() })
}

// When a session leader ends, the kernel hangs its terminal up under all who use
// it: the shell that init starts next dies. So it is given up before.
func TestTerminalSurvivesTheFrontProcess(t *testing.T) {
	for _, args := range [][]string{
		{"-wait", "none", "--", "no-such-command"},
		{"-wait", "none", "-background"},
		{"-no-such-flag"},
		{"-h"},
	} {
		b, tty := newBox(t), newTerminal(t)
		p := b.command(t, args...)
		b.launchOn(p, tty)
		p.end()
		if _, err := tty.WriteString("still there"); err != nil {
			t.Errorf("%q: the terminal was hung up: %v", args, err)
		}
	}
}

// Who hangs up ends the front process, as any program, and the client with it.
func TestTerminalIsHungUp(t *testing.T) {
	b, tty := newBox(t), newTerminal(t)
	p := b.command(t, "--", "sleep", "1000")
	p.Stdout, p.Stderr = tty.File, tty.File
	b.launchOn(p, tty)
	worker := workerPID(t, p.Process.Pid)
	if err := tty.person.Close(); err != nil {
		t.Fatal(err)
	}
	p.diesOf(unix.SIGHUP)
	ends(t, worker)
}

// To a program that ignores it, as under nohup, nothing happens.
func TestTerminalIsHungUpUnderNohup(t *testing.T) {
	b, tty := newBox(t), newTerminal(t)
	p := b.launched(t, b.command(t, "-timeout", "1s", "--", "sh", "-c", "echo result $DHCLIENT_LWS_RESULT").Args...)
	p.Stderr = tty.File
	b.launchOn(p, tty)
	workerPID(t, p.Process.Pid)
	if err := tty.person.Close(); err != nil {
		t.Fatal(err)
	}
	if out := p.end(); out != "result timeout\n" {
		t.Errorf("output %q", out)
	}
}
