package ifup

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// one is the only event there is.
func one(t *testing.T, events []Event) Event {
	t.Helper()
	if len(events) != 1 {
		t.Fatalf("%d events, want one: %+v", len(events), events)
	}
	return events[0]
}

func TestFirstPollReportsAllLinks(t *testing.T) {
	l := newLab(t)
	l.Bridge(t, "br0", "eth0")
	attrs := l.Link(t, "eth0").Attrs()
	l.n.Close()
	l.Do(t, func() {
		var err error
		if l.n, err = Open(); err != nil {
			t.Fatal(err)
		}
	})
	links := map[string]Link{}
	for _, e := range l.poll() {
		if e.Gone || links[e.Link.Name].Index != 0 {
			t.Errorf("%s: %+v", e.Link.Name, e)
		}
		links[e.Link.Name] = e.Link
	}
	if len(links) != 3 {
		t.Errorf("%d links, want lo, br0, eth0", len(links))
	}
	want := Link{
		Index: l.eth0, Name: "eth0", HardwareAddr: [6]byte(attrs.HardwareAddr), Type: unix.ARPHRD_ETHER, Flags: attrs.RawFlags,
		MTU: 1500, MinMTU: 68, MaxMTU: 65535, Master: l.index("br0"), Kind: "veth",
	}
	got := links["eth0"]
	want.CarrierLost = got.CarrierLost // a veth begins with a loss, or without
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if !got.Up() || !got.Running() || got.Loopback() {
		t.Errorf("eth0: flags %#x", got.Flags)
	}
	if lo := links["lo"]; !lo.Loopback() || lo.Type != unix.ARPHRD_LOOPBACK || lo.Kind != "" {
		t.Errorf("lo: %+v", lo)
	}
	if links["br0"].Kind != "bridge" {
		t.Errorf("br0: %+v", links["br0"])
	}
	if again := l.poll(); len(again) != 0 {
		t.Errorf("a second poll reports %+v", again)
	}
}

func TestPollReportsWhatChanges(t *testing.T) {
	l := newLab(t)
	eth0 := l.Link(t, "eth0")
	for _, step := range []struct {
		name   string
		change func() error
		is     func(Link) bool
	}{
		{"up", func() error { return l.LinkSetUp(eth0) }, running},
		{"cable pulled", func() error { l.far.Down(t, "lan0"); return nil }, func(k Link) bool { return k.Up() && !k.Running() }},
		{"cable plugged", func() error { l.far.Up(t, "lan0"); return nil }, running},
		{"MTU", func() error { return l.LinkSetMTU(eth0, 1400) }, func(k Link) bool { return k.MTU == 1400 }},
		{"name", func() error { return l.LinkSetName(eth0, "x$(id)") }, func(k Link) bool { return k.Name == "x$(id)" }},
		{
			"hardware address",
			func() error { return l.LinkSetHardwareAddr(eth0, []byte{2, 0, 0, 0, 0, 7}) },
			func(k Link) bool { return k.HardwareAddr == [6]byte{2, 0, 0, 0, 0, 7} },
		},
		{"down", func() error { return l.LinkSetDown(eth0) }, func(k Link) bool { return !k.Up() && !k.Running() }},
	} {
		t.Run(step.name, func(t *testing.T) {
			if step.is(l.seen[l.eth0]) {
				t.Fatal("it is so before")
			}
			if err := step.change(); err != nil {
				t.Fatal(err)
			}
			l.until(step.is)
		})
	}
}

// The kernel tells late of carrier, and of one that went and came back in between
// nothing but how often it was lost.
func TestCarrierLossIsCounted(t *testing.T) {
	l := newUpLab(t)
	l.until(running)
	before := l.seen[l.eth0].CarrierLost
	l.far.Down(t, "lan0")
	l.far.Up(t, "lan0")
	l.until(func(k Link) bool { return running(k) && k.CarrierLost == before+1 })
}

