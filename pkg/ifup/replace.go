package ifup

import (
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// ReplaceFile puts a file in the place of another, or leaves that as it is: who opens
// it finds the one or the other, and whole, even after a power failure. mode is what
// it says, whatever the umask. The new file is written beside the old one, under its
// name with a dot before and digits behind.
//
// It does what package renameio does, without the thirtieth of the command that os
// needs to look at a file, which is not done here.
func ReplaceFile(path string, mode fs.FileMode, write func(io.Writer) error) error {
	f, err := createBeside(path)
	if err != nil {
		return err
	}
	err = f.Chmod(mode)
	if err == nil {
		err = write(f)
	}
	if err == nil {
		err = f.Sync()
	}
	// Before the rename: who watches the file sees it appear, and no more.
	if failed := f.Close(); err == nil {
		err = failed
	}
	if err == nil {
		err = pathError("rename", path, unix.Rename(f.Name(), path))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// createBeside creates a file that nobody else has.
func createBeside(path string) (*os.File, error) {
	dir, base := filepath.Split(path)
	const attempts = 100 // somebody may have put files in our way, but not with luck
	err := error(unix.EEXIST)
	for range attempts {
		name := dir + "." + base + strconv.FormatUint(rand.Uint64(), 10)
		fd, failed := unix.Open(name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
		if failed == nil {
			return os.NewFile(uintptr(fd), name), nil
		}
		if err = pathError("open", name, failed); !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return nil, err
}

func pathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}
