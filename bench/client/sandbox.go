package client

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// sandbox gives clients whose paths are fixed a copy of /etc that may be written, and
// the directories of their state empty, until the test ends.
func sandbox(t testing.TB) {
	t.Helper()
	// t.TempDir has the test's name in it, and that may have a comma in it.
	dir, err := os.MkdirTemp("", "etc")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	upper, work := filepath.Join(dir, "upper"), filepath.Join(dir, "work")
	if err := errors.Join(os.Mkdir(upper, 0o755), os.Mkdir(work, 0o755)); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("overlay", "/etc", "overlay", 0, fmt.Sprintf("lowerdir=/etc,upperdir=%s,workdir=%s", upper, work)); err != nil {
		t.Fatalf("an overlay over /etc: %v", err)
	}
	t.Cleanup(func() { _ = unix.Unmount("/etc", unix.MNT_DETACH) })
	for _, dir := range []string{"/run", "/tmp", "/var/lib/dhcp", "/var/lib/dhcpcd", "/var/lib/misc"} {
		if _, err := os.Stat(dir); err == nil { // a client that is not installed has none
			netns.Tmpfs(t, dir, "")
		}
	}
	write := func(name, content string) {
		if err := os.RemoveAll(name); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"lock", "systemd/netif/leases", "systemd/netif/links", "systemd/netif/lldp"} {
		if err := os.MkdirAll(filepath.Join("/run", dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(etcResolvConf, "")
	users, err := os.ReadFile("/etc/passwd")
	if err != nil {
		t.Fatal(err)
	}
	write("/etc/passwd", oneUser(string(users)))
}

// oneUser makes root of all users: there is no other in the namespace, and some
// clients end if they cannot give root's rights up.
func oneUser(passwd string) string {
	var b strings.Builder
	for line := range strings.Lines(passwd) {
		fields := strings.Split(line, ":")
		if len(fields) > 3 {
			fields[2], fields[3] = "0", "0"
		}
		b.WriteString(strings.Join(fields, ":"))
	}
	return b.String()
}
