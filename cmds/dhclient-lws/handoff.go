package main

import (
	"bytes"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Handing off takes three processes, since a Go program cannot fork:
//
//	front    was started by the user; waits for one result, then becomes the command
//	middle   starts the worker and ends, so that the worker is not the command's child
//	worker   is the client, from the first link event to the end of the machine
//
// Which of them a process is stands in its environment. The result comes back
// through a pipe, as the environment entries of the command; see environ.go.

type stage string

const (
	stageFront  stage = ""
	stageMiddle stage = "middle"
	stageWorker stage = "worker"
)

// stageVar holds the stage and when the front process started, in nanoseconds
// of CLOCK_BOOTTIME.
const stageVar = "DHCLIENT_LWS_STAGE"

func (s stage) entry(start time.Duration) string {
	return stageVar + "=" + string(s) + " " + strconv.FormatInt(int64(start), 10)
}

// currentStage tells which of the three processes this is. What the environment
// says of it is for this process only, and gone afterwards.
func currentStage() (s stage, start time.Duration) {
	name, at, _ := strings.Cut(os.Getenv(stageVar), " ")
	os.Unsetenv(stageVar)
	ns, err := strconv.ParseInt(at, 10, 64)
	if s = stage(name); err != nil || s != stageMiddle && s != stageWorker {
		return stageFront, 0
	}
	return s, time.Duration(ns)
}

// resultFD is the writing end of the result pipe in middle and worker.
const resultFD = 3

// supervise is the front process: it has the worker started and returns what
// the worker says about the wait. That is an error if it ends without a word.
func supervise(args []string, start time.Duration) []string {
	defaultAction(unix.SIGQUIT)
	first := os.Getpid() == 1
	if first {
		actAsInit()
	}
	env, err := runWorker(args, start)
	if err != nil {
		complain("the client could not be started: " + err.Error())
	}
	if env != nil {
		return env
	}
	// A process that dies closes its files a moment before it can be reaped.
	for tries := 0; first && reap() == 0 && tries < 100; tries++ {
		time.Sleep(time.Millisecond)
	}
	return environment(resultError, nil)
}

func runWorker(args []string, start time.Duration) ([]string, error) {
	// Not os.Pipe: to have the runtime watch it costs the time of eight system
	// calls, and the program its life if the caller's limit of files is low.
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("pipe", err)
	}
	result := os.NewFile(uintptr(ends[0]), "result")
	defer result.Close()
	pid, err := startSelf(args, stageMiddle.entry(start), unix.Stdin, ends[1], nil)
	_ = unix.Close(ends[1])
	if err != nil {
		return nil, err
	}
	for {
		if _, err := unix.Wait4(pid, nil, 0, nil); err != unix.EINTR {
			break
		}
	}
	block, err := readBlock(result)
	if err != nil {
		return nil, err
	}
	return readEnvironment(block), nil
}

// readBlock reads to the end of the block, or of what there is. The pipe itself
// may stay open in the worker a moment longer: see watchFront.
func readBlock(in io.Reader) (block []byte, err error) {
	var chunk [4 << 10]byte
	for !bytes.HasSuffix(block, blockEnd) {
		n, err := in.Read(chunk[:])
		block = append(block, chunk[:n]...)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return block, nil
}

// middle starts the worker in a session of its own, where neither the terminal
// nor the end of the front process reaches it.
func middle(args []string, start time.Duration) int {
	// Nothing that the caller happened to have open may stay open in a process
	// that stays: a lock, a pipe whose end somebody waits for.
	_ = unix.CloseRange(resultFD, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	stdin, err := emptyInput()
	if err == nil {
		_, err = startSelf(args, stageWorker.entry(start), stdin, resultFD, &syscall.SysProcAttr{Setsid: true})
	}
	if err != nil {
		complain("the client could not be started: " + err.Error())
		return exitFailure
	}
	return 0
}

const self = "/proc/self/exe"

// startSelf starts this program again and returns its PID. In a busybox binary
// the first argument selects the command, so it is always our name.
func startSelf(args []string, stage string, stdin, result int, sys *syscall.SysProcAttr) (int, error) {
	name := "dhclient-lws"
	if calledAs() == gokrazysDHCP {
		name = gokrazysDHCP // which says what is meant
	}
	pid, err := syscall.ForkExec(self, append([]string{name}, args...), &syscall.ProcAttr{
		Env:   append(os.Environ(), stage),
		Files: []uintptr{uintptr(stdin), uintptr(unix.Stdout), uintptr(unix.Stderr), uintptr(result)},
		Sys:   sys,
	})
	if err != nil {
		return 0, &os.PathError{Op: "start", Path: self, Err: err}
	}
	return pid, nil
}

// emptyInput is a file at whose end one is: /dev/null, or where there is none, a
// pipe that nobody writes to.
func emptyInput() (fd int, err error) {
	if fd, err = unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
		return fd, nil
	}
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return 0, os.NewSyscallError("pipe", err)
	}
	return ends[0], unix.Close(ends[1])
}

// worker is the client of a handed-off command.
func worker(args []string, start time.Duration) int {
	unix.CloseOnExec(resultFD)
	out := os.NewFile(resultFD, "result")
	o, err := parse(calledAs(), args)
	if err != nil {
		return exitUsage // not reached: the front process has parsed them
	}
	return serve(o, start, out)
}

// handOff tells the front process the result, after which the terminal is the
// command's: this process moves to where it disturbs nobody. It reports whether
// somebody was there to be told.
func handOff(out *os.File, env []string) bool {
	// A file system must not stay busy because of us. Paths are absolute.
	_ = unix.Chdir("/")
	nameProcess()
	_, err := out.Write(environmentBlock(env))
	_ = out.Close()
	return err == nil
}

// nameProcess is for ps and pidof, for which the name would else be that of
// /proc/self/exe.
func nameProcess() { _ = os.WriteFile("/proc/self/comm", []byte("dhclient-lws"), 0) }

// watchFront calls gone when the front process has closed its end of the pipe:
// it has ended, of Ctrl-C for example, or has the result. That takes nothing of
// the front process, and nothing on the way to the lease. While this waits the
// kernel keeps our end open, even if it is closed here.
func watchFront(out int, gone func()) {
	pipe := []unix.PollFd{{Fd: int32(out)}} // an error is told of unasked
	for {
		if _, err := unix.Poll(pipe, -1); err != unix.EINTR {
			break
		}
	}
	gone()
}

// giveUpTerminal lets go of the terminal before the process ends: when a
// session leader ends, its terminal is hung up under all who use it, and a
// shell that init starts next would die of it.
func giveUpTerminal() {
	if sid, err := unix.Getsid(0); err != nil || sid != os.Getpid() {
		return
	}
	ignoreHangup()
	for fd := range 3 {
		if unix.IoctlSetInt(fd, unix.TIOCNOTTY, 0) == nil {
			return
		}
	}
}

// readEnvironment takes the block apart again; nil if it is not complete.
func readEnvironment(block []byte) []string {
	body, complete := bytes.CutSuffix(block, blockEnd)
	if !complete {
		return nil
	}
	return strings.Split(string(body), "\x00")
}

// blockEnd is the end of the last entry, and the empty one behind it.
var blockEnd = []byte("\x00\x00")

// environmentBlock is a list of entries as one block: each ends in NUL, and an
// empty one ends the block.
func environmentBlock(env []string) []byte {
	return append([]byte(strings.Join(env, "\x00")), blockEnd...)
}
