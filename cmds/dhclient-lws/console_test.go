package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// newPipeConsole is a console whose lines arrive at r.
func newPipeConsole(t *testing.T) (c *console, r *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		w.Close()
	})
	return newConsole(w), r
}

func read(t *testing.T, r *os.File, want string) {
	t.Helper()
	buf := make([]byte, len(want))
	for n := 0; n < len(want); {
		m, err := r.Read(buf[n:])
		if err != nil {
			t.Fatalf("%v after %q", err, buf[:n])
		}
		n += m
	}
	if string(buf) != want {
		t.Errorf("%q, want %q", buf, want)
	}
}

func TestConsoleWritesInOrder(t *testing.T) {
	c, r := newPipeConsole(t)
	c.say("one: 1")
	c.turn()
	read(t, r, "dhclient-lws: one: 1\n")
	c.say("two")
	c.Write([]byte("table\n"))
	told := make(chan bool)
	c.then(time.Minute, func() {
		// What was queued has been written by now.
		read(t, r, "dhclient-lws: two\ntable\n")
		close(told)
	})
	<-told
}

// A terminal that takes nothing holds nobody up for longer than the patience.
func TestConsoleIsBlocked(t *testing.T) {
	c, r := newPipeConsole(t)
	if _, err := unix.FcntlInt(r.Fd(), unix.F_SETPIPE_SZ, 4096); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", maxQueued) + "\n"
	c.Write([]byte(long))
	c.turn()
	eventually(t, "start writing", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.queued) == 0
	})
	// The writer is stuck now. What is queued meanwhile is bounded.
	c.Write([]byte(long))
	c.Write([]byte("dropped\n"))
	c.Write([]byte("dropped\n"))
	called := 0
	c.then(time.Millisecond, func() { called++ })
	c.flush(10 * time.Millisecond)
	// It is read at last, and says what is missing.
	read(t, r, long+long)
	c.Write([]byte("next\n"))
	c.turn()
	read(t, r, "dhclient-lws: 2 messages were lost here\nnext\n")
	c.flush(time.Minute)
	if called != 1 {
		t.Errorf("called %d times, want once: in time", called)
	}
}

func TestConsoleWithoutReader(t *testing.T) {
	c, r := newPipeConsole(t)
	r.Close()
	c.say("nobody reads this")
	c.flush(time.Minute)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.out != nil {
		t.Error("it still writes to a pipe that nobody reads")
	}
}

func TestConsoleWritesRecords(t *testing.T) {
	c, r := newPipeConsole(t)
	c.kernel = true
	c.say("one")
	c.say("two")
	c.turn()
	read(t, r, "<6>dhclient-lws: one\n<6>dhclient-lws: two\n")
}
