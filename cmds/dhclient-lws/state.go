package main

import (
	"os"
	"sync"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// stateKeeper keeps status.json up to date. While much happens the file is
// written now and then; after that, at each change.
type stateKeeper struct {
	dir   string
	start time.Duration

	mu       sync.Mutex
	result   result
	pidStart int64
	last     time.Duration // when the file was last written
	due      time.Duration // when it is to be written; machine.Never if nothing changed
}

// stateGap is the least time between two writes that nobody asked for. The
// first comes that much after the start: nothing on the way to a lease waits for it.
const stateGap = 50 * time.Millisecond

func newStateKeeper(dir string, start time.Duration) *stateKeeper {
	return &stateKeeper{dir: dir, start: start, last: start, due: machine.Never}
}

// changed asks for the file to be written, and writeAt says when.
func (s *stateKeeper) changed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.due = min(s.due, s.last+stateGap)
}

func (s *stateKeeper) writeAt() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.due
}

// decided notes the result of the wait.
func (s *stateKeeper) decided(r result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.result = r
}

// write writes the file now.
func (s *stateKeeper) write(now time.Duration, links []dhcpc.LinkStatus) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.due = now, machine.Never
	if s.dir == "" {
		return nil
	}
	if s.pidStart == 0 {
		s.pidStart = processStart(os.Getpid())
	}
	return writeStatusFile(s.dir, &statusFile{
		version: statusVersion,
		pid:     int64(os.Getpid()), pidStart: s.pidStart,
		start: s.start.Milliseconds(), written: now.Milliseconds(),
		result: string(s.result),
	}, s.start, links)
}
