package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// The exit statuses that shells and env(1) have for a command that does not run.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
)

// execute turns this process into the command: same PID, same terminal, the
// environment plus env. It returns only if that is not possible.
func execute(command, env []string) int {
	path, err := lookPath(command[0])
	if err == nil {
		err = become(path, command, env)
	}
	complain(safeText(command[0]) + ": " + err.Error())
	if path == "" {
		return exitNotFound
	}
	return exitNotExecutable
}

func become(path string, command, env []string) error {
	// What an outer dhclient-lws said is not true any more.
	base := slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, envPrefix) })
	err := error(unix.E2BIG)
	// Hundreds of leases may be more than the kernel takes. The result always fits.
	for ; errors.Is(err, unix.E2BIG) && env != nil; env = shorter(env) {
		err = syscall.Exec(path, command, append(base, env...))
	}
	if errors.Is(err, unix.ENOENT) {
		// lookPath has found it. A Go-only image has no C library, which is what
		// most programs from elsewhere miss.
		err = errNoLoader
	}
	return err
}

var errNoLoader = errors.New("it is there, but not the interpreter or loader that it asks for")

// defaultPath is searched where PATH is not set, as for the first process of a machine.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/bbin"

// lookPath is where a command is, "" if nowhere; an error says why it will not run.
func lookPath(name string) (string, error) {
	if name == "" {
		return "", unix.ENOENT
	}
	if strings.Contains(name, "/") {
		return executable(name)
	}
	list := os.Getenv("PATH")
	if list == "" {
		list = defaultPath
	}
	found, why := "", error(unix.ENOENT)
	for _, dir := range filepath.SplitList(list) {
		path, err := executable(filepath.Join(dir, name))
		if err == nil {
			return path, nil
		}
		if path != "" {
			found, why = path, err
		}
	}
	return found, why
}

func executable(path string) (string, error) {
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	switch {
	case errors.Is(err, os.ErrNotExist), errors.Is(err, unix.ENOTDIR):
		return "", unix.ENOENT
	case err != nil:
		return path, err
	case st.Mode&unix.S_IFMT == unix.S_IFDIR:
		return path, unix.EISDIR
	case st.Mode&0o111 == 0:
		return path, unix.EACCES
	}
	return path, nil
}
