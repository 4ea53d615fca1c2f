package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws/internal/bootargs"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// heeding is the options of a command line after the boot loader had its say.
func heeding(t *testing.T, cmdline string, args ...string) *options {
	t.Helper()
	o, err := parse("dhclient-lws", args)
	if err != nil {
		t.Fatal(err)
	}
	o.heed(bootargs.Parse(cmdline))
	return o
}

// What the boot loader names is meant as if it were an argument; an argument goes
// before it.
func TestTheBootLoaderNamesLinks(t *testing.T) {
	for _, tt := range []struct {
		cmdline string
		args    []string
		want    []string
	}{
		{"quiet", nil, nil},
		{"ip=dhcp", nil, nil},
		{"ip=:::::eth0:dhcp", nil, []string{"eth0"}},
		{"ip=eth0:dhcp ip=10.0.0.2::::x:eth1:off", nil, []string{"eth0", "eth1"}},
		{"ip=eth0:dhcp ip=dhcp", nil, nil},
		{"ip=:::::eth0:dhpc", nil, []string{"eth0"}},
		{"ip=:::::a/b:dhcp", nil, nil},
		{"ip=:::::eth0:dhcp", []string{"eth7"}, []string{"eth7"}},
		{"ip=10.0.0.2::::x:eth7:off", []string{"-interface", "eth7"}, []string{"eth7"}},
	} {
		o := heeding(t, tt.cmdline, tt.args...)
		var got []string
		for _, s := range o.selectors {
			got = append(got, s.text)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s, %v: %v are meant, want %v", tt.cmdline, tt.args, got, tt.want)
		}
		if len(tt.args) > 0 && o.client.Static != nil {
			t.Errorf("%s, %v: an address is given to a link that is to be asked on", tt.cmdline, tt.args)
		}
	}
}

// An address without a name is for one link only: the first NIC that comes.
func TestTheBootLoaderGivesAddresses(t *testing.T) {
	o := heeding(t, "ip=10.0.0.2::10.0.0.1:255.255.255.0:::off:10.0.0.3")
	nic := func(name string) ifup.Link {
		return ifup.Link{Name: name, Index: 2, Type: unix.ARPHRD_ETHER, HardwareAddr: [6]byte{2, 5: name[len(name)-1]}}
	}
	bridge := nic("br0")
	bridge.Kind = "bridge"
	if o.client.Static(bridge) != nil {
		t.Error("a bridge has it")
	}
	lease := o.client.Static(nic("eth0"))
	if lease == nil || lease.Addr != netip.MustParsePrefix("10.0.0.2/24") || lease.Routers[0] != netip.MustParseAddr("10.0.0.1") || lease.DNS[0] != netip.MustParseAddr("10.0.0.3") {
		t.Fatalf("%+v", lease)
	}
	if o.client.Static(nic("eth1")) != nil {
		t.Error("two links have it")
	}
	if o.client.Static(nic("enp1s0")) == nil {
		t.Error("it is lost when the link comes back under another name")
	}
}

// What is malformed is told, and asked for.
func TestTheBootLoaderIsMistaken(t *testing.T) {
	o := heeding(t, "ip=10.0.0.256:::24::eth0:off BOOTIF=x")
	if len(o.remarks) != 2 || !strings.Contains(o.remarks[0], `"10.0.0.256"`) || !strings.Contains(o.remarks[1], "BOOTIF=x") {
		t.Errorf("%q", o.remarks)
	}
	if o.client.Static != nil || len(o.selectors) != 1 || o.selectors[0].text != "eth0" {
		t.Errorf("%+v", o.selectors)
	}
}

