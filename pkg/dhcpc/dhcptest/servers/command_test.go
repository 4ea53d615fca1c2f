package servers

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// command is the command under test, with files of its own.
type command struct {
	*site
	binary, dir string
}

// build makes the command as it is shipped.
func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "dhclient-lws")
	cmd := exec.Command("go", "build", "-o", binary, "github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}

func (c *command) resolvConf() string { return filepath.Join(c.dir, "resolv.conf") }

// start starts a resident on eth0.
func (c *command) start(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := c.prepare(t, args...)
	c.home.Start(t, cmd)
	return cmd
}

func (c *command) prepare(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	args = append([]string{"-state-dir", c.dir, "-lease-dir", c.dir, "-net-conf", c.dir, "-resolv-conf", c.resolvConf()}, args...)
	cmd := exec.Command(c.binary, append(args, "eth0")...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	t.Cleanup(func() { // after that of Start, which waits for the end
		if t.Failed() {
			t.Logf("%q:\n%s", cmd.Args, out.String())
		}
	})
	return cmd
}

// end sends a signal and waits for the end.
func end(t *testing.T, cmd *exec.Cmd, signal os.Signal) {
	t.Helper()
	if err := cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it dies of the signal
}

// bound waits until "status -json" shows that the resident has a lease for eth0,
// and returns the address.
func (c *command) bound(t *testing.T, resident *exec.Cmd) (address string) {
	t.Helper()
	eventually(t, func() string {
		out, err := exec.Command(c.binary, "status", "-json", "-state-dir", c.dir).Output()
		if err != nil {
			return "status: " + err.Error()
		}
		var status struct {
			PID   int
			Links []struct {
				Interface, State string
				Lease            struct{ Address string }
			}
		}
		if err := json.Unmarshal(out, &status); err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		if status.PID != resident.Process.Pid || len(status.Links) != 1 || status.Links[0].State != "BOUND" {
			return "not bound: " + string(out)
		}
		address = status.Links[0].Lease.Address
		return ""
	})
	return address
}

// The life of the command beside each server: it is bound, renews when it is told
// to, is killed and comes back to the address that it had, and gives it back.
func TestCommand(t *testing.T) {
	rfc.Shows(t, "R2131-F5-17", "R2131-F5-18", "R2131-4.4.2-10", "R2131-3.2-11", "H-CRASH-01", "R2131-4.4.4-02")
	binary := build(t)
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		p := office()
		p.domain, p.search = "example.org", []string{"eng.example.org", "example.org"}
		srv.start(t, s.lan, "br0", p)
		tr := watch(t, s.lan, "br0")
		c := &command{s, binary, t.TempDir()}

		resident := c.start(t)
		address := c.bound(t, resident)
		if got, _ := s.address(t, "eth0"); got.String() != address {
			t.Errorf("address %v, leased %v", got, address)
		}
		resolv, err := os.ReadFile(c.resolvConf())
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{"nameserver 10.77.0.53\n", "search eng.example.org example.org\n"} {
			if !strings.Contains(string(resolv), line) {
				t.Errorf("resolv.conf has no line %q:\n%s", line, resolv)
			}
		}
		if err := resident.Process.Signal(unix.SIGHUP); err != nil {
			t.Fatal(err)
		}
		tr.await(t, dhcp4.KindRenewing, 1)

		end(t, resident, unix.SIGKILL)
		asked := len(tr.saidSoFar(dhcp4.KindDiscover))
		resident = c.start(t, "-release")
		if again := c.bound(t, resident); again != address {
			t.Errorf("address %v became %v", address, again)
		}
		if n := len(tr.saidSoFar(dhcp4.KindInitReboot)); n == 0 {
			t.Error("the lease was not asked for again")
		}
		if n := len(tr.saidSoFar(dhcp4.KindDiscover)); n != asked {
			t.Errorf("%d DISCOVERs became %d", asked, n)
		}

		end(t, resident, unix.SIGTERM)
		tr.await(t, dhcp4.KindRelease, 1)
		if list, err := s.home.AddrList(s.home.Link(t, "eth0"), netlink.FAMILY_V4); err != nil || len(list) != 0 {
			t.Errorf("after the release: %v, %v", list, err)
		}
	})
}
