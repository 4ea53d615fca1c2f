package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	vnetns "github.com/vishvananda/netns"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws/internal/manual"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// address is the one IPv4 address of a link.
func (b *box) address(t *testing.T, name string) netlink.Addr {
	t.Helper()
	addrs, err := b.AddrList(b.Link(t, name), unix.AF_INET)
	if err != nil || len(addrs) != 1 {
		t.Fatalf("%s has addresses %v, %v; want one", name, addrs, err)
	}
	return addrs[0]
}

// noAddress fails the test if a link has an address.
func (b *box) noAddress(t *testing.T, name string) {
	t.Helper()
	if addrs, err := b.AddrList(b.Link(t, name), unix.AF_INET); err != nil || len(addrs) > 0 {
		t.Errorf("%s has addresses %v, %v; want none", name, addrs, err)
	}
}

// newSilentBox is a box with a link on which nobody answers.
func newSilentBox(t *testing.T) *box {
	b := newBox(t)
	netns.Veth(t, b.NS, "eth0", b.NS, "other")
	b.Up(t, "other")
	return b
}

// nothingStays fails the test if a process of ours is left behind.
func nothingStays(t *testing.T) {
	t.Helper()
	eventually(t, "end", func() bool {
		for _, state := range children(t) {
			if state != 'Z' { // it is given to us, and nobody waits for it
				return false
			}
		}
		return true
	})
}

// -once leaves what a lease brings, and nobody behind it.
func TestOnce(t *testing.T) {
	b := newServedBox(t, "eth0")
	out, status := b.run(t, "-once", "eth0")
	if status != 0 || !strings.Contains(out, "1 of 1 links bound") {
		t.Errorf("status %d, output:\n%s", status, out)
	}
	nothingStays(t)
	if a := b.address(t, "eth0"); a.ValidLft < 3500 || a.ValidLft > 3600 {
		t.Errorf("address for %d s, want that of the lease", a.ValidLft)
	}
	if text, err := os.ReadFile(b.resolv); err != nil || !strings.Contains(string(text), "nameserver 10.77.0.2\n") {
		t.Errorf("resolv.conf: %v\n%s", err, text)
	}
	if out, status := b.run(t, "status"); status != 1 || !strings.Contains(out, "BOUND") {
		t.Errorf("of one that has ended: status %d, output:\n%s", status, out)
	}
}

// With a command it is the worker that ends.
func TestOnceWithCommand(t *testing.T) {
	b := newServedBox(t, "eth0")
	out, status := b.run(t, "-once", "eth0", "--", "sh", "-c", `echo "result $DHCLIENT_LWS_RESULT, $DHCLIENT_LWS_eth0_ROUTER"; exit 7`)
	if status != 7 || !strings.HasSuffix(out, "result ok, 10.77.0.1\n") {
		t.Errorf("status %d, output:\n%s", status, out)
	}
	nothingStays(t)
	b.address(t, "eth0")
}

// -background returns to the caller, and leaves a client behind that stays.
func TestBackground(t *testing.T) {
	b := newServedBox(t, "eth0")
	out, status := b.run(t, "-background", "eth0")
	if status != 0 || !strings.Contains(out, "1 of 1 links bound") {
		t.Errorf("status %d, output:\n%s", status, out)
	}
	worker := workerPID(t)
	b.address(t, "eth0")
	if out, status := b.run(t, "status"); status != 0 || !strings.Contains(out, "BOUND") {
		t.Errorf("status %d, output:\n%s", status, out)
	}
	if err := unix.Kill(worker, unix.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "renew, and say so in the kernel's log", func() bool {
		log, err := os.ReadFile(b.kmsg)
		return err == nil && strings.Contains(string(log), "SIGHUP: renewing 1 lease\n") &&
			strings.Count(b.server.Log(), "DHCPACK(lan0)") == 2
	})
}

// What became of the wait is the exit status of those that end with it.
func TestExitStatus(t *testing.T) {
	for _, mode := range []string{"-once", "-background", "-dry-run"} {
		t.Run(mode, func(t *testing.T) {
			b := newSilentBox(t)
			for _, tt := range []struct {
				status int
				args   []string
			}{
				{3, []string{"-timeout", "100ms", "eth0"}},
				{2, []string{"-timeout", "soon", "eth0"}},
			} {
				if out, status := b.run(t, append(tt.args, mode)...); status != tt.status {
					t.Errorf("%q: status %d, want %d; output:\n%s", tt.args, status, tt.status, out)
				}
			}
			p := b.withoutCapability(t, unix.CAP_NET_ADMIN, mode, "eth0")
			if out := p.end(); p.ProcessState.ExitCode() != 1 {
				t.Errorf("without the right to: status %d, output:\n%s", p.ProcessState.ExitCode(), out)
			}
		})
	}
}

