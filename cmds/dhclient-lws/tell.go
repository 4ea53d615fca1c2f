package main

import (
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

// complain tells people what is wrong, in one line.
func complain(line string) { tell(os.Stderr, linePrefix+line+"\n") }

// tell is for a process that is about to end, or to become the command: neither
// a reader that went away nor one that does not read may keep it from that.
func tell(out *os.File, text string) {
	// Else the runtime ends a process whose output nobody reads. The command gets
	// the signal back as it was.
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)
	c := newConsole(out)
	_, _ = c.Write([]byte(text)) // it takes everything
	c.flush(patience)
}
