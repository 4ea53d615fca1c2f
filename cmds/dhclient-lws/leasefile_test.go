package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// fullLease is a lease with everything that a lease can have.
func fullLease() *machine.Lease {
	addr := netip.MustParseAddr
	return &machine.Lease{
		Addr: netip.MustParsePrefix("10.77.0.50/24"), Classful: true, Server: addr("10.77.0.1"),
		Start: sec(100), T1: sec(1900), T2: sec(3250), Expiry: sec(3700),
		Routes: []dhcp4.Route{
			{Dst: netip.MustParsePrefix("192.0.2.0/24"), Gateway: addr("10.77.0.9")},
			{Dst: netip.MustParsePrefix("198.51.100.1/32")},
		},
		Classless: true, DNS: []netip.Addr{addr("10.77.0.2"), addr("10.77.0.3")}, NTP: []netip.Addr{addr("10.77.0.4")},
		Broadcast: addr("10.77.0.255"), Domain: "net0.example", Search: []string{"a.example", "b.example"}, HostName: "box", MTU: 1400, LinkMTU: 1500,
		Handed: machine.Handed{
			NextServer: addr("10.77.0.6"), BootServer: "boot.example", BootFile: "images/next.efi", RootPath: "10.77.0.7:/srv/root,v4",
			CaptivePortal: "https://portal.example/?a=1", Vendor: []byte{1, 2, 0xff}, Options: []machine.Option{{Code: 2, Data: []byte{0, 0, 14, 16}}, {Code: 150, Data: []byte{}}},
		},
	}
}

var (
	fileHW   = dhcp4.HardwareAddr{2, 0, 0x5e, 0, 0x53, 1}
	fileID   = []byte{1, 2, 0, 0x5e, 0, 0x53, 1}
	fileBoot = "11111111-1111-1111-1111-111111111111"
)

// The file was written 200 s after the start of a boot, on a day of 2025.
const fileWall = 1_750_000_000

func exampleLeaseFile(l *machine.Lease) *leaseFile {
	return &leaseFile{
		version: leaseVersion, iface: "eth0", hw: fileHW.String(), clientID: "0102005e005301", boot: fileBoot,
		written: fileWall, writtenMS: sec(200).Milliseconds(), index: 2, metric: 1024, linkMTU: int64(l.LinkMTU), lease: describeLease(l),
	}
}

func (l *leaseFile) json() []byte {
	w := &jsonWriter{}
	(&fields{w: w}).object(l.fields)
	return w.b
}

// sameBoot is the present half a minute after the file was written.
func sameBoot() present {
	return present{iface: "eth0", hw: fileHW, clientID: fileID, boot: fileBoot, now: sec(230), wall: fileWall + 30}
}

var sameLease = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

// What is written is what is read, in the same boot unchanged to the millisecond.
func TestLeaseFileRoundTrip(t *testing.T) {
	rfc.Shows(t, "R4361-6.1-03")
	infinite := fullLease()
	infinite.T1, infinite.T2, infinite.Expiry = machine.Never, machine.Never, machine.Never
	bare := &machine.Lease{
		Addr: netip.MustParsePrefix("10.77.0.50/32"), Server: netip.MustParseAddr("192.0.2.1"),
		Start: -sec(3), T1: -sec(2), T2: -sec(1), Expiry: sec(3600), Routers: []netip.Addr{netip.MustParseAddr("192.0.2.1")},
	}
	for _, want := range []*machine.Lease{fullLease(), infinite, bare} {
		f, err := parseLeaseFile(exampleLeaseFile(want).json())
		if err != nil {
			t.Fatal(err)
		}
		now := sameBoot()
		got, err := f.recall(&now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, sameLease, cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })); diff != "" {
			t.Error(diff)
		}
	}
}

// Whose lease it was, and how much of it is left.
func TestRecall(t *testing.T) {
	rfc.Shows(t, "P-IR-01", "P-IR-02", "R2131-3.2-11")
	const none = -1
	for name, tt := range map[string]struct {
		change func(*present)
		left   time.Duration // of 3500 s when the file was written; none if the lease is not used
	}{
		"the same boot":                     {func(p *present) {}, 3470 * time.Second},
		"over":                              {func(p *present) { p.now = sec(4000) }, -300 * time.Second},
		"another hardware address":          {func(p *present) { p.hw[5]++ }, none},
		"another client identifier":         {func(p *present) { p.clientID = []byte{0, 1} }, none},
		"no client identifier":              {func(p *present) { p.clientID = nil }, none},
		"another interface":                 {func(p *present) { p.iface = "eth1" }, none},
		"another boot, an hour off":         {func(p *present) { p.boot, p.now, p.wall = "x", sec(5), fileWall+600 }, 2899 * time.Second},
		"another boot, over meanwhile":      {func(p *present) { p.boot, p.now, p.wall = "x", sec(5), fileWall+4000 }, -501 * time.Second},
		"another boot, clock not set":       {func(p *present) { p.boot, p.now, p.wall = "x", sec(5), 5 }, 3499 * time.Second},
		"another boot, clock before":        {func(p *present) { p.boot, p.now, p.wall = "x", sec(5), fileWall-1 }, 3499 * time.Second},
		"the same, and it may be used":      {func(p *present) { p.boot, p.now, p.wall, p.reuse = "x", sec(5), fileWall-1, true }, 0},
		"known age, and it may be used":     {func(p *present) { p.boot, p.now, p.wall, p.reuse = "x", sec(5), fileWall+600, true }, 2899 * time.Second},
		"no boot identifier on this kernel": {func(p *present) { p.boot, p.now, p.wall = "", sec(5), fileWall+600 }, 2899 * time.Second},
	} {
		p := sameBoot()
		tt.change(&p)
		lease, err := exampleLeaseFile(fullLease()).recall(&p)
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case tt.left == none:
			if lease != nil {
				t.Errorf("%s: used", name)
			}
		case lease == nil:
			t.Errorf("%s: not used", name)
		case lease.Expiry-p.now != tt.left || lease.Start > p.now || lease.Valid() != nil:
			t.Errorf("%s: %v left, want %v; began at %v, now is %v; %v", name, lease.Expiry-p.now, tt.left, lease.Start, p.now, lease.Valid())
		}
	}
}

