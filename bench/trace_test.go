package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// traced is a client under strace, which counts its system calls, and those of all
// that it starts.
func (s *started) traced(t *testing.T, argv [][]string) (under [][]string) {
	t.Helper()
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Fatal("strace is needed (Debian package strace)")
	}
	dir := t.TempDir()
	for i, args := range argv {
		file := filepath.Join(dir, fmt.Sprint(i))
		s.traces = append(s.traces, file)
		under = append(under, append([]string{strace, "-f", "-qq", "-c", "-o", file, "--"}, args...))
	}
	return under
}

// calls ends the client, and tells how many system calls it has made.
func (s *started) calls(t *testing.T) (n int) {
	t.Helper()
	s.group.EndTraced()
	for _, file := range s.traces {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n += total(string(text))
	}
	return n
}

// total reads the last line of strace's table: percentage, seconds, microseconds a
// call, calls, errors if there were any, "total".
func total(table string) int {
	for line := range strings.Lines(table) {
		fields := strings.Fields(line)
		if len(fields) >= 5 && fields[len(fields)-1] == "total" {
			n, _ := strconv.Atoi(fields[3])
			return n
		}
	}
	return 0
}
