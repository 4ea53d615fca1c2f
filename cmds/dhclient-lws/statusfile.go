package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
)

func statusPath(dir string) string { return filepath.Join(dir, "status.json") }

// writeStatusFile replaces the file. There is a link to a line, and one link is
// put into words at a time: all of them would be the largest thing in memory.
func writeStatusFile(dir string, head *statusFile, start time.Duration, links []dhcpc.LinkStatus) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := renameio.NewPendingFile(statusPath(dir), renameio.WithTempDir(dir), renameio.WithPermissions(0o644))
	if err != nil {
		return err
	}
	defer f.Cleanup()
	w := &jsonWriter{b: make([]byte, 0, 2*statusChunk)}
	w.open('{')
	head.fields(&fields{w: w})
	w.key("links")
	w.open('[')
	var link linkStatus
	for i := range links {
		w.lineBreak()
		link.describe(&links[i], start)
		(&fields{w: w}).object(link.fields)
		if len(w.b) >= statusChunk {
			if _, err := f.Write(w.b); err != nil {
				return err
			}
			w.b = w.b[:0]
		}
	}
	w.end(']')
	w.end('}')
	if _, err := f.Write(append(w.b, '\n')); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

// statusChunk is how much is written at once, in bytes.
const statusChunk = 8 << 10

// maxStatusFile bounds what is read, in bytes: some ten thousand links.
const maxStatusFile = 16 << 20

func readStatusFile(dir string) (*statusFile, error) {
	path := statusPath(dir)
	f, err := os.Open(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("no resident has written its state to %s", safeText(path))
	case err != nil:
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxStatusFile))
	if err != nil {
		return nil, err
	}
	r := &jsonReader{in: content}
	st := &statusFile{}
	(&fields{r: r}).object(st.fields)
	switch {
	case !r.end():
		return nil, fmt.Errorf("%s is damaged", safeText(path))
	case st.version != statusVersion:
		return nil, fmt.Errorf("%s has version %d, and this program reads version %d", safeText(path), st.version, statusVersion)
	}
	return st, nil
}

// processStart is when a process was started, in clock ticks since boot; 0 if
// there is no such process, or it has ended and nobody has taken note.
func processStart(pid int) int64 {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
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