// A file whose clock was not right says nothing about its age either.
func TestRecallFromAMachineWithoutClock(t *testing.T) {
	rfc.Shows(t, "P-TM-10")
	f := exampleLeaseFile(fullLease())
	f.written = 200
	p := sameBoot()
	p.boot, p.wall, p.reuse = "x", fileWall, true
	if lease, err := f.recall(&p); err != nil || lease.Expiry > p.now {
		t.Errorf("%v, %v; want one that is over", lease, err)
	}
}

// What a server may not say a file may not either.
func TestLeaseFileIsCheckedLikeTheNetwork(t *testing.T) {
	rfc.Shows(t, "P-IR-04")
	for name, change := range map[string]func(*leaseFile){
		"loopback":            func(l *leaseFile) { l.lease.address = netip.MustParsePrefix("127.0.0.1/8") },
		"IPv6":                func(l *leaseFile) { l.lease.address = netip.MustParsePrefix("2001:db8::1/64") },
		"no address":          func(l *leaseFile) { l.lease.address = netip.Prefix{} },
		"no server":           func(l *leaseFile) { l.lease.server = netip.Addr{} },
		"name that is code":   func(l *leaseFile) { l.lease.domain = "$(id)" },
		"MTU":                 func(l *leaseFile) { l.lease.mtu = 1 << 20 },
		"negative MTU":        func(l *leaseFile) { l.lease.mtu = -1 },
		"order of times":      func(l *leaseFile) { l.lease.renew = l.lease.expiry + 1 },
		"no renewal":          func(l *leaseFile) { l.lease.renew = 0 },
		"begins later":        func(l *leaseFile) { l.lease.start = l.writtenMS + 1 },
		"begins too early":    func(l *leaseFile) { l.lease.start = -1 << 62 },
		"ends too late":       func(l *leaseFile) { l.lease.expiry = 1 << 62 },
		"broadcast elsewhere": func(l *leaseFile) { l.lease.broadcast = netip.MustParseAddr("10.0.0.255") },
		"300 routes":          func(l *leaseFile) { l.lease.routes = make([]dhcp4.Route, 300) },
	} {
		f := exampleLeaseFile(fullLease())
		change(f)
		p := sameBoot()
		if lease, err := f.recall(&p); err == nil {
			t.Errorf("%s: %+v", name, lease)
		}
	}
}

// However much of it was written, it is the lease or nothing.
func TestLeaseFileIsTruncated(t *testing.T) {
	rfc.Shows(t, "P-IR-03")
	content := exampleLeaseFile(fullLease()).json()
	path := filepath.Join(t.TempDir(), "eth0.json")
	for n := range content {
		if err := os.WriteFile(path, content[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if f, err := readLeaseFile(path); err == nil {
			t.Fatalf("the first %d bytes are taken for %+v", n, f)
		}
	}
}

// Whatever stands in a file: what is taken from it is a valid lease of the right
// client, and what is written of that is read the same.
func FuzzLeaseFile(f *testing.F) {
	good := exampleLeaseFile(fullLease()).json()
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add([]byte(`{"version":1}`))
	f.Add([]byte(strings.Replace(string(good), `"start_ms":100000`, `"start_ms":-9223372036854775808`, 1)))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, err := parseLeaseFile(content)
		if err != nil {
			return
		}
		for _, reuse := range []bool{false, true} {
			for _, boot := range []string{fileBoot, "another"} {
				p := sameBoot()
				p.boot, p.reuse = boot, reuse
				lease, err := file.recall(&p)
				if err != nil || lease == nil {
					continue
				}
				if lease.Valid() != nil || lease.Start > p.now {
					t.Errorf("%+v: %v", lease, lease.Valid())
				}
			}
		}
		again, err := parseLeaseFile(file.json())
		if err != nil || string(again.json()) != string(file.json()) {
			t.Errorf("%v: %s", err, file.json())
		}
	})
}

func TestFileNames(t *testing.T) {
	for iface, want := range map[string]string{
		"eth0":        "eth0",
		"eth0.100":    "eth0.100",
		"br-lan":      "br-lan",
		"status":      "interface-in-hex-737461747573",
		"status.4711": "interface-in-hex-7374617475732e34373131",
		"statusbar":   "statusbar",
		"..foo":       "interface-in-hex-2e2e666f6f",
		"-rf":         "interface-in-hex-2d7266",
		"x$(id)":      "interface-in-hex-782428696429",
	} {
		if got := fileName(iface); got != want {
			t.Errorf("%q: %s, want %s", iface, got, want)
		}
		if back := interfaceOf(want); back != iface {
			t.Errorf("%s is that of %q, want %q", want, back, iface)
		}
	}
	for _, name := range []string{"", "status", "status.4711", ".eth0", "interface-in-hex-65746830", "interface-in-hex-zz", "interface-in-hex-2f", "longer-than-an-interface"} {
		if iface := interfaceOf(name); iface != "" {
			t.Errorf("%s is taken for the file of %q", name, iface)
		}
	}
	for _, own := range []string{firstResidentLock, resolvConfLock, hexName + "00.lock"} {
		if iface := strings.TrimSuffix(own, ".lock"); possibleName(iface) {
			t.Errorf("an interface can be called %s", iface)
		}
	}
}
