package ifup

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
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

func TestLinkGoesAndComes(t *testing.T) {
	l := newUpLab(t)
	l.apply(leased("192.0.2.5/24"))
	l.deleteLink("eth0")
	events := l.poll()
	if e := events[len(events)-1]; !e.Gone || e.Link.Index != l.eth0 || e.Link.Name != "eth0" {
		t.Fatalf("after its end: %+v", e)
	}
	netns.Veth(t, l.NS, "eth0", l.far, "lan0")
	l.far.Up(t, "lan0")
	before := l.eth0
	l.eth0 = l.index("eth0")
	if e := one(t, l.poll()); e.Gone || e.Link.Index != l.eth0 || l.eth0 == before {
		t.Fatalf("after its return: %+v", e)
	}
	l.n.Up(l.eth0)
	l.n.Apply(l.eth0, leased("192.0.2.5/24"))
	l.flush(nil)
	l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.255 limited")
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

func TestOverrun(t *testing.T) {
	l := newUpLab(t)
	l.apply(leased("192.0.2.5/24"))
	if err := unix.SetsockoptInt(l.n.FD(), unix.SOL_SOCKET, unix.SO_RCVBUF, 1); err != nil { // the kernel's minimum, one or two events
		t.Fatal(err)
	}
	other := netns.New(t)
	netns.Veth(t, l.NS, "old0", other, "old0")
	l.poll()
	l.deleteLink("old0")
	want := []string{"gone old0"}
	for i := range 40 {
		name := fmt.Sprintf("new%d", i)
		netns.Veth(t, l.NS, name, other, name)
		want = append(want, "new "+name)
	}

	overruns := l.n.generation
	var got []string
	for _, e := range l.poll() {
		if e.Gone {
			got = append(got, "gone "+e.Link.Name)
		} else {
			got = append(got, "new "+e.Link.Name)
		}
	}
	if l.n.generation == overruns {
		t.Fatal("the buffer was not overrun, so this shows nothing")
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if again := l.poll(); len(again) != 0 {
		t.Errorf("a second poll reports %+v", again)
	}
}

// The link was down and up again between two polls whose events were lost, and
// its routes with them.
func TestOverrunForgetsRoutes(t *testing.T) {
	l := newUpLab(t)
	l.apply(leased("192.0.2.5/24"))
	l.Down(t, "eth0")
	l.Up(t, "eth0")
	if err := unix.SetsockoptInt(l.n.FD(), unix.SOL_SOCKET, unix.SO_RCVBUF, 1); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		if err := l.LinkSetAlias(l.Link(t, "eth0"), fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	overruns := l.n.generation
	l.poll()
	if l.n.generation == overruns {
		t.Fatal("the buffer was not overrun, so this shows nothing")
	}
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
		{Link{Name: "wlan0", Type: unix.ARPHRD_ETHER, Master: 7}, false},
	} {
		if got := isWireless(&tt.link); got != tt.want {
			t.Errorf("%+v: %v", tt.link, got)
		}
	}
}
