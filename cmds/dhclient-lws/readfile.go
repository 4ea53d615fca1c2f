package main

import (
	"errors"
	"io"
	"iter"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// Files are read here without os.Open: for that the runtime would start to watch
// files, which takes system calls on the way to the first message. And they are looked
// at without os.Stat, whose answer has a time, whose text every time zone belongs to:
// a thirtieth of the program.

// Files are named by those who read them, not by the errors of these.

// readFile reads a file that is the system's.
func readFile(path string) ([]byte, error) {
	fd, err := open(path, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	return io.ReadAll(f)
}

var (
	errNotFile  = errors.New("not a file")
	errTooLarge = errors.New("too large")
)

// readRegular reads a file that others may have put there: it must be one, of at most
// limit bytes, and pass the check. flags are further ones for open(2).
func readRegular(path string, limit int64, flags int, check func(*unix.Stat_t) error) ([]byte, error) {
	fd, err := open(path, unix.O_NONBLOCK|flags) // a pipe would hold us up
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close()
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFREG {
		err = errNotFile
	}
	if err == nil && check != nil {
		err = check(&st)
	}
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = errTooLarge
	}
	return content, err
}

func open(path string, flags int) (fd int, err error) {
	return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|flags, 0)
}

// maxEntries is how many entries of a directory are looked at: /run and /tmp are
// everybody's to fill.
const maxEntries = 16 << 10

// entries goes over the names in a directory as the kernel has them, a few at a time.
// What cannot be listed has none.
func entries(dir string) iter.Seq[string] {
	return func(yield func(string) bool) {
		fd, err := open(dir, unix.O_DIRECTORY)
		if err != nil {
			return
		}
		defer unix.Close(fd)
		buf := make([]byte, 8<<10)
		for left := maxEntries; ; {
			n, err := unix.ReadDirent(fd, buf)
			if n <= 0 || err != nil {
				return
			}
			_, _, names := unix.ParseDirent(buf[:n], -1, nil)
			for _, name := range names {
				if left == 0 || !yield(name) {
					return
				}
				left--
			}
		}
	}
}

// sortedEntries are the same in order.
func sortedEntries(dir string) (list []string) {
	for name := range entries(dir) {
		at, _ := slices.BinarySearch(list, name)
		list = slices.Insert(list, at, name)
	}
	return list
}
