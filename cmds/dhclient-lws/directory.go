package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// makeDirectory makes sure that a directory is there, and that nobody but root
// and we can put anything into it: what is read there is believed.
func makeDirectory(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return about(dir, err)
	}
	return about(dir, checkDirectory(dir))
}

// about is an error in which the directory is named as it was given, whatever
// part of it the kernel stumbled over.
func about(dir string, err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return in(dir, e.Err)
	}
	return err
}

func checkDirectory(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "open", Path: dir, Err: unix.ENOTDIR}
	}
	if err := trustworthy(info.Mode(), ownerOf(info), os.Geteuid()); err != nil {
		return errors.New(dir + " is " + err.Error() + "; nothing is kept there")
	}
	return checkWays(dir)
}

// makeSharedDirectory is for what is written there and never read: others may put
// files of theirs beside ours if they cannot touch these, as on gokrazy in /run.
func makeSharedDirectory(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() && info.Mode()&fs.ModeSticky != 0 {
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
	if real, err := filepath.EvalSymlinks(dir); err != nil || real != dir {
		return errors.Join(err, checkWay(real))
	}
	return nil
}

// checkWay reports an error if somebody else could put another directory in the
// place of this one: by a directory above it that is his, or that he may write to
// and rename things in, or by a link of his.
func checkWay(dir string) error {
	top, err := os.Lstat("/")
	if err != nil {
		return err
	}
	for at := dir; at != "/" && at != "." && at != ""; at = filepath.Dir(at) {
		info, err := os.Lstat(at)
		if err != nil {
			return err
		}
		owner := ownerOf(info)
		trusted := owner == 0 || int(owner) == os.Geteuid() || owner == ownerOf(top)
		open := info.IsDir() && info.Mode().Perm()&0o022 != 0 && info.Mode()&fs.ModeSticky == 0
		if !trusted || open {
			return errors.New(dir + " leads through " + at + ", which is another user's or writable by others; nothing is kept there")
		}
	}
	return nil
}

// trustworthy reports an error if somebody may have written a file, or into a
// directory, who could not do by other means what we do.
func trustworthy(mode fs.FileMode, owner uint32, us int) error {
	switch {
	case owner != 0 && int(owner) != us:
		return errors.New("owned by another user")
	case mode.Perm()&0o022 != 0:
		return errors.New("writable by others")
	}
	return nil
}

// replace puts a file in the place of another, or leaves that as it is. Who may
// read it is not for the umask to say, which is whatever the caller had.
func replace(path string, content []byte, mode fs.FileMode) error {
	// renameio.WriteFile would look up the mode of the old file, too.
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithPermissions(mode), renameio.IgnoreUmask())
	if err != nil {
		return err
	}
	defer f.Cleanup()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

func ownerOf(info fs.FileInfo) uint32 { return info.Sys().(*syscall.Stat_t).Uid }
