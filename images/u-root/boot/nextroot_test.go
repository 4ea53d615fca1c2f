package boot

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
	"github.com/dhclient-lws/dhclient-lws/images/vm"
	"github.com/dhclient-lws/dhclient-lws/images/vm/readme"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// The next root: an initramfs goes on to a disk by switch_root.

// places are the directories that the lines of the pages need.
var places = []file{{name: "new", mode: 0o040755}, {name: "run", mode: 0o040755}}

// What is the first process of the initramfs becomes that of the next root. The client
// that it has started goes on as it is: a process of the old root that uses the files
// of the new one, renews, and writes into the kernel's log. Nothing but the lines of
// the page is needed where the system is mounted and the shell can exec.
func TestTheNextInitIsTheFirstProcess(t *testing.T) {
	m := machine(t, []NIC{withShortLeases(t)}).with(t, append(append(realShell(t), places...), file{"init", `#!/bin/sh
export PATH=/bbin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
` + readme.Block(t, "../../../README.md", "## Where an initramfs goes on to the next root"), 0o100755})...)
	m.Disk = nextRoot(t, m)
	r, _ := run(t, m, "")
	if r.Self.PID != 1 {
		t.Errorf("the next init is process %d", r.Self.PID)
	}
	r.Self.Parent = 1 // it has none
	judgeFollowed(t, r, m)
}

// u-root's init stays the first process, gosh starts a child for what it executes, and
// all else is the same. What /run has comes along. For the client there is no console
// after the handoff: what it has to say is in the kernel's log, in the next root too.
func TestTheClientFollowsIntoTheNextRoot(t *testing.T) {
	m := machine(t, []NIC{withShortLeases(t)}).with(t, intoNextRoot(t)...)
	m.Disk = nextRoot(t, m)
	r, _ := run(t, m, "")
	if !strings.Contains(strings.Join(r.Log, "\n"), "eth0: received ACK") {
		t.Errorf("the renewal is not in the kernel's log: %q", r.Log)
	}
	r.Self.Parent = 1 // which is a shell's
	judgeFollowed(t, r, m)
}

// intoNextRoot is that script, and what it needs.
func intoNextRoot(t testing.TB) []file {
	lines := readme.Block(t, "../README.md", "## On to the next root")
	return append(places, script("bin/uinit", "mount -t tmpfs run /run\n"+strings.Replace(lines, " -background", " -background -v", 1)))
}

func judgeFollowed(t *testing.T, r report.Report, m Machine) {
	t.Helper()
	// The check waits until the client has renewed a lease there.
	if !strings.Contains(r.NetConf, "IPV4ADDR='10.77.0.") {
		t.Errorf("no net-eth0.conf: %q", r.NetConf)
	}
	r.Result = "ok" // nothing was handed off
	if err := Judge(r, m.NICs); err != nil {
		t.Error(err)
	}
}

// Or the client bows out, and leaves address and lease to what the next root has for
// its network, for as long as that takes.
func TestTheClientBowsOutBeforeTheNextRoot(t *testing.T) {
	m := machine(t, []NIC{withShortLeases(t)}).with(t, append(places, script("bin/uinit", `
mount -t tmpfs run /run
mount -t ext4 /dev/vda /new
dhclient-lws -once -keep
exec switch_root /new /sbin/init
`))...)
	m.Disk = nextRoot(t, m)
	r, _ := run(t, m, "")
	if err := errors.Join(judgeAddresses(r, m.NICs), judgeRoutes(r, m.NICs), judgeZombies(r)); err != nil {
		t.Error(err)
	}
	if len(r.Links) == 0 || !r.Links[0].Kept {
		t.Errorf("the address will go away: %+v", r.Links)
	}
	for _, want := range []string{"DEVICE='eth0'\n", "IPV4GATEWAY='10.77.0.2'\n", "IPV4DNS0='10.77.0.3'\n", "DHCPLEASETIME='10'\n"} {
		if !strings.Contains(r.NetConf, want) {
			t.Errorf("no %q in:\n%s", want, r.NetConf)
		}
	}
	for _, p := range r.Processes {
		if p.Resident() {
			t.Errorf("a client stays: %+v", p)
		}
	}
}

