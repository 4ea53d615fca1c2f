// Package netns gives tests real networks without root and without touching
// the machine's own: the test binary runs in user, network and mount
// namespaces of its own, and each test makes further network namespaces in it.
//
//	func TestMain(m *testing.M) { netns.Main(m) }
//
//	func TestLease(t *testing.T) {
//		client, server := netns.New(t), netns.New(t)
//		netns.Veth(t, client, "eth0", server, "lan0")
//		...
//	}
package netns

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// outside names, in the environment of the inner process, the network namespace
// that it must not find itself in.
const outside = "DHCPTEST_OUTSIDE_NETNS"

// Main runs the tests of a package in namespaces of their own: it starts the
// test binary again with one mapped user, root, and no network but a loopback
// that is down, and exits with its status. If the machine does not allow that,
// it says so in one line and exits with status 1: tests that did not run have
// not passed.
func Main(m *testing.M) { os.Exit(Inside(m.Run)) }

// Inside runs this program again in such namespaces, where run is what it does, and
// returns its exit status.
func Inside(run func() int) int {
	avoid, isInside := os.LookupEnv(outside)
	if !isInside {
		return again()
	}
	if err := settle(avoid); err != nil {
		return complain(err)
	}
	return run()
}

// again runs this very process again, inside, and returns its exit status.
func again() int {
	self, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		return complain(err)
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), outside+"="+self)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET | unix.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}},
		Pdeathsig:   unix.SIGKILL,
	}
	runtime.LockOSThread() // the signal is sent when the thread ends, not the process
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		if exit.Exited() {
			return exit.ExitCode()
		}
		fmt.Fprintln(os.Stderr, "netns: the process ended by", exit)
		return 1
	}
	if err != nil {
		return complain(err)
	}
	return 0
}

// settle checks that the process is where it should be and keeps its mounts to itself.
func settle(avoid string) error {
	self, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	if self == avoid {
		return errors.New("this is still the machine's own network namespace")
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return os.NewSyscallError("mount", err)
	}
	return nil
}

func complain(err error) int {
	fmt.Fprintf(os.Stderr, "netns: user, network and mount namespaces are needed: %v (see user.max_user_namespaces, kernel.unprivileged_userns_clone, AppArmor)\n", err)
	return 1
}
