package main

import (
	"errors"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// statusPath is the file of the first resident.
func statusPath(dir string) string { return filepath.Join(dir, statusName+".json") }

// furtherPath is the file of a further one.
func furtherPath(dir string, pid int) string {
	return filepath.Join(dir, statusName+"."+strconv.Itoa(pid)+".json")
}

// furtherPaths are the files of all further ones, living and dead.
func furtherPaths(dir string) []string {
	var paths []string
	for _, entry := range sortedEntries(dir) { // what cannot be listed cannot be read either
		middle, found := strings.CutPrefix(entry, statusName+".")
		if pid, err := strconv.Atoi(strings.TrimSuffix(middle, ".json")); found && err == nil && furtherPath("", pid) == entry {
			paths = append(paths, filepath.Join(dir, entry))
		}
	}
	return paths
}

// writeStatus writes the file of this resident; at the end it removes it if it
// is not that of the first.
func (s *scribe) writeStatus(shot *snapshot) error {
	dir := s.stateDir
	if dir == "" {
		return nil
	}
	if s.statusAt == "" {
		s.chooseStatusPath(dir)
	}
	if shot.last && s.statusAt != statusPath(dir) {
		return os.Remove(s.statusAt)
	}
	return writeStatusFile(s.statusAt, &statusFile{
		version: statusVersion,
		pid:     int64(os.Getpid()), pidStart: ownStart(),
		start: s.start.Milliseconds(), written: shot.now.Milliseconds(),
		result: string(s.result),
	}, shot.described(s.start))
}

// chooseStatusPath finds out whether this is the first resident, and removes what
// others left that were killed.
func (s *scribe) chooseStatusPath(dir string) {
	s.statusAt = statusPath(dir)
	fd, err := openLock(filepath.Join(dir, firstResidentLock))
	if err == nil && unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB) == unix.EWOULDBLOCK {
		_ = unix.Close(fd)
		s.statusAt = furtherPath(dir, os.Getpid())
	} else if err == nil {
		s.first = fd // for as long as this process lives
	}
	for _, path := range furtherPaths(dir) {
		if st, err := readStatusFile(path); err == nil && !st.alive() {
			_ = os.Remove(path)
		}
	}
}

// writeStatusFile replaces the file. There is a link to a line, and one link is
// put into words at a time: all of them would be the largest thing in memory.
func writeStatusFile(path string, head *statusFile, links iter.Seq[*linkStatus]) error {
	return ifup.ReplaceFile(path, 0o644, func(f io.Writer) error { return writeStatusJSON(f, head, links) })
}

func writeStatusJSON(f io.Writer, head *statusFile, links iter.Seq[*linkStatus]) error {
	w := &jsonWriter{b: make([]byte, 0, 2*statusChunk)}
	w.open('{')
	head.fields(&fields{w: w})
	w.key("links")
	w.open('[')
	for link := range links {
		w.lineBreak()
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
	_, err := f.Write(append(w.b, '\n'))
	return err
}

// statusChunk is how much is written at once, in bytes.
const statusChunk = 8 << 10

// maxStatusFile bounds what is read, in bytes: some ten thousand links.
const maxStatusFile = 16 << 20

// noResident says that there is no status file.
type noResident string

func (e noResident) Error() string {
	return "no resident has written its state to " + safeText(string(e))
}

func (noResident) Is(target error) bool { return target == os.ErrNotExist }

func readStatusFile(path string) (*statusFile, error) {
	content, err := readRegular(path, maxStatusFile, 0, nil)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, noResident(path)
	case errors.Is(err, errNotFile):
		return nil, errors.New(safeText(path) + " is not a file")
	case err != nil:
		return nil, wrap.In(safeText(path), err)
	}
	r := &jsonReader{in: content}
	st := &statusFile{}
	(&fields{r: r}).object(st.fields)
	switch {
	case !r.end():
		return nil, errors.New(safeText(path) + " is damaged")
	case st.version != statusVersion:
		return nil, errors.New(safeText(path) + " has " + otherVersion(st.version, statusVersion).Error())
	}
	return st, nil
}
