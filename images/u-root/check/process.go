package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
)

// processes lists what runs in user space. Kernel threads and zombies have no
// arguments, which tells them apart.
func processes() ([]report.Process, error) {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var out []report.Process
	for _, dir := range dirs {
		p, err := process(dir)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // gone meanwhile
		}
		if err != nil {
			return nil, err
		}
		if len(p.Args) > 0 {
			out = append(out, p)
		}
	}
	return out, nil
}

func process(dir string) (p report.Process, err error) {
	args, err := os.ReadFile(dir + "/cmdline")
	if err != nil {
		return p, err
	}
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return p, err
	}
	if s := strings.TrimRight(string(args), "\x00"); s != "" {
		p.Args = strings.Split(s, "\x00")
	}
	if p.PID, err = strconv.Atoi(filepath.Base(dir)); err != nil {
		return p, err
	}
	// "PID (name) state parent group session ...", and a name may hold anything.
	_, err = fmt.Sscanf(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " %s %d %d %d", new(string), &p.Parent, new(int), &p.Session)
	return p, err
}

// zombies lists what has ended and nobody waits for. A parent may take a moment
// to, so what is listed has been there for a second.
func zombies() (names []string, err error) {
	for deadline := time.Now().Add(time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if names, err = dead(); err != nil || len(names) == 0 {
			break
		}
	}
	return names, err
}

func dead() (names []string, err error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // gone meanwhile
		}
		end := bytes.LastIndexByte(stat, ')')
		if bytes.HasPrefix(stat[end:], []byte(") Z ")) {
			names = append(names, string(stat[bytes.IndexByte(stat, '(')+1:end]))
		}
	}
	return names, nil
}

// killResident kills the client and waits until it is dead.
func killResident(all []report.Process) error {
	for _, p := range all {
		if !p.Resident() {
			continue
		}
		if err := unix.Kill(p.PID, unix.SIGKILL); err != nil {
			return os.NewSyscallError("kill", err)
		}
		for deadline := time.Now().Add(10 * time.Second); runs(p.PID); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				return fmt.Errorf("process %d runs 10 s after it was killed", p.PID)
			}
		}
	}
	return nil
}

func runs(pid int) bool {
	p, err := process("/proc/" + strconv.Itoa(pid))
	return err == nil && len(p.Args) > 0
}

// statusFile is where the resident writes its state when SIGUSR1 tells it to.
const statusFile = "/run/dhclient-lws/status.json"

// wake asks the resident for its status: a process that is there may still hang.
func wake(all []report.Process) error {
	before, _ := os.Stat(statusFile) // nil if there is none yet
	woken := 0
	for _, p := range all {
		if p.Resident() {
			if err := unix.Kill(p.PID, unix.SIGUSR1); err != nil {
				return os.NewSyscallError("kill", err)
			}
			woken++
		}
	}
	if woken == 0 {
		return errors.New("not running")
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		now, err := os.Stat(statusFile)
		if err == nil && (before == nil || !before.ModTime().Equal(now.ModTime())) {
			return nil
		}
	}
	return errors.New("runs, but wrote no status in 10 s after SIGUSR1")
}