func TestPollIsSilentWhenNothingDiffers(t *testing.T) {
	l := newUpLab(t)
	l.until(running)
	announced := l.monitor(unix.RTNLGRP_LINK)
	if err := l.LinkSetAlias(l.Link(t, "eth0"), "an alias is announced, and none of ours"); err != nil {
		t.Fatal(err)
	}
	if len(announced.heard()) == 0 {
		t.Fatal("the kernel announced nothing, so this shows nothing")
	}
	if got := l.poll(); len(got) != 0 {
		t.Errorf("reported: %+v", got)
	}
}

// What comes back, even with the same index, has nothing of what was installed.
func TestLinkGoesAndComes(t *testing.T) {
	l := newUpLab(t)
	l.Address(t, "eth0", "192.0.2.5/24") // foreign, and not installed by us
	l.apply(leased("192.0.2.5/24"))
	l.deleteLink("eth0")
	events := l.poll()
	if e := events[len(events)-1]; !e.Gone || e.Link.Index != l.eth0 || e.Link.Name != "eth0" {
		t.Fatalf("after its end: %+v", e)
	}
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.Index = "eth0", l.eth0
	again := &netlink.Veth{LinkAttrs: attrs, PeerName: "lan0", PeerNamespace: netlink.NsFd(l.far.FD())}
	if err := l.LinkAdd(again); err != nil {
		t.Fatal(err)
	}
	if e := one(t, l.poll()); e.Gone || e.Link.Index != l.eth0 {
		t.Fatalf("after its return: %+v", e)
	}
	l.n.Up(l.eth0)
	l.n.Apply(l.eth0, leased("192.0.2.5/24"))
	l.flush(nil)
	l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.255 limited")
	l.wantRoutes(
		"192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.5 metric 1024",
		"default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.5 metric 1024",
	)
}

func TestLinkMovedToAnotherNamespace(t *testing.T) {
	l, other := newLab(t), netns.New(t)
	if err := l.LinkSetNsFd(l.Link(t, "eth0"), other.FD()); err != nil {
		t.Fatal(err)
	}
	if e := one(t, l.poll()); !e.Gone || e.Link.Index != l.eth0 {
		t.Errorf("after its departure: %+v", e)
	}
}

// A bridge announces a port that leaves it by an RTM_DELLINK of its own family.
func TestPortLeavesBridge(t *testing.T) {
	l := newUpLab(t)
	l.Bridge(t, "br0", "eth0")
	l.poll()
	if err := l.LinkSetNoMaster(l.Link(t, "eth0")); err != nil {
		t.Fatal(err)
	}
	for _, e := range l.poll() {
		if e.Gone {
			t.Errorf("reported as gone: %+v", e)
		}
	}
	if k := l.seen[l.eth0]; k.Master != 0 {
		t.Errorf("its master is still %d", k.Master)
	}
}

// overrun fills the buffer for events, so that what happens next is not told.
func (l *lab) overrun() {
	l.t.Helper()
	if err := unix.SetsockoptInt(l.n.FD(), unix.SOL_SOCKET, unix.SO_RCVBUF, 1); err != nil { // the kernel's minimum
		l.t.Fatal(err)
	}
	for i := range 40 {
		if err := l.LinkSetAlias(l.Link(l.t, "lo"), fmt.Sprint(i)); err != nil {
			l.t.Fatal(err)
		}
	}
	dumps := l.n.generation
	l.t.Cleanup(func() {
		if l.n.generation == dumps {
			l.t.Error("nothing was overrun, so this shows nothing")
		}
	})
}

func TestOverrun(t *testing.T) {
	l, other := newLab(t), netns.New(t)
	netns.Veth(t, l.NS, "old0", other, "old0")
	l.poll()
	l.overrun()
	l.deleteLink("old0")
	netns.Veth(t, l.NS, "new0", other, "new0")
	l.Up(t, "eth0")

	var got []string
	for _, e := range l.poll() {
		got = append(got, fmt.Sprintf("%s: up %v, gone %v", e.Link.Name, e.Link.Up(), e.Gone))
	}
	slices.Sort(got)
	// Nothing happened to lo, as far as anyone can tell.
	want := []string{"eth0: up true, gone false", "lo: up true, gone false", "new0: up false, gone false", "old0: up false, gone true"}
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Error(diff)
	}
	l.Down(t, "eth0") // what happens later is told again
	l.poll()
	if k := l.seen[l.eth0]; k.Up() {
		t.Errorf("eth0 stays %+v", k)
	}
}