// Ten seconds without a link are long: all wait for them at once. Who has named none
// may have meant one that has to be named.
func TestExitStatusWithoutLink(t *testing.T) {
	b := newBox(t)
	var all []*process
	for _, args := range [][]string{{"-once", "eth0"}, {"-background", "eth0"}, {"-dry-run", "eth0"}, {"-once"}} {
		all = append(all, b.start(t, args...))
	}
	for i, p := range all {
		out := p.end()
		if p.ProcessState.ExitCode() != 4 || !strings.Contains(out, "no link to ask on") {
			t.Errorf("%q: status %d, output:\n%s", p.Args, p.ProcessState.ExitCode(), out)
		}
		if hinted := strings.Contains(out, "have to be named"); hinted != (i == 3) {
			t.Errorf("%q: told of links that have to be named: %v", p.Args, hinted)
		}
	}
}

// Who asks for what cannot be had learns it before anything happens. The command
// runs all the same.
func TestContradictionWithCommand(t *testing.T) {
	const complaint = "dhclient-lws: -once ends after the wait, and -background stays; choose one\n"
	b := newSilentBox(t)
	if out, status := b.run(t, "-once", "-background", "eth0"); status != 2 || out != complaint {
		t.Errorf("status %d, output:\n%s", status, out)
	}
	out, status := b.run(t, "-once", "-background", "eth0", "--", "sh", "-c", `echo "result $DHCLIENT_LWS_RESULT"`)
	if status != 0 || out != complaint+"result usage\n" {
		t.Errorf("with a command: status %d, output:\n%s", status, out)
	}
	if b.Link(t, "eth0").Attrs().Flags&1 != 0 {
		t.Error("the link was set up")
	}
}

