package main

import (
	"os"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
)

// publish writes r to the console itself: u-root's init gives its programs a pipe
// as standard output, whose content would be lost with the power.
func publish(r report.Report) error {
	line, err := r.Line()
	if err != nil {
		return err
	}
	console, err := os.OpenFile("/dev/console", os.O_WRONLY|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer console.Close()

	// The kernel writes its messages into the middle of other people's lines.
	const consoleOff = 6 // SYSLOG_ACTION_CONSOLE_OFF
	if _, err := unix.Klogctl(consoleOff, nil); err != nil {
		return os.NewSyscallError("klogctl", err)
	}
	if _, err := console.Write(append([]byte("\n"), line...)); err != nil {
		return err
	}
	// TCSBRK with a non-zero argument waits until the last byte has left.
	return os.NewSyscallError("tcdrain", unix.IoctlSetInt(int(console.Fd()), unix.TCSBRK, 1))
}
