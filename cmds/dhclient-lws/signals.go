package main

import (
	"os"
	"os/signal"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ignoreHangup is for the moment between giving up a terminal and the end.
func ignoreHangup() { signal.Ignore(unix.SIGHUP) }

// ignoreBrokenPipe makes an error of what else ends the process: a reader of our
// output that went away is no reason to let a network go.
func ignoreBrokenPipe() { signal.Ignore(unix.SIGPIPE) }

// watchSignals calls the functions of a resident, from a goroutine of its own.
func watchSignals(renew, writeStatus func(), end func(os.Signal)) {
	all := make(chan os.Signal, 8)
	signal.Notify(all, unix.SIGTERM, unix.SIGQUIT, unix.SIGHUP, unix.SIGUSR1)
	// A shell has its background processes ignore Ctrl-C, which is not for them.
	if !signal.Ignored(unix.SIGINT) {
		signal.Notify(all, unix.SIGINT)
	}
	if os.Getpid() == 1 {
		signal.Notify(all, unix.SIGCHLD)
	}
	go func() {
		for sig := range all {
			switch sig {
			case unix.SIGHUP:
				renew()
			case unix.SIGUSR1:
				writeStatus()
			case unix.SIGCHLD:
				reap()
			default:
				end(sig)
			}
		}
	}()
}

// dieOf ends the process by a signal, so that a supervisor sees that it was told
// to and need not wonder about an exit status. It returns where that is not
// possible, with the status that shells use.
func dieOf(sig os.Signal) int {
	number, _ := sig.(unix.Signal) // all signals are
	if os.Getpid() != 1 {          // the kernel spares the first process of a machine
		signal.Reset(sig)
		defaultAction(number)
		_ = unix.Kill(os.Getpid(), number)
		time.Sleep(time.Second) // it may reach another thread first
	}
	return 128 + int(number)
}

// defaultAction leaves a signal to the kernel. Where that is not possible, the Go
// runtime ends the process, after a page of stacks if it is SIGQUIT.
func defaultAction(sig unix.Signal) {
	var action [64]byte // what struct sigaction is at most: all zero is the default
	const maskSize = 8
	_, _, _ = unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, maskSize, 0, 0)
}

// reap takes note of every child that has ended, and returns how many there
// were. Orphans are given to the first process of a machine, which is what we are.
func reap() (n int) {
	for {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
		switch {
		case pid > 0:
			n++
		case err != unix.EINTR:
			return n
		}
	}
}

// actAsInit does what the first process of a machine must do before it can have
// children.
func actAsInit() {
	if unix.Access("/proc/self/exe", unix.F_OK) != nil {
		_ = os.Mkdir("/proc", 0o555)
		_ = unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	}
	// If the first process dies of a signal so does the machine. The command gets
	// them back as they were.
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGPIPE)
}