// A dry run has the whole exchange, and leaves nothing behind but a link that is up.
func TestDryRun(t *testing.T) {
	b := newServedBox(t, "eth0")
	dir := filepath.Dir(b.state)
	before := b.traces(t, dir)
	out, status := b.run(t, "-dry-run", "eth0")
	if status != 0 || !strings.Contains(out, "eth0: 10.77.0.") || !strings.HasSuffix(out, "dhclient-lws: a dry run: nothing was configured\n") {
		t.Errorf("status %d, output:\n%s", status, out)
	}
	// A table that speaks of what is bound and installed would be taken for what it says.
	if !regexp.MustCompile(`\ndhclient-lws: 1 of 1 links leased after [0-9.]+ m?s\nINTERFACE .*\neth0       leased  .*\n  up .*  ACK [0-9.]+ ms\n`).MatchString(out) {
		t.Errorf("the table:\n%s", out)
	}
	nothingStays(t)
	if after := b.traces(t, dir); !slices.Equal(after, before) {
		t.Errorf("before:\n%s\nafter:\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	if b.Link(t, "eth0").Attrs().Flags&1 == 0 {
		t.Error("the link is not up")
	}
	if !strings.Contains(b.server.Log(), "DHCPACK(lan0)") {
		t.Error("the server has leased nothing")
	}
}

func TestDryRunWithCommand(t *testing.T) {
	b := newServedBox(t, "eth0")
	out, status := b.run(t, "-dry-run", "eth0", "--", "env")
	vars := ourVariables(out)
	if status != 0 || vars["RESULT"] != "ok" || !strings.HasPrefix(vars["eth0_ADDRESS"], "10.77.0.") {
		t.Errorf("status %d, variables %q", status, vars)
	}
	nothingStays(t)
	b.noAddress(t, "eth0")
}

// traces is what a client may leave behind: addresses, routes and files.
func (b *box) traces(t *testing.T, dir string) (list []string) {
	t.Helper()
	addrs, err := b.AddrList(nil, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		list = append(list, a.String())
	}
	routes, err := b.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{}, netlink.RT_FILTER_TABLE)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range routes {
		list = append(list, r.String())
	}
	err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		list = append(list, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// -bounce sets a link down and up again. Without it a link that is up stays so.
func TestBounce(t *testing.T) {
	for _, bounce := range []bool{true, false} {
		b := newServedBox(t, "eth0")
		b.Up(t, "eth0")
		updates, done := make(chan netlink.LinkUpdate, 100), make(chan struct{})
		ns := vnetns.NsHandle(b.FD())
		if err := netlink.LinkSubscribeWithOptions(updates, done, netlink.LinkSubscribeOptions{Namespace: &ns}); err != nil {
			t.Fatal(err)
		}
		args := []string{"-once", "eth0"}
		if bounce {
			args = append(args, "-bounce")
		}
		if out, status := b.run(t, args...); status != 0 {
			t.Errorf("bounce %v: status %d, output:\n%s", bounce, status, out)
		}
		// What happened before this is known when it is.
		b.Down(t, "lo")
		wentDown := false
		for u := range updates {
			attrs := u.Attrs()
			if attrs.Name == "lo" {
				break
			}
			wentDown = wentDown || attrs.Name == "eth0" && attrs.RawFlags&unix.IFF_UP == 0
		}
		close(done)
		if wentDown != bounce {
			t.Errorf("bounce %v: the link went down: %v", bounce, wentDown)
		}
	}
}

// -keep gives the kernel no time after which to take the address away.
func TestKeep(t *testing.T) {
	b := newServedBox(t, "eth0")
	if out, status := b.run(t, "-once", "-keep", "eth0"); status != 0 {
		t.Errorf("status %d, output:\n%s", status, out)
	}
	if a := b.address(t, "eth0"); uint32(a.ValidLft) != 1<<32-1 {
		t.Errorf("address for %d s, want for ever", a.ValidLft)
	}
}

// The first process of a machine must not end: the machine would.
func TestOnceAsFirstProcess(t *testing.T) {
	for _, mode := range []string{"-once", "-background", "-dry-run"} {
		b := newServedBox(t, "eth0")
		p := b.firstOfItsMachine(t, mode, "eth0")
		p.prints("dhclient-lws: the first process of a machine must not end; staying\n")
		p.prints("1 of 1 links ")
		p.signal(unix.SIGHUP)
		p.prints("SIGHUP: renewing 1 lease")
		if p.ended() {
			t.Errorf("%s: it has ended", mode)
		}
	}
}

// What is asked for and not there yet is said, and stops nothing.
func TestRemarks(t *testing.T) {
	out, status := newServedBox(t, "eth0").run(t, "-once", "-interface=eth0", "-ipv6", "-static_network_config={}")
	for _, line := range []string{
		"dhclient-lws: IPv6 is not served yet, -ipv6 has no effect\n",
		"dhclient-lws: -static_network_config: IP: there is none; DHCP is used\n",
	} {
		if strings.Count(out, line) != 1 || status != 0 {
			t.Errorf("no line %q; status %d, output:\n%s", line, status, out)
		}
	}
}

func TestVersion(t *testing.T) {
	b := newBox(t)
	out, status := b.run(t, "-version")
	want := "dhclient-lws " + manual.Version + " " + runtime.Version() + " linux/" + runtime.GOARCH + "\n"
	if status != 0 || out != want || !regexp.MustCompile(`^dhclient-lws \d+\.\d+\.\d+ go1\.\S+ linux/\w+\n$`).MatchString(out) {
		t.Errorf("status %d, output %q, want %q", status, out, want)
	}
	if _, err := os.Stat(b.state); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
}

func TestHelp(t *testing.T) {
	b := newBox(t)
	for args, want := range map[string]string{"-h": manual.Command.String(), "-help": manual.Command.String(), "status -h": manual.Status.String()} {
		if out, status := b.run(t, words(args)...); status != 0 || out != want {
			t.Errorf("%s: status %d, output:\n%s", args, status, out)
		}
	}
}

// What keeps a link from its lease is said while one waits for it: an offer that
// cannot be taken, and what -strict asks for, a cable that is not there, a pattern
// that nothing matches.
func TestWhyNothingIsBound(t *testing.T) {
	b, lan := newBox(t), netns.New(t)
	netns.Veth(t, b.NS, "eth0", lan, "lan0")
	lan.Up(t, "lan0")
	lan.Address(t, "lan0", "10.77.0.1/24")
	server := netns.Dnsmasq{
		Interfaces: []string{"lan0"}, Ranges: []string{"10.77.0.50,10.77.0.99,255.255.255.0,1h"},
		Lines: []string{"dhcp-option=option:router", "dhcp-option=option:dns-server"},
	}
	server.Start(t, lan)
	netns.Veth(t, b.NS, "eth1", b.NS, "unplugged")
	out, status := b.run(t, "-once", "-strict", "-carrier-timeout", "100ms", "-timeout", "4s", "eth0", "eth1", "wan*", "lo")
	for _, line := range []string{
		"dhclient-lws: eth0: refused OFFER from 10.77.0.1: not strict\n",
		"dhclient-lws: eth1: no carrier\n",
		"dhclient-lws: wan*: no interface matches; waiting for one\n",
		"dhclient-lws: lo: not an Ethernet link\n",
	} {
		if strings.Count(out, line) != 1 || status != 3 {
			t.Errorf("%q is not said once; status %d", line, status)
		}
	}
	if !regexp.MustCompile(`\n  refused: (.*, )?\d+ not strict\n`).MatchString(out) || !strings.Contains(out, "\nlo         not Ethernet  ") {
		t.Errorf("the table:\n%s", out)
	}
}

// A directory is named as it was given.
func TestDirectoriesThatAreNone(t *testing.T) {
	b := newServedBox(t, "eth0")
	b.state = filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(b.state, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b.resolv = t.TempDir()
	out, status := b.run(t, "-once", "eth0")
	for _, line := range []string{
		"dhclient-lws: state-dir: " + b.state + ": not a directory\n",
		"dhclient-lws: resolv.conf: " + b.resolv + ": is a directory\n",
	} {
		if strings.Count(out, line) != 1 || status != 0 {
			t.Errorf("%q is not said once; status %d", line, status)
		}
	}
}
