package main

import (
	"os"
	"sync"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// stateKeeper keeps status.json. While much happens the file is written now and
// then; after that, at each change.
type stateKeeper struct {
	dir   string
	start time.Duration

	mu       sync.Mutex
	result   result
	pidStart int64
	last     time.Duration // when the file was last written
	next     time.Duration // when it is to be written; machine.Never if nothing changed
}

// stateGap is the least time between two writes that nobody asked for. The
// first comes that much after the start: nothing on the way to a lease waits for it.
const stateGap = 50 * time.Millisecond

func newStateKeeper(dir string, start time.Duration) *stateKeeper {
	return &stateKeeper{dir: dir, start: start, last: start, next: machine.Never}
}

// changed asks for the file to be written.
func (s *stateKeeper) changed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = min(s.next, s.last+stateGap)
}

// due is when it is to be written.
func (s *stateKeeper) due() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next
}

// write writes the file now. The result of the wait is noted once it is there.
func (s *stateKeeper) write(now time.Duration, r result, links []dhcpc.LinkStatus) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last, s.next = now, machine.Never
	if r != undecided {
		s.result = r
	}
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
