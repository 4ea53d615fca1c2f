package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// children are the processes that were started by one, by any of its threads.
func children(pid int) (pids []int) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, f := range files {
		text, _ := os.ReadFile(f) // it may have ended
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

// descendants are the children of processes, theirs, and so on.
func descendants(pids []int) (all []int) {
	for _, pid := range pids {
		direct := children(pid)
		all = append(append(all, direct...), descendants(direct)...)
	}
	return all
}

// status is the sum of some numbers of a file such as /proc/PID/status; 0 if it is gone.
func status(file string, keys ...string) (sum int) {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		for _, key := range keys {
			rest, ok := strings.CutPrefix(line, key+":")
			if !ok {
				continue
			}
			if fields := strings.Fields(rest); len(fields) > 0 {
				n, _ := strconv.Atoi(fields[0])
				sum += n
			}
		}
	}
	return sum
}

// switches are how often the threads of a process have stopped running.
func switches(pid int) (n int) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	for _, f := range files {
		n += status(f, "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
	}
	return n
}
