package client

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/bench/rig"
)

// All are the clients, in the order in which they are shown.
var All = []Client{
	{Name: Floor, Program: Floor, Rapid: true, Reboot: true, args: floor},
	{Name: Ours, Program: Ours, Rapid: true, Reboot: true, args: ours},
	{
		Name: URoot, Program: "dhclient", Fixed: true, Resolv: etcResolvConf,
		args: func(Job, ...string) []string { return []string{"-ipv6=false", "^eth"} },
	},
	{
		Name: "gokrazy", Program: "dhcp", PerLink: true, Fixed: true, Init: true, Resolv: "/tmp/resolv.conf",
		args: func(_ Job, link ...string) []string { return []string{"-interface=" + link[0]} },
	},
	{
		Name: "udhcpc", Program: "/usr/sbin/udhcpc", Package: "udhcpc", PerLink: true, Fixed: true, Resolv: etcResolvConf,
		args: func(_ Job, link ...string) []string { return []string{"-f", "-i", link[0]} },
	},
	{
		Name: "dhcpcd", Program: "/usr/sbin/dhcpcd", Package: "dhcpcd-base", Fixed: true, Resolv: etcResolvConf,
		args: func(Job, ...string) []string { return []string{"--nodev", "-4", "-B"} },
	},
	{ // without looking for conflicts, and without a random delay
		Name: "dhcpcd -A", Program: "/usr/sbin/dhcpcd", Package: "dhcpcd-base", Rapid: true, Fixed: true, Resolv: etcResolvConf,
		args: func(Job, ...string) []string { return []string{"--nodev", "-4", "-B", "-A", "--nodelay"} },
	},
	{
		Name: "ISC dhclient", Program: "/usr/sbin/dhclient", Package: "isc-dhcp-client", Fixed: true, Resolv: etcResolvConf,
		args: func(_ Job, links ...string) []string { return append([]string{"-4", "-d"}, links...) },
	},
	{
		Name: "networkd", Program: "/usr/lib/systemd/systemd-networkd", Package: "systemd", Fixed: true, Resolv: "/run/systemd/netif/links",
		args: func(Job, ...string) []string { return nil }, prepare: networkd,
	},
}

const etcResolvConf = "/etc/resolv.conf"

func floor(j Job, _ ...string) []string {
	args := []string{"-resolv", filepath.Join(j.Dir, "resolv.conf")}
	if j.Rapid {
		args = append(args, "-rapid")
	}
	if j.Reboot {
		args = append(args, "-reboot", rig.Addr(0).String())
	}
	return append(args, "eth")
}

// leases is where our client notes them.
func leases(j Job) string { return filepath.Join(j.Dir, "leases") }

func ours(j Job, _ ...string) []string {
	args := []string{
		"-resolv-conf", filepath.Join(j.Dir, "resolv.conf"),
		"-state-dir", filepath.Join(j.Dir, "state"), "-lease-dir", leases(j),
	}
	if j.Rapid {
		args = append(args, "-rapid-commit")
	}
	return append(args, "eth*")
}

// networkd is told what to do with its links, and that there is no udev whose word
// it would have to wait for: /sys cannot be written.
func networkd(t testing.TB, r *rig.Rig) {
	t.Helper()
	const config = "[Match]\nName=eth*\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n"
	const dir = "/etc/systemd/network"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "10-eth.network"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	r.Client.Do(t, func() {
		if err := unix.Mount("sysfs", "/sys", "sysfs", unix.MS_RDONLY, ""); err != nil {
			t.Fatalf("/sys: %v", err)
		}
	})
	t.Cleanup(func() { _ = unix.Unmount("/sys", unix.MNT_DETACH) })
}
