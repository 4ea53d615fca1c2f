package main

import (
	"errors"
	"sync"
	"time"
)

// disk is a directory for a goroutine that must go on. What is in memory answers,
// but a disk may hold up whoever looks into it for ever: there another goroutine
// goes, one after the other, and is waited for a little. What was given up is done
// all the same if the disk answers after all.
type disk struct {
	dir      string
	patience time.Duration
	back     func() // called when it answers again; may be nil

	mu      sync.Mutex
	errands []errand
	hangs   bool // the first of them was given up
}

type errand struct {
	do   func()
	done chan struct{}
}

// loopPatience is how long the loop waits for a disk. The links wait with it: as
// long as a flash card may take that is busy with all that a boot starts, when what
// it holds spares a link a change of address.
const loopPatience = 500 * time.Millisecond

func notAnswering(dir string) error { return errors.New(dir + " does not answer") }

// do calls fn and reports whether it has returned. While the disk hangs it only
// notes what is to be done. One goroutine may call it.
func (d *disk) do(fn func()) bool {
	// A goroutine starts a thread, which the first lock of a boot is not worth.
	if d.answers() && inMemory(d.dir) {
		fn()
		return true
	}
	e := errand{fn, make(chan struct{})}
	d.mu.Lock()
	hangs := d.hangs
	if d.errands = append(d.errands, e); len(d.errands) == 1 {
		go d.work()
	}
	d.mu.Unlock()
	if hangs {
		return false
	}
	// Not time.NewTimer: its channel is one of times, see readfile.go.
	late := make(chan struct{})
	defer time.AfterFunc(d.patience, func() { close(late) }).Stop()
	select {
	case <-e.done:
		return true
	case <-late:
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.hangs = len(d.errands) > 0 // else it has returned just now
	return !d.hangs
}

// answers reports whether nothing that was begun hangs.
func (d *disk) answers() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.hangs
}

// work runs the errands.
func (d *disk) work() {
	for {
		d.mu.Lock()
		e := d.errands[0]
		d.mu.Unlock()
		e.do()
		d.mu.Lock()
		d.errands = d.errands[1:]
		over, hung := len(d.errands) == 0, d.hangs
		d.hangs = hung && !over
		d.mu.Unlock()
		close(e.done)
		if over {
			if hung && d.back != nil {
				d.back()
			}
			return
		}
	}
}