func TestWaitBootIF(t *testing.T) {
	o := heeding(t, "BOOTIF=01-52-54-00-12-34-56", "-wait", "bootif")
	if o.wait.mode != waitBootIF || len(o.selectors) > 0 {
		t.Errorf("mode %v, %+v", o.wait.mode, o.selectors)
	}
	book := newLinkBook(o, 0)
	for i, hw := range [][6]byte{{0x52, 0x54, 0, 0x12, 0x34, 0x56}, {2}, {}} {
		book.note(&ifup.Event{Link: ifup.Link{Name: "eth" + string(rune('0'+i)), Index: i + 1, Type: unix.ARPHRD_ETHER, HardwareAddr: hw}}, 0)
	}
	for _, l := range book.waiting(0).links {
		if l.boot != (l.name == "eth0") {
			t.Errorf("%+v", l)
		}
	}
	// Who waits for a link wants it to be asked on.
	o = heeding(t, "BOOTIF=01-52-54-00-12-34-56", "-wait", "bootif", "eth7")
	if len(o.selectors) != 2 || *o.selectors[1].hw != [6]byte{0x52, 0x54, 0, 0x12, 0x34, 0x56} {
		t.Errorf("%+v", o.selectors)
	}
	// While there is no such link, people are told what is waited for.
	for _, args := range [][]string{{"-wait", "bootif"}, {"-wait", "bootif", "eth7"}} {
		book = newLinkBook(heeding(t, "BOOTIF=01-52-54-00-12-34-56", args...), 0)
		if got := book.unmet(); !slices.Equal(got, []string{"BOOTIF 52:54:00:12:34:56"}) {
			t.Errorf("%q: unmet %q", args, got)
		}
		book.note(&ifup.Event{Link: ifup.Link{Name: "eth0", Index: 2, Type: unix.ARPHRD_ETHER, HardwareAddr: [6]byte{0x52, 0x54, 0, 0x12, 0x34, 0x56}}}, 0)
		if got := book.unmet(); len(got) > 0 {
			t.Errorf("%q: unmet %q, which is there", args, got)
		}
	}
	book = newLinkBook(heeding(t, "BOOTIF=01-52-54-00-12-34-56"), 0)
	if got := book.unmet(); len(got) > 0 {
		t.Errorf("nobody waits for it, and unmet is %q", got)
	}
	// Without the word nobody could ever be waited for.
	for _, line := range []string{"", "BOOTIF=01-garbage"} {
		o = heeding(t, line, "-wait", "bootif", "eth7")
		if o.wait.mode != waitAll || len(o.remarks) != 1 || !strings.Contains(o.remarks[0], "no usable BOOTIF=") {
			t.Errorf("%q: mode %v, %q", line, o.wait.mode, o.remarks)
		}
	}
}

// Links as the boot loader has them, in a real kernel: one with an address, one
// to be asked on, and a third that it does not name.
func TestIPOfTheKernelsCommandLine(t *testing.T) {
	b := newServedBox(t, "eth0", "eth1", "eth2")
	bootWith(t, "root=/dev/nfs ip=10.77.1.9::10.77.1.1:255.255.255.0::eth1:off:10.77.1.3 ip=:::::eth0:dhcp\n")
	out, status := b.run(t, "-once")
	if status != 0 || !strings.Contains(out, "eth1: 10.77.1.9/24 as configured, router 10.77.1.1, DNS 10.77.1.3, for ever") || !strings.Contains(out, "2 of 2 links bound") {
		t.Errorf("status %d:\n%s", status, out)
	}
	resolv, err := os.ReadFile(b.resolv)
	if err != nil || !strings.Contains(string(resolv), "nameserver 10.77.0.2\n") || !strings.Contains(string(resolv), "nameserver 10.77.1.3\n") {
		t.Errorf("%v:\n%s", err, resolv)
	}
	if exists(leasePath(b.state, "eth1")) || !exists(leasePath(b.state, "eth0")) {
		t.Error("what nobody leased is remembered, or what was is not")
	}
	conf, err := os.ReadFile(netConfPath(b.state, "eth1"))
	if err != nil || !strings.Contains(string(conf), "PROTO='static'\nIPV4ADDR='10.77.1.9'\n") {
		t.Errorf("%v:\n%s", err, conf)
	}
}

// A word that cannot be understood is said to be so, and DHCP is used on that link
// alone: what the others are to have they get.
func TestMalformedIPOfTheKernelsCommandLine(t *testing.T) {
	b := newServedBox(t, "eth0", "eth1", "eth2")
	const bad = "ip=10.77.0.9::10.77.0.1:255.0.255.0::eth0:off"
	bootWith(t, bad+" ip=10.77.1.9::10.77.1.1:255.255.255.0::eth1:off BOOTIF=01-nonsense\n")
	out, status := b.run(t, "-once")
	for _, line := range []string{
		"dhclient-lws: " + bad + `: "255.0.255.0" is no mask; DHCP is used` + "\n",
		"dhclient-lws: BOOTIF=01-nonsense: not a MAC address\n",
		"dhclient-lws: eth1: 10.77.1.9/24 as configured, router 10.77.1.1, for ever",
		"dhclient-lws: 2 of 2 links bound after ",
	} {
		if strings.Count(out, line) != 1 || status != 0 {
			t.Errorf("%q is not said once; status %d, output:\n%s", line, status, out)
		}
	}
	if a := b.address(t, "eth0"); a.IP.String() == "10.77.0.9" || a.ValidLft > 3600 {
		t.Errorf("eth0 has %v, which no server gave it", a)
	}
	b.noAddress(t, "eth2")
}

// bootWith has the command see another command line of the kernel.
func bootWith(t *testing.T, text string) {
	t.Helper()
	cmdline := filepath.Join(t.TempDir(), "cmdline")
	if err := os.WriteFile(cmdline, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(cmdline, "/proc/cmdline", "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount("/proc/cmdline", unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}
