package process

import (
	"time"

	"golang.org/x/sys/unix"
)

// cpu is what a process has spent so far, all of its threads, those that have ended
// too. It is 0 if the process has ended.
func cpu(pid int) time.Duration {
	const precise = 2                 // CPUCLOCK_SCHED
	clock := int32(^pid)<<3 | precise // clock_getcpuclockid(3)
	var t unix.Timespec
	if unix.ClockGettime(clock, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
