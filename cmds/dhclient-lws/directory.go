package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// makeDirectory makes sure that a directory is there, and that nobody but root
// and we can put anything into it: what is read there is believed.
func makeDirectory(dir string) error {
	if err := makeDirectories(dir); err != nil {
		return about(dir, err)
	}
	return about(dir, checkDirectory(dir))
}

// about is an error in which the directory is named as it was given, whatever
// part of it the kernel stumbled over.
func about(dir string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return wrap.In(dir, e.Err)
	}
	return err
}

// makeDirectories makes a directory, and those above it.
func makeDirectories(dir string) error {
	var st unix.Stat_t
	if unix.Stat(dir, &st) == nil {
		return nil
	}
	if above := filepath.Dir(dir); above != dir {
		if err := makeDirectories(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o755); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func checkDirectory(dir string) error {
	var st unix.Stat_t
	err := unix.Stat(dir, &st)
	if err == nil && st.Mode&unix.S_IFMT != unix.S_IFDIR {
		err = unix.ENOTDIR
	}
	if err != nil {
		return &fs.PathError{Op: "stat", Path: dir, Err: err}
	}
	if err := trustworthy(st.Mode, st.Uid, os.Geteuid()); err != nil {
		return errors.New(dir + " is " + err.Error() + "; nothing is kept there")
	}
	return checkWays(dir)
}

// makeSharedDirectory is for what is written there and never read: others may put
// files of theirs beside ours if they cannot touch these, as on gokrazy in /run.
func makeSharedDirectory(dir string) error {
	var st unix.Stat_t
	if unix.Stat(dir, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFDIR && st.Mode&unix.S_ISVTX != 0 {
		return about(dir, checkWays(dir))
	}
	return makeDirectory(dir)
}

// checkWays is checkWay for the way by which a directory is named, and for that
// which its links lead.
func checkWays(dir string) error {
	if err := checkWay(dir); err != nil {
		return err
	}
	// Links on the way are their owners' to make, but not what they lead through.
	if real, err := withoutLinks(dir); err != nil || real != dir {
		return errors.Join(err, checkWay(real))
	}
	return nil
}

// checkWay reports an error if somebody else could put another directory in the
// place of this one: by a directory above it that is his, or that he may write to
// and rename things in, or by a link of his.
func checkWay(dir string) error {
	var top, st unix.Stat_t
	if err := unix.Lstat("/", &top); err != nil {
		return err
	}
	for at := dir; at != "/" && at != "." && at != ""; at = filepath.Dir(at) {
		if err := unix.Lstat(at, &st); err != nil {
			return &fs.PathError{Op: "lstat", Path: at, Err: err}
		}
		trusted := st.Uid == 0 || int(st.Uid) == os.Geteuid() || st.Uid == top.Uid
		open := st.Mode&unix.S_IFMT == unix.S_IFDIR && st.Mode&0o022 != 0 && st.Mode&unix.S_ISVTX == 0
		if !trusted || open {
			return errors.New(dir + " leads through " + at + ", which is another user's or writable by others; nothing is kept there")
		}
	}
	return nil
}

// withoutLinks is the path to a file in which there is no symbolic link.
func withoutLinks(path string) (string, error) {
	at := "/"
	for links := 0; path != ""; {
		var name string
		switch name, path, _ = strings.Cut(path, "/"); name {
		case "", ".":
			continue
		case "..":
			at = filepath.Dir(at)
			continue
		}
		target, err := os.Readlink(filepath.Join(at, name))
		switch {
		case errors.Is(err, unix.EINVAL):
			at = filepath.Join(at, name)
		case err != nil:
			return "", err
		case links == 40: // as many as the kernel follows
			return "", &fs.PathError{Op: "readlink", Path: filepath.Join(at, name), Err: unix.ELOOP}
		default:
			links++
			path = target + "/" + path
			if filepath.IsAbs(target) {
				at = "/"
			}
		}
	}
	return at, nil
}

// trustworthy reports an error if somebody may have written a file, or into a
// directory, who could not do by other means what we do.
func trustworthy(mode, owner uint32, us int) error {
	switch {
	case owner != 0 && int(owner) != us:
		return errors.New("owned by another user")
	case mode&0o022 != 0:
		return errors.New("writable by others")
	}
	return nil
}

// replace puts a file in the place of another, or leaves that as it is. Who may
// read it is not for the umask to say, which is whatever the caller had.
func replace(path string, content []byte, mode fs.FileMode) error {
	return ifup.ReplaceFile(path, mode, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}
