package main

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// Files are read here without os.Open: for that the runtime would start to watch
// files, which takes system calls on the way to the first message.

// Files are named by those who read them, not by the errors of these.

// readProc reads a file of /proc.
func readProc(path string) ([]byte, error) {
	f, err := openFile(path, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

var (
	errNotFile  = errors.New("not a file")
	errTooLarge = errors.New("too large")
)

// readRegular reads a file that others may have put there: it must be one, of at most
// limit bytes, and pass the check. flags are further ones for open(2).
func readRegular(path string, limit int64, flags int, check func(fs.FileInfo) error) ([]byte, error) {
	f, err := openFile(path, unix.O_NONBLOCK|flags) // a pipe would hold us up
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotFile
	}
	if err == nil && check != nil {
		err = check(info)
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

func openFile(path string, flags int) (*os.File, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC|flags, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), path), nil
}
