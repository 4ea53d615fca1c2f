package dhcptest

import (
	"container/heap"
	"time"
)

// script is what is going to happen, in order of time and, within one instant,
// in the order in which it was arranged.
type script struct {
	steps []step
	added uint64
}

type step struct {
	at  time.Duration
	seq uint64
	do  func()
}

func (s *script) add(at time.Duration, do func()) {
	s.added++
	heap.Push(s, step{at, s.added, do})
}

// next is when the next step is due; ok is false if there is none.
func (s *script) next() (at time.Duration, ok bool) {
	if len(s.steps) == 0 {
		return 0, false
	}
	return s.steps[0].at, true
}

// take removes the next step.
func (s *script) take() step { return heap.Pop(s).(step) }

// The methods of heap.Interface.

func (s *script) Len() int { return len(s.steps) }

func (s *script) Less(i, j int) bool {
	a, b := &s.steps[i], &s.steps[j]
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

func (s *script) Swap(i, j int) { s.steps[i], s.steps[j] = s.steps[j], s.steps[i] }

func (s *script) Push(x any) { s.steps = append(s.steps, x.(step)) }

func (s *script) Pop() any {
	last := len(s.steps) - 1
	x := s.steps[last]
	s.steps[last] = step{}
	s.steps = s.steps[:last]
	return x
}
