// check stands where a boot would go on: dhclient-lws hands off to it. It
// reports on the console what the machine looks like, then powers it off.
//
// It judges nothing: a guest that is broken cannot be trusted to say so.
package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

func main() {
	if err := publish(gather()); err != nil {
		fmt.Fprintf(os.Stderr, "check: %v\n", err)
	}
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
		fmt.Fprintf(os.Stderr, "check: power off: %v\n", err)
		os.Exit(1)
	}
}
