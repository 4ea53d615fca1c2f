package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The resident of an initramfs goes on in the root that is put over its own: what
// it has to say is there, and the link stays locked. What comes along from the old
// root, /run in most cases, need not be written again.
func TestRootIsSwitched(t *testing.T) {
	for name, arg := range map[string]string{"with /run": "run", "without /run": ""} {
		t.Run(name, func(t *testing.T) {
			b := newServedBox(t, "eth0")
			b.initramfs(t, "-background", arg).succeeds("followed")
		})
	}
}

// With -root all is written where the real root is mounted, before it becomes the
// root and after. What the client needs of the old root it has.
func TestRootIsGiven(t *testing.T) {
	b := newServedBox(t, "eth0")
	b.initramfs(t, "-background -root /new", "run").succeeds("followed")
}

// If a client of the new root is faster, the link is his as it stands; and ours
// again once he ends.
func TestNewRootHasAClient(t *testing.T) {
	b := newServedBox(t, "eth0")
	b.initramfs(t, "-background", "", "faster").succeeds("followed")
}

func TestRootThatIsNoDirectory(t *testing.T) {
	b := newBox(t)
	out, status := b.run(t, "-root", "/proc/version", "-once")
	if status != exitFailure || !strings.Contains(out, "-root: ") || strings.Count(out, "\n") != 1 {
		t.Errorf("status %d:\n%s", status, out)
	}
}

// Without a resolv.conf nothing is where the resident happens to be, which changes
// when it hands off.
func TestPlacesOfNoFiles(t *testing.T) {
	o := &options{stateDir: t.TempDir()}
	was := o.places()
	t.Chdir(t.TempDir())
	if now := o.places(); now != was {
		t.Errorf("%v, and %v elsewhere", was, now)
	}
}

func (p *process) succeeds(text string) {
	p.t.Helper()
	if out := p.end(); p.ProcessState.ExitCode() != 0 || !strings.Contains(out, text) {
		p.t.Errorf("%v:\n%s", p.ProcessState, out)
	}
}

// initramfs starts a first process of an initramfs with the client in it.
func (b *box) initramfs(t *testing.T, args, moved string, rivals ...string) *process {
	p := &process{t: t, Cmd: exec.Command("/proc/self/exe", args, moved, t.TempDir(), strings.Join(rivals, " ")), done: make(chan struct{})}
	p.Args[0] = "initramfs"
	p.Stdout, p.Stderr = p, p
	p.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL, Cloneflags: unix.CLONE_NEWNS}
	b.Do(t, func() { p.begin() })
	return p
}

// switchRoot does what an init in an initramfs does: it starts the client, and puts
// the real root in the place of its own.
func switchRoot() int {
	args, moved, dir, rival := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	if err := bootAndSwitch(strings.Fields(args), strings.Fields(moved), dir, rival != ""); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("followed")
	return 0
}

func bootAndSwitch(args, moved []string, dir string, rival bool) error {
	old, err := enterInitramfs(dir, append(moved, "new"))
	if err != nil {
		return err
	}
	client := exec.Command("/proc/self/exe", append(args, "-net-conf", "/run", "eth0")...)
	client.Args[0] = "dhclient-lws"
	if out, err := client.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	faster := newLocks("/new/run/dhclient-lws")
	if rival {
		if err := faster.take("eth0", nil); err != nil {
			return err
		}
	}
	if err := putRoot("/new", append(moved, "dev", "proc", "sys")...); err != nil {
		return err
	}
	// What is left of the initramfs would take up memory.
	for _, gone := range []string{"etc", "run", "perm"} {
		if err := os.RemoveAll(filepath.Join("/proc/self/fd", old, gone)); err != nil {
			return err
		}
	}
	if rival {
		if err := soon(linkIsLeft); err != nil {
			return err
		}
		faster.release("eth0")
	}
	if err := soon(filesAreHere); err != nil {
		return err
	}
	// And there they stay up to date.
	if err := os.Remove("/run/dhclient-lws/status.json"); err != nil {
		return err
	}
	pid, err := holderOf("/run/dhclient-lws/eth0.lock")
	if err != nil {
		return err
	}
	if err := unix.Kill(pid, unix.SIGUSR1); err != nil {
		return err
	}
	if err := soon(filesAreHere); err != nil {
		return err
	}
	// Of all that, /etc alone may get a file system of its own.
	if err := unix.Mount("tmpfs", "/etc", "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	return soon(filesAreHere)
}

// enterInitramfs makes a root directory in memory with further file systems mounted
// in it, goes there, and returns a descriptor of it.
func enterInitramfs(dir string, mounts []string) (fd string, err error) {
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, ""); err != nil {
		return "", err
	}
	for _, name := range []string{"etc", "run", "new"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return "", err
		}
	}
	for _, name := range []string{"dev", "proc", "sys", "bin", "lib", "lib64", "usr"} {
		if _, err := os.Stat("/" + name); err != nil {
			continue
		}
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			return "", err
		}
		if err := unix.Mount("/"+name, filepath.Join(dir, name), "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	}
	root, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return "", err
	}
	if err := enterRoot(dir); err != nil {
		return "", err
	}
	for _, name := range mounts {
		if err := unix.Mount("tmpfs", "/"+name, "tmpfs", 0, "mode=755"); err != nil {
			return "", err
		}
	}
	for _, name := range []string{"etc", "run", "dev", "proc", "sys"} {
		if err := os.Mkdir(filepath.Join("/new", name), 0o755); err != nil {
			return "", err
		}
	}
	return fmt.Sprint(root), nil
}

