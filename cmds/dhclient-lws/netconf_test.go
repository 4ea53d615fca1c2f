package main

import (
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// A shell that sources the file has the lease in its variables, and has done
// nothing else.
func TestNetConfIsSourced(t *testing.T) {
	hostile := fullLease()
	hostile.Domain, hostile.HostName = "a'$(touch owned)'b", "`id`\n"
	hostile.Search = []string{"a.example", "x'; touch owned; '"}
	hostile.RootPath, hostile.BootFile = "/srv'; touch owned; '", "$(touch owned)"
	infinite := fullLease()
	infinite.Expiry, infinite.Routes, infinite.Classless = machine.Never, nil, false
	infinite.Routers = []netip.Addr{netip.MustParseAddr("10.77.0.1")}
	bare := &machine.Lease{Addr: netip.MustParsePrefix("192.0.2.7/32"), Server: netip.MustParseAddr("192.0.2.1"), Start: sec(0), Expiry: sec(120)}

	common := "eth0|dhcp|10.77.0.50|10.77.0.255|255.255.255.0|"
	for name, tt := range map[string]struct {
		lease *machine.Lease
		want  string
	}{
		"full":     {fullLease(), common + "0.0.0.0|10.77.0.2|10.77.0.3|box|net0.example||10.77.0.6|10.77.0.7:/srv/root,v4|images/next.efi|300|3600|a.example b.example"},
		"infinite": {infinite, common + "10.77.0.1|10.77.0.2|10.77.0.3|box|net0.example||10.77.0.6|10.77.0.7:/srv/root,v4|images/next.efi|300|4294967295|a.example b.example"},
		"hostile":  {hostile, common + "0.0.0.0|10.77.0.2|10.77.0.3||||10.77.0.6|||300|3600|"},
		"bare":     {bare, "eth0|dhcp|192.0.2.7|192.0.2.7|255.255.255.255|0.0.0.0|0.0.0.0|0.0.0.0||||0.0.0.0|||300|120|"},
	} {
		dir := t.TempDir()
		file := netConfPath(dir, "eth0")
		if err := os.WriteFile(file, netConf("eth0", tt.lease, sec(200)), 0o644); err != nil {
			t.Fatal(err)
		}
		sh := exec.Command("/bin/sh", "-eu", "-c", `. "$0"
			printf %s "$DEVICE|$PROTO|$IPV4ADDR|$IPV4BROADCAST|$IPV4NETMASK|$IPV4GATEWAY|$IPV4DNS0|$IPV4DNS1|$HOSTNAME|$DNSDOMAIN|$NISDOMAIN|$ROOTSERVER|$ROOTPATH|$filename|$UPTIME|$DHCPLEASETIME|$DOMAINSEARCH"`, file)
		sh.Dir, sh.Env = dir, []string{}
		out, err := sh.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
		if diff := cmp.Diff(tt.want, string(out)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
			t.Errorf("%s: %v, %v; something was executed", name, left, err)
		}
	}
}

// The file is there while there is a lease, except for an interface whose name a
// shell could misread.
func TestNetConfFollowsTheLease(t *testing.T) {
	b := newServedBox(t, "eth0", "x$(id)")
	p := b.start(t, "eth0", "x$(id)")
	p.prints("2 of 2 links bound")
	files, err := filepath.Glob(filepath.Join(b.state, "net-*"))
	if err != nil || len(files) != 1 || files[0] != netConfPath(b.state, "eth0") {
		t.Fatalf("%q, %v; want that of eth0 alone", files, err)
	}
	content, err := os.ReadFile(files[0])
	if err != nil || !strings.Contains(string(content), "IPV4ADDR='10.77.0.") {
		t.Errorf("%v:\n%s", err, content)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v; want one that everybody can read", info.Mode(), err)
	}
	if err := b.LinkDel(b.Link(t, "eth0")); err != nil {
		t.Fatal(err)
	}
	eventually(t, "take the file away", func() bool { return !exists(files[0]) })
}

// What an earlier life left is not taken for the lease that somebody waits for.
func TestNetConfOfAnEarlierLife(t *testing.T) {
	b := newSilentBox(t)
	if err := os.MkdirAll(b.state, 0o755); err != nil {
		t.Fatal(err)
	}
	old := netConfPath(b.state, "eth0")
	if err := os.WriteFile(old, []byte("IPV4ADDR='192.0.2.66'\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out, status := b.run(t, "-once", "-timeout", "1", "eth0")
	if status != 3 || exists(old) {
		t.Errorf("exit status %d, %s is there: %v\n%s", status, old, exists(old), out)
	}
}
