// check stands where a boot would go on: dhclient-lws hands off to it. It
// reports on the console what the machine looks like, then powers it off.
//
// It judges nothing: a guest that is broken cannot be trusted to say so.
//
//	check [kill]
//
// With "kill" it also kills the client. As the init of another root it first waits until
// the client, started in the initramfs, has renewed a lease.
//
// As the first process of the machine it becomes the command in CHECK_FIRST: the
// kernel has no other way to start one with "--" among its arguments.
package main

import (
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

func main() {
	began := packet.Now()
	if first := strings.Fields(os.Getenv("CHECK_FIRST")); os.Getpid() == 1 && len(first) > 0 {
		os.Unsetenv("CHECK_FIRST")
		fmt.Fprintf(os.Stderr, "check: %s: %v\n", first[0], syscall.Exec("/bbin/"+first[0], first, os.Environ()))
		os.Exit(1)
	}
	if err := publish(gather(began, slices.Contains(os.Args[1:], "kill"), path.Base(os.Args[0]) == "init")); err != nil {
		fmt.Fprintf(os.Stderr, "check: %v\n", err)
	}
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
		fmt.Fprintf(os.Stderr, "check: power off: %v\n", err)
		os.Exit(1)
	}
}