// putRoot makes a mounted file system the root, with some mounts of the old one.
func putRoot(root string, moved ...string) error {
	for _, name := range moved {
		if err := unix.Mount("/"+name, filepath.Join(root, name), "", unix.MS_MOVE, ""); err != nil {
			return fmt.Errorf("move %s: %w", name, err)
		}
	}
	if err := unix.Chdir(root); err != nil {
		return err
	}
	if err := unix.Mount(".", "/", "", unix.MS_MOVE, ""); err != nil {
		return err
	}
	return enterRoot(".")
}

func soon(isSo func() error) error {
	var err error
	for deadline := time.Now().Add(patienceOfTests / 2); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if err = isSo(); err == nil {
			return nil
		}
	}
	return err
}

// filesAreHere reports what of the resident's files is missing in this root.
func filesAreHere() error {
	for name, text := range map[string]string{
		"/etc/resolv.conf":              "nameserver 10.77.0.2",
		"/run/dhclient-lws/status.json": `"state":"BOUND"`,
		"/run/dhclient-lws/eth0.json":   `"address":"10.77.0.`,
		"/run/net-eth0.conf":            "IPV4ADDR='10.77.0.",
	} {
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if !strings.Contains(string(content), text) {
			return fmt.Errorf("%s: %s", name, content)
		}
	}
	// Who asks how things stand is not told of the dead, nor of another boot.
	st, err := readStatusFile("/run/dhclient-lws/status.json")
	if err != nil {
		return err
	}
	if !st.alive() {
		return errors.New("the resident is taken for dead")
	}
	f, err := readLeaseFile("/run/dhclient-lws/eth0.json")
	if err != nil {
		return err
	}
	if f.boot == "" || f.boot != bootID() {
		return fmt.Errorf("the lease is of boot %q", f.boot)
	}
	_, err = holderOf("/run/dhclient-lws/eth0.lock")
	return err
}

// linkIsLeft reports what the resident still says of its link, whose address has
// to stay.
func linkIsLeft() error {
	content, err := os.ReadFile("/run/dhclient-lws/status.json")
	if err != nil {
		return err
	}
	if !strings.Contains(string(content), `"state":"HELD"`) || strings.Contains(string(content), "10.77.0.") {
		return fmt.Errorf("status.json: %s", content)
	}
	link, err := net.InterfaceByName("eth0")
	if err != nil {
		return err
	}
	addrs, err := link.Addrs()
	if err == nil && (len(addrs) == 0 || !strings.HasPrefix(addrs[0].String(), "10.77.0.")) {
		return fmt.Errorf("eth0 has %v", addrs)
	}
	return err
}

// holderOf is the process that has locked a file.
func holderOf(path string) (pid int, err error) {
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(fd)
	if pid = holder(fd); pid == 0 {
		return 0, fmt.Errorf("%s is not locked", path)
	}
	return pid, nil
}
