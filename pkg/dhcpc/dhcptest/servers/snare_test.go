package servers

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// A snare is what a process must not get beyond: it is killed in the first system
// call of this kind, before the kernel does anything of it. The kernel itself stops
// the process there (seccomp's user notification), so that no luck is needed.
type snare struct {
	call  uintptr                                  // unix.SYS_...
	holds func(pid int, args [6]uint64) (yes bool) // whether it is this one
}

// Both are the same on all processors that Go runs tests of this project on.
type (
	notification struct {
		id   uint64
		pid  uint32 // of the thread
		_    uint32
		_, _ uint32 // the call, the architecture
		_    uint64
		args [6]uint64
	}
	notificationReply struct {
		id    uint64
		_     int64
		_     int32
		flags uint32
	}
)

// startInto starts a process in a namespace that runs into a snare. caught is closed
// once it was killed there.
func startInto(t *testing.T, ns *netns.NS, cmd *exec.Cmd, sn *snare) (caught <-chan struct{}) {
	t.Helper()
	started, isCaught := make(chan struct{}), make(chan struct{})
	var listener int
	var err error
	go func() {
		// What this thread starts inherits the filter, so it must not be used for
		// anything else. Nor may it end: with it would die all that it ever started,
		// servers of other tests among them (see Pdeathsig).
		runtime.LockOSThread()
		if listener, err = stopAt(sn.call); err == nil {
			go sn.watch(listener, os.Getpid(), isCaught)
			ns.Start(t, cmd)
		}
		close(started)
		select {}
	}()
	<-started
	if err != nil {
		t.Fatalf("seccomp's user notification is needed: %v", err)
	}
	return isCaught
}

// stopAt has the kernel stop this thread, and what it starts, at one system call.
func stopAt(call uintptr) (listener int, err error) {
	code := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}, // the number of the call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(call), Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return -1, errno
	}
	return int(fd), nil
}

// watch lets all go on but the process in the snare, until that is dead.
func (sn *snare) watch(listener, us int, caught chan<- struct{}) {
	defer unix.Close(listener)
	for {
		var n notification
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(&n))); errno != 0 {
			if errno == unix.EINTR || errno == unix.ENOENT { // it was interrupted, and will be back
				continue
			}
			return
		}
		if pid := processOf(n.pid); pid != us && sn.holds(pid, n.args) {
			_ = unix.Kill(pid, unix.SIGKILL)
			close(caught)
			return
		}
		reply := notificationReply{id: n.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
		_, _, _ = unix.Syscall(unix.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&reply)))
	}
}

// processOf is the process of a thread, 0 if it is gone.
func processOf(thread uint32) (pid int) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	_, line, _ := bytes.Cut(status, []byte("\nTgid:"))
	_, _ = fmt.Sscan(string(line), &pid)
	return pid
}

// memory is what a process has at an address, as much of n bytes as there is.
func memory(pid int, at uint64, n int) []byte {
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return nil
	}
	defer f.Close()
	b := make([]byte, n)
	n, err = f.ReadAt(b, int64(at))
	if err != nil && n == 0 && !errors.Is(err, os.ErrClosed) {
		return nil
	}
	return b[:n]
}

// syncing is the snare for who has written a file, whose temporary name begins so,
// and not yet put it into its place.
func syncing(prefix string) *snare {
	return &snare{unix.SYS_FSYNC, func(pid int, args [6]uint64) bool {
		name, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, args[0]))
		return strings.Contains(name, "/"+prefix)
	}}
}

// renaming is the snare for who is about to put a file into its place.
func renaming(prefix string) *snare {
	return &snare{unix.SYS_RENAMEAT, func(pid int, args [6]uint64) bool {
		name, _, _ := bytes.Cut(memory(pid, args[1], 256), []byte{0})
		return bytes.Contains(name, []byte("/"+prefix))
	}}
}

// addressing is the snare for who asks the kernel for an address.
func addressing() *snare {
	return &snare{unix.SYS_WRITE, func(pid int, args [6]uint64) bool {
		for b := memory(pid, args[1], int(min(args[2], 64<<10))); len(b) >= unix.NLMSG_HDRLEN; {
			size, kind := binary.NativeEndian.Uint32(b), binary.NativeEndian.Uint16(b[4:])
			if size < unix.NLMSG_HDRLEN || int(size) > len(b) {
				return false
			}
			if kind == unix.RTM_NEWADDR {
				return true
			}
			b = b[min(int(size+3)&^3, len(b)):]
		}
		return false
	}}
}

// again is the snare for the second time that the other would have held.
func again(sn *snare) *snare {
	times := 0
	return &snare{sn.call, func(pid int, args [6]uint64) bool {
		held := sn.holds(pid, args)
		if held {
			times++
		}
		return held && times == 2
	}}
}