// The link was down and up again while nothing was told, and its routes went.
func TestOverrunForgetsRoutes(t *testing.T) {
	l := newUpLab(t)
	l.apply(leased("192.0.2.5/24"))
	l.overrun()
	l.Down(t, "eth0")
	l.Up(t, "eth0")
	l.poll()
	l.apply(leased("192.0.2.5/24"))
	l.wantRoutes(
		"192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.5 metric 1024",
		"default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.5 metric 1024",
	)
}

func TestPollMayQueue(t *testing.T) {
	l := newLab(t)
	l.n.Close()
	l.Do(t, func() {
		var err error
		if l.n, err = Open(); err != nil {
			t.Fatal(err)
		}
	})
	if err := l.n.Poll(func(e Event) {
		if e.Link.Index == l.eth0 {
			l.n.Up(e.Link.Index)
		}
	}); err != nil {
		t.Fatal(err)
	}
	l.flush(nil)
	if e := one(t, l.poll()); !e.Link.Up() {
		t.Errorf("after Up: %+v", e)
	}
}

func TestWireless(t *testing.T) {
	netns.Tmpfs(t, "/sys", "")
	for _, dir := range []string{"wlan0/phy80211", "wlan1/wireless", "eth0"} {
		if err := os.MkdirAll(filepath.Join("/sys/class/net", dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		link Link
		want bool
	}{
		{Link{Name: "wlan0", Type: unix.ARPHRD_ETHER}, true},
		{Link{Name: "wlan1", Type: unix.ARPHRD_ETHER}, true},
		{Link{Name: "eth0", Type: unix.ARPHRD_ETHER}, false},
		{Link{Name: "missing", Type: unix.ARPHRD_ETHER}, false},
		{Link{Name: "wlan0", Type: unix.ARPHRD_LOOPBACK}, false},
		{Link{Name: "wlan0", Type: unix.ARPHRD_ETHER, Kind: "macvlan"}, false},
		{Link{Name: "wlan0", Type: unix.ARPHRD_ETHER, Master: 7}, true},
	} {
		if got := isWireless(&tt.link); got != tt.want {
			t.Errorf("%+v: %v", tt.link, got)
		}
	}
}

// A link may be renamed while its first message waits, so that /sys knows it by
// another name. What is behind it must not be forgotten later either.
func TestWirelessUnderItsNewName(t *testing.T) {
	netns.Tmpfs(t, "/sys", "")
	if err := os.MkdirAll("/sys/class/net/wlp1s0/phy80211", 0o755); err != nil {
		t.Fatal(err)
	}
	n := &Netlink{links: map[int]*known{}}
	var got []Link
	for _, attributes := range []string{
		attr(unix.IFLA_IFNAME, "wlan0\x00"),
		attr(unix.IFLA_IFNAME, "wlp1s0\x00"),
		attr(unix.IFLA_IFNAME, "wlp1s0\x00") + attr(unix.IFLA_MTU, num(1500)),
	} {
		header := string([]byte{unix.AF_UNSPEC, 0, unix.ARPHRD_ETHER, 0}) + num(7) + num(0) + num(0)
		n.take(message{typ: unix.RTM_NEWLINK, body: []byte(header + attributes)}, func(e Event) { got = append(got, e.Link) })
	}
	want := []Link{
		{Index: 7, Type: 1, Name: "wlan0"},
		{Index: 7, Type: 1, Name: "wlp1s0", Wireless: true},
		{Index: 7, Type: 1, Name: "wlp1s0", Wireless: true, MTU: 1500},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
