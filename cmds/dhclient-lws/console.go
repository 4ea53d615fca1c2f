package main

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// console is where lines for people go: the terminal, and after the handoff the
// kernel's log. A terminal can be slow or stopped, and leases do not wait for it:
// lines are queued, and a goroutine of the console's own writes what one turn of
// the loop has queued at once.
type console struct {
	mu      sync.Mutex
	out     *os.File // nil: nowhere
	kernel  bool     // out is the kernel's log: a write is a record
	queued  []byte
	dropped int
	after   []func() // to be called when what is queued has been written
	kicked  chan struct{}

	log       *os.File // takes the terminal's place; nil until it is opened
	logKernel bool     // and is the kernel's
}

// maxQueued is how much may wait, in bytes. While more does what comes is
// dropped, and how often is said.
const maxQueued = 64 << 10

const linePrefix = "dhclient-lws: "

func newConsole(out *os.File) *console { return &console{out: out} }

// say queues a line.
func (c *console) say(line string) { _, _ = c.Write([]byte(linePrefix + line + "\n")) }

// Write queues lines as they are. It never fails.
func (c *console) Write(lines []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queued) > maxQueued {
		c.dropped++
		return len(lines), nil
	}
	if c.dropped > 0 {
		c.queued = append(c.queued, linePrefix+strconv.Itoa(c.dropped)+" messages were lost here\n"...)
		c.dropped = 0
	}
	c.queued = append(c.queued, lines...)
	return len(lines), nil
}

// turn has the queue written, if there is anything in it.
func (c *console) turn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queued) > 0 || len(c.after) > 0 {
		c.kick()
	}
}

// kick wakes the writer. The lock is held.
func (c *console) kick() {
	if c.kicked == nil {
		c.kicked = make(chan struct{}, 1)
		go c.write(c.kicked)
	}
	select {
	case c.kicked <- struct{}{}:
	default: // it will look anyhow
	}
}

// then calls fn once, when what is queued has been written, or after the
// patience if it could not be.
func (c *console) then(patience time.Duration, fn func()) {
	fn = sync.OnceFunc(fn)
	timer := time.AfterFunc(patience, fn)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after = append(c.after, func() {
		timer.Stop()
		fn()
	})
	c.kick()
}

// flush waits until what is queued has been written, but not longer than the patience.
func (c *console) flush(patience time.Duration) {
	done := make(chan struct{})
	c.then(patience, func() { close(done) })
	<-done
}

// write is the goroutine that writes.
func (c *console) write(kicked <-chan struct{}) {
	var spare []byte
	for range kicked {
		c.mu.Lock()
		lines, after := c.queued, c.after
		c.queued, c.after = spare[:0], nil
		out, kernel := c.out, c.kernel
		c.mu.Unlock()

		if len(lines) > 0 && out != nil {
			if err := put(out, kernel, lines); errors.Is(err, unix.EPIPE) {
				c.abandon(out) // nobody reads any more
			}
		}
		for _, fn := range after {
			fn()
		}
		spare = lines
	}
}

func put(out *os.File, kernel bool, lines []byte) error {
	if !kernel {
		_, err := out.Write(lines)
		return err
	}
	for line := range bytes.Lines(lines) {
		// Level 6 is "informational". A record that the kernel refuses, since
		// there were too many, is lost.
		_, _ = out.Write(append([]byte("<6>"), line...))
	}
	return nil
}

// abandon writes to nowhere, unless the lines have a new place meanwhile.
func (c *console) abandon(out *os.File) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out == out {
		c.out, c.kernel = nil, false
	}
}

func (c *console) redirect(out *os.File, kernel bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out, c.kernel = out, kernel
}

// leave lets go of the terminal: from here on lines go to the kernel's log. What
// the Go runtime has to say if it dies goes there too.
func (c *console) leave() {
	c.openLog()
	if c.log == nil {
		c.redirect(nil, false)
		return
	}
	for std := 1; std <= 2; std++ {
		_ = unix.Dup3(int(c.log.Fd()), std, 0)
	}
	c.redirect(c.log, c.logKernel)
}

// openLog opens the kernel's log, or what there is in its place. It may be called
// early, while /dev is there.
func (c *console) openLog() {
	if c.log != nil {
		return
	}
	fd, err := unix.Open("/dev/kmsg", unix.O_WRONLY|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	c.logKernel = err == nil
	if err != nil {
		fd, err = unix.Open(os.DevNull, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	}
	if err != nil {
		fd, err = brokenPipe()
	}
	if err == nil {
		c.log = os.NewFile(uintptr(fd), "log")
	}
}

// brokenPipe is for a machine without devices, where nothing else takes the place
// of what has to be closed.
func brokenPipe() (fd int, err error) {
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC); err != nil {
		return 0, err
	}
	return ends[1], unix.Close(ends[0])
}
