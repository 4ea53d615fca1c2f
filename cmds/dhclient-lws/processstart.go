package main

import (
	"os"
	"strconv"
	"strings"
	"sync"
)

// ownStart is that of this process, read once, while /proc can be: see enterRoot.
var ownStart = sync.OnceValue(func() int64 { return processStart(os.Getpid()) })

// processStart is when a process was started, in clock ticks since boot; 0 if
// there is no such process, or it has ended and nobody has taken note.
func processStart(pid int) int64 {
	stat, err := readFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	// The name of the program stands in parentheses and may hold anything. The
	// start is field 22, the twentieth after it.
	line := string(stat)
	fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	if len(fields) < 20 || fields[0] == "Z" {
		return 0
	}
	start, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		return 0
	}
	return start
}