// realShell is this machine's own shell, with all that it needs: exec in gosh starts
// another process.
func realShell(t *testing.T) (files []file) {
	t.Helper()
	const shell = "/bin/sh"
	out, err := exec.Command("ldd", shell).Output()
	if err != nil {
		t.Fatalf("ldd %s: %v", shell, err)
	}
	made := map[string]bool{}
	for _, name := range append(strings.Fields(string(out)), shell) {
		if !strings.HasPrefix(name, "/") {
			continue
		}
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range name[1:] {
			if dir := name[1 : 1+i]; name[1+i] == '/' && !made[dir] {
				made[dir] = true
				files = append(files, file{name: dir, mode: 0o040755})
			}
		}
		files = append(files, file{name[1:], string(content), 0o100755})
	}
	return files
}

// nextRoot is a disk with little more than an init, the check, and the client as a
// command.
func nextRoot(t testing.TB, m Machine) string {
	t.Helper()
	tree, disk := t.TempDir(), filepath.Join(t.TempDir(), "root")
	for _, dir := range []string{"dev", "etc", "proc", "run", "sys"} {
		if err := os.Mkdir(filepath.Join(tree, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for file, pkg := range map[string]string{"sbin/init": "images/u-root/check", "bbin/dhclient-lws": "cmds/dhclient-lws"} {
		compile(t, filepath.Join(tree, file), pkg)
	}
	mkfs, err := exec.LookPath("mkfs.ext4")
	if err != nil { // ordinary users do not have that directory in their PATH
		mkfs = "/usr/sbin/mkfs.ext4"
	}
	if out, err := exec.Command(mkfs, "-q", "-d", tree, disk, "32M").CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4 (make test installs it): %v\n%s", err, out)
	}
	return disk
}

// compile makes a program of one package, as other images than u-root's have it.
func compile(t testing.TB, out, pkg string) {
	t.Helper()
	compileIn(t, ".", out, module+"/"+pkg)
}

// compileIn does so in another module than this one.
func compileIn(t testing.TB, dir, out, pkg string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

// withShortLeases is a NIC on a network whose server grants ten seconds. Each
// datagram of a unix socket is a frame. What the client says there is held against
// RFC 2131.
func withShortLeases(t testing.TB) NIC {
	t.Helper()
	dir, err := os.MkdirTemp("", "net") // the path of a socket has 107 characters at most
	if err != nil {
		t.Fatal(err)
	}
	nic := NIC{MAC: vm.MAC(0), Net: netip.MustParsePrefix("10.77.0.0/24")}
	server := &dhcptest.Server{
		ID: netip.MustParseAddr("10.77.0.1"), Subnet: nic.Net, Router: nic.Router(),
		DNS: []netip.Addr{nic.DNS()}, Lease: 10 * time.Second, Authoritative: true,
	}
	ours, guests := filepath.Join(dir, "server"), filepath.Join(dir, "guest")
	nic.Netdev = fmt.Sprintf("dgram,local.type=unix,local.path=%s,remote.type=unix,remote.path=%s", guests, ours)
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: ours, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- answer(conn, server, &net.UnixAddr{Name: guests, Net: "unixgram"}) }()
	t.Cleanup(func() {
		conn.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
		os.RemoveAll(dir)
	})
	return nic
}

func answer(conn *net.UnixConn, server *dhcptest.Server, guest *net.UnixAddr) (wrong error) {
	var witness dhcptest.Witness
	start, frame := time.Now(), make([]byte, 64<<10)
	for {
		n, err := conn.Read(frame)
		if err != nil {
			return wrong
		}
		// Who renews looks for the server first.
		if p, ok := dhcp4.ParseARP(frame[:n]); ok && p.TargetIP == server.ID && !p.Reply {
			id := server.ID.As4()
			_, _ = conn.WriteToUnix(dhcp4.AppendARP(nil, &dhcp4.ARP{
				Reply: true, SenderIP: server.ID, SenderHW: dhcp4.HardwareAddr{2, 0xaa, id[0], id[1], id[2], id[3]},
				TargetIP: p.SenderIP, TargetHW: p.SenderHW,
			}), guest)
		}
		m, err := witness.See(time.Since(start), dhcptest.Frame{Data: append([]byte(nil), frame[:n]...)})
		wrong = errors.Join(wrong, err)
		if m == nil {
			continue
		}
		for _, f := range server.Answer(m.Time, m) {
			_, _ = witness.See(time.Since(start), f)
			_, _ = conn.WriteToUnix(f.Data, guest)
		}
	}
}
