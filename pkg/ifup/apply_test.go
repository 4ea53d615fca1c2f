package ifup

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

func TestUp(t *testing.T) {
	l := newLab(t)
	l.n.Up(l.eth0)
	l.flush(nil)
	if events := l.poll(); len(events) == 0 || !events[len(events)-1].Link.Up() {
		t.Errorf("after Up: %+v", events)
	}
	if err := l.SetPromiscOn(l.Link(t, "eth0")); err != nil {
		t.Fatal(err)
	}
	l.Down(t, "eth0")
	l.poll()
	l.n.Up(l.eth0)
	l.flush(nil)
	if flags := l.Link(t, "eth0").Attrs().RawFlags; flags&unix.IFF_UP == 0 || flags&unix.IFF_PROMISC == 0 {
		t.Errorf("flags %#x: Up is to set IFF_UP and nothing else", flags)
	}
}

func TestUpSendsNothingForLinkThatIsUp(t *testing.T) {
	l := newUpLab(t)
	l.n.Up(l.eth0)
	if calls := syscalls(t, func() { l.flush(nil) }); calls != 0 {
		t.Errorf("%d system calls", calls)
	}
}

func TestLease(t *testing.T) {
	rfc.Shows(t, "P-RO-04", "P-RO-05", "H-LEAK-01")
	l := newUpLab(t)
	l.apply(leased("192.0.2.5/24"))
	l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.255 limited")
	l.wantRoutes(
		"192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.5 metric 1024",
		"default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.5 metric 1024",
	)
	l.apply(Config{})
	l.wantAddrs("eth0")
	l.wantRoutes()
}

func TestLifetime(t *testing.T) {
	for _, tt := range []struct {
		lifetime time.Duration
		want     uint32 // seconds
	}{
		{time.Hour, 3600},
		{time.Hour + 999*time.Millisecond, 3600},
		{0, 1},
		{1<<32*time.Second - time.Second, 1<<32 - 2}, // one more would be for ever
		{1 << 33 * time.Second, 1<<32 - 2},
		{Forever, forever},
	} {
		t.Run(tt.lifetime.String(), func(t *testing.T) {
			l := newUpLab(t)
			l.apply(Config{Addr: netip.MustParsePrefix("192.0.2.5/24"), Lifetime: tt.lifetime})
			list, err := l.AddrList(l.Link(t, "eth0"), unix.AF_INET)
			if err != nil || len(list) != 1 {
				t.Fatalf("%v, %v", list, err)
			}
			a := list[0]
			if permanent := a.Flags&unix.IFA_F_PERMANENT != 0; permanent != (tt.want == forever) {
				t.Errorf("for ever: %v", permanent)
			}
			// Some seconds may have passed.
			valid, preferred := uint32(a.ValidLft), uint32(a.PreferedLft)
			if valid > tt.want || tt.want-valid > 10 || preferred != valid {
				t.Errorf("valid for %d s, preferred for %d s, want %d", valid, preferred, tt.want)
			}
		})
	}
}

func TestKernelWithdrawsByItself(t *testing.T) {
	l := newUpLab(t)
	announced := l.monitor()
	c := leased("192.0.2.5/24")
	c.Lifetime = time.Second
	l.apply(c)
	announced.await("delete address")
	l.wantAddrs("eth0")
	l.wantRoutes()
	l.apply(Config{}) // what is gone already cannot be refused
}

func TestBroadcast(t *testing.T) {
	for _, tt := range []struct {
		addr, broadcast, want string
	}{
		{"192.0.2.5/24", "", "192.0.2.5/24 brd 192.0.2.255 limited"},
		{"192.0.2.5/26", "", "192.0.2.5/26 brd 192.0.2.63 limited"},
		{"10.1.2.3/8", "", "10.1.2.3/8 brd 10.255.255.255 limited"},
		{"192.0.2.5/30", "", "192.0.2.5/30 brd 192.0.2.7 limited"},
		{"192.0.2.4/31", "", "192.0.2.4/31 limited"},
		{"192.0.2.4/31", "192.0.2.5", "192.0.2.4/31 limited"},
		{"192.0.2.4/32", "", "192.0.2.4/32 limited"},
		{"192.0.2.5/24", "192.0.2.0", "192.0.2.5/24 brd 192.0.2.0 limited"},
	} {
		t.Run(tt.addr+" "+tt.broadcast, func(t *testing.T) {
			l := newUpLab(t)
			c := Config{Addr: netip.MustParsePrefix(tt.addr), Lifetime: time.Hour}
			if tt.broadcast != "" {
				c.Broadcast = netip.MustParseAddr(tt.broadcast)
			}
			l.apply(c)
			l.wantAddrs("eth0", tt.want)
		})
	}
}

func TestRenewalIsOneMessage(t *testing.T) {
	l := newUpLab(t)
	l.until(running)
	c := leased("192.0.2.5/24")
	c.MTU = 1400
	l.apply(c)
	l.poll()
	announced := l.monitor(unix.RTNLGRP_LINK)
	l.apply(c)
	if diff := cmp.Diff([]string{"new address"}, announced.heard()); diff != "" {
		t.Error(diff)
	}
	c.Lifetime = Forever
	l.apply(c)
	announced.heard()
	l.apply(c)
	if got := announced.heard(); len(got) != 0 {
		t.Errorf("an address for ever, unchanged: %v", got)
	}
	l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.255")
}

// The other address of a subnet is a secondary one, which the kernel by default
// takes away together with the first.
func TestAddressChangesWithinSubnet(t *testing.T) {
	rfc.Shows(t, "P-RO-09")
	l := newUpLab(t)
	l.Sysctl(t, "net/ipv4/conf/eth0/promote_secondaries", "0")
	l.apply(leased("192.0.2.5/24"))
	announced := l.monitor()
	l.apply(leased("192.0.2.6/24"))
	l.wantAddrs("eth0", "192.0.2.6/24 brd 192.0.2.255 limited")
	l.wantRoutes(
		"192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.6 metric 1024",
		"default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.6 metric 1024",
	)
	wantOrder(t, announced.heard(), "new address", "new route", "delete route", "delete address")
}

func TestAddressChangesToAnotherSubnet(t *testing.T) {
	l := newUpLab(t)
	l.apply(leased("192.0.2.5/24"))
	announced := l.monitor()
	c := leased("198.51.100.5/24")
	c.Routes = []Route{defaultVia("198.51.100.1")}
	l.apply(c)
	l.wantAddrs("eth0", "198.51.100.5/24 brd 198.51.100.255 limited")
	l.wantRoutes(
		"198.51.100.0/24 dev eth0 proto 2 scope link src 198.51.100.5 metric 1024",
		"default via 198.51.100.1 dev eth0 proto 16 src 198.51.100.5 metric 1024",
	)
	wantOrder(t, announced.heard(), "new address", "new route", "delete route", "delete address")
}

func TestMaskChanges(t *testing.T) {
	l := newUpLab(t)
	l.apply(leased("192.0.2.5/24"))
	l.apply(leased("192.0.2.5/25"))
	l.wantAddrs("eth0", "192.0.2.5/25 brd 192.0.2.127 limited")
	l.wantRoutes(
		"192.0.2.0/25 dev eth0 proto 2 scope link src 192.0.2.5 metric 1024",
		"default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.5 metric 1024",
	)
}

func TestBroadcastAddressChanges(t *testing.T) {
	l := newUpLab(t)
	c := leased("192.0.2.5/24")
	l.apply(c)
	c.Broadcast = netip.MustParseAddr("192.0.2.0")
	l.apply(c)
	l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.0 limited")
	l.wantRoutes(
		"192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.5 metric 1024",
		"default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.5 metric 1024",
	)
}

func TestRouterChanges(t *testing.T) {
	rfc.Shows(t, "P-RO-09")
	l := newUpLab(t)
	c := leased("192.0.2.5/24")
	l.apply(c)
	announced := l.monitor()
	c.Routes = []Route{defaultVia("192.0.2.2")}
	l.apply(c)
	l.wantRoutes(
		"192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.5 metric 1024",
		"default via 192.0.2.2 dev eth0 proto 16 src 192.0.2.5 metric 1024",
	)
	if diff := cmp.Diff([]string{"new address", "new route", "delete route"}, announced.heard()); diff != "" {
		t.Error(diff)
	}
}

func TestRouterOutsideTheSubnet(t *testing.T) {
	rfc.Shows(t, "P-RO-02", "R3442-06")
	l := newUpLab(t)
	c := leased("192.0.2.5/32")
	c.Routes = []Route{{Dst: netip.MustParsePrefix("10.0.0.1/32")}, defaultVia("10.0.0.1")}
	l.apply(c)
	l.wantRoutes(
		"10.0.0.1/32 dev eth0 proto 16 scope link src 192.0.2.5 metric 1024",
		"default via 10.0.0.1 dev eth0 proto 16 src 192.0.2.5 metric 1024",
	)
	l.apply(Config{})
	l.wantRoutes()
}

func TestHostBitsOfDestination(t *testing.T) {
	rfc.Shows(t, "R3442-05")
	l := newUpLab(t)
	c := leased("192.0.2.5/24")
	route := Route{Dst: netip.MustParsePrefix("129.210.177.132/25"), Gateway: netip.MustParseAddr("192.0.2.1")}
	c.Routes = []Route{route, route} // and one that is named twice
	l.apply(c)
	l.wantRoutes(
		"192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.5 metric 1024",
		"129.210.177.128/25 via 192.0.2.1 dev eth0 proto 16 src 192.0.2.5 metric 1024",
	)
}

func TestMetricMoves(t *testing.T) {
	l := newUpLab(t)
	c := leased("192.0.2.5/24")
	l.apply(c)
	announced := l.monitor()
	c.Metric += 65536
	l.apply(c)
	l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.255 limited")
	l.wantRoutes(
		"192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.5 metric 66560",
		"default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.5 metric 66560",
	)
	want := []string{
		"new route", "delete route", "new address", // the kernel moves the prefix route
		"new route", "delete route",
	}
	if diff := cmp.Diff(want, announced.heard()); diff != "" {
		t.Error(diff)
	}
}

// The kernel drops the routes of a link that is set down, and keeps its addresses.
func TestLinkDownAndUp(t *testing.T) {
	l := newUpLab(t)
	c := leased("192.0.2.5/24")
	l.apply(c)
	l.Down(t, "eth0")
	l.Up(t, "eth0")
	l.poll()
	l.wantRoutes("192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.5 metric 1024")
	l.apply(c)
	l.wantRoutes(
		"192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.5 metric 1024",
		"default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.5 metric 1024",
	)
}

func TestMTU(t *testing.T) {
	rfc.Shows(t, "P-OF-01", "R2131-3.5-04")
	l := newUpLab(t)
	mtu := func() int { return l.Link(t, "eth0").Attrs().MTU }
	if err := l.LinkSetMTU(l.Link(t, "eth0"), 1490); err != nil {
		t.Fatal(err)
	}
	l.poll()
	c := leased("192.0.2.5/24")
	for _, step := range []struct{ ask, want int }{
		{0, 1490},
		{1400, 1400},
		{1300, 1300},
		{1450, 1450}, // raised, but not above what it was
		{1400, 1400},
		{1491, 1490}, // never above
		{1400, 1400},
		{67, 1490}, // below what the link allows
		{68, 68},
		{0, 1490},
	} {
		c.MTU = step.ask
		l.apply(c)
		if got := mtu(); got != step.want {
			t.Errorf("asked for %d: %d, want %d", step.ask, got, step.want)
		}
		l.poll()
	}
	c.MTU = 1400
	l.apply(c)
	l.poll()
	l.apply(Config{})
	if got := mtu(); got != 1490 {
		t.Errorf("after all: %d", got)
	}
}

// Another MTU is one more message; what the link announces by the way is its news.
func TestMTUChanges(t *testing.T) {
	l := newUpLab(t)
	l.until(running)
	c := leased("192.0.2.5/24")
	c.MTU = 1400
	l.apply(c)
	l.poll()
	announced := l.monitor(unix.RTNLGRP_LINK)
	c.MTU = 1300
	l.apply(c)
	got := slices.Compact(announced.heard())
	if diff := cmp.Diff([]string{"new link", "new address"}, got); diff != "" {
		t.Error(diff)
	}
}

// An earlier life lowered the MTU and was killed. Who knows what it was before can
// have it back, whatever is leased next.
func TestMTUOfAnEarlierLife(t *testing.T) {
	rfc.Shows(t, "P-OF-01", "H-LEAK-01")
	for _, tt := range []struct {
		name string
		next Config
		want int
	}{
		{"the same again", Config{Addr: leased("192.0.2.5/24").Addr, MTU: 1400, LinkMTU: 1500}, 1400},
		{"another", Config{Addr: leased("192.0.2.5/24").Addr, MTU: 1450, LinkMTU: 1500}, 1450},
		{"none", Config{Addr: leased("192.0.2.5/24").Addr, LinkMTU: 1500}, 1500},
		{"nothing at all", Config{LinkMTU: 1500}, 1500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newUpLab(t)
			mtu := func() int { return l.Link(t, "eth0").Attrs().MTU }
			c := leased("192.0.2.5/24")
			c.MTU = 1400
			l.apply(c)
			l.n.Close()
			l.open()
			l.apply(tt.next)
			if got := mtu(); got != tt.want {
				t.Errorf("MTU %d, want %d", got, tt.want)
			}
			l.poll()
			l.apply(Config{})
			if got := mtu(); got != 1500 {
				t.Errorf("after all: %d", got)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name string
		c    Config
		want Refused
	}{
		{
			"a router that is not reachable",
			Config{Addr: netip.MustParsePrefix("192.0.2.5/24"), Lifetime: time.Hour, Metric: 1, Routes: []Route{defaultVia("198.51.100.1")}},
			Refused{OpRoute, "0.0.0.0/0 via 198.51.100.1", unix.ENETUNREACH},
		},
		{
			"not an address of IPv4",
			Config{Addr: netip.MustParsePrefix("2001:db8::1/64"), Lifetime: time.Hour},
			Refused{OpAddr, "2001:db8::1/64", unix.EAFNOSUPPORT},
		},
		{
			"not a route of IPv4",
			Config{Addr: netip.MustParsePrefix("192.0.2.5/24"), Lifetime: time.Hour, Routes: []Route{{Dst: netip.MustParsePrefix("::/0")}}},
			Refused{OpAddr, "192.0.2.5/24", unix.EAFNOSUPPORT},
		},
		{"no routes without an address", Config{Routes: []Route{defaultVia("192.0.2.1")}}, Refused{OpRoute, "0.0.0.0/0 via 192.0.2.1", unix.ENETUNREACH}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newUpLab(t)
			for range 2 { // what was refused is not remembered as installed
				l.n.Apply(l.eth0, tt.c)
				l.flush(&tt.want)
			}
			l.apply(Config{})
			l.wantRoutes()
		})
	}
}

func TestLinkThatIsGone(t *testing.T) {
	l := newUpLab(t)
	l.deleteLink("eth0")
	l.n.Apply(l.eth0, leased("192.0.2.5/24"))
	l.flush(&Refused{Op: OpAddr, What: "192.0.2.5/24", Err: unix.ENODEV})
	l.poll()
	l.n.Up(l.eth0)
	l.flush(&Refused{Op: OpUp, Err: unix.ENODEV})
	l.n.Apply(l.eth0, leased("192.0.2.5/24"))
	l.poll()
	l.flush(&Refused{Op: OpAddr, What: "192.0.2.5/24", Err: unix.ENODEV})
}

func TestRefusedMTUYields(t *testing.T) {
	l := newLab(t)
	l.n.name(l.eth0)
	mtu := &Refused{Op: OpMTU, What: "1400", Err: unix.EINVAL}
	addr := &Refused{Op: OpAddr, What: "192.0.2.5/24", Err: unix.EPERM}
	l.n.refuse(l.eth0, mtu)
	l.n.refuse(l.eth0, addr)
	l.n.refuse(l.eth0, &Refused{Op: OpRoute, Err: unix.EINVAL})
	l.flush(addr)
	l.n.name(l.eth0)
	l.n.refuse(l.eth0, mtu)
	l.flush(mtu)
}

func TestRefusedIsAnError(t *testing.T) {
	var err error = &Refused{Op: OpRoute, What: "0.0.0.0/0 via 192.0.2.1", Err: syscall.EEXIST}
	if got, want := err.Error(), "route 0.0.0.0/0 via 192.0.2.1: file exists"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if !errors.Is(err, syscall.EEXIST) {
		t.Error("it does not unwrap to its reason")
	}
	if got := (&Refused{Op: OpUp, Err: syscall.ENODEV}).Error(); got != "set up: no such device" {
		t.Errorf("%q", got)
	}
}

func TestFlushMayQueue(t *testing.T) {
	m := newMany(t, 3)
	m.applyAll()
	var first []int
	m.n.Flush(func(index int, _ error) {
		if len(first) == 0 {
			for _, index := range slices.Backward(m.links) {
				m.n.Apply(index, Config{})
			}
		}
		first = append(first, index)
	})
	if diff := cmp.Diff(m.links, first); diff != "" {
		t.Error(diff)
	}
	m.wantDefaults(3)
	m.wantAll(nil)
	m.wantDefaults(0)
	if got := outcomes(m.n); len(got) != 0 {
		t.Errorf("nothing was named, but reported: %v", got)
	}
}

// wantOrder checks that events appear in that order, whatever comes between.
func wantOrder(t *testing.T, got []string, want ...string) {
	t.Helper()
	rest := want
	for _, event := range got {
		if len(rest) > 0 && event == rest[0] {
			rest = rest[1:]
		}
	}
	if len(rest) > 0 {
		t.Errorf("%q does not come in its place: %q", rest[0], got)
	}
}

// The kernel withdrew the address at the end of its lifetime, and its routes with
// it. Both come back.
func TestAddressThatRanOut(t *testing.T) {
	l := newUpLab(t)
	c := leased("192.0.2.5/24")
	c.Lifetime = time.Second
	l.apply(c)
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		list, err := l.AddrList(l.Link(t, "eth0"), unix.AF_INET)
		if err != nil || time.Now().After(end) {
			t.Fatalf("the address is still there: %v", err)
		}
		if len(list) == 0 {
			break
		}
	}
	c.Lifetime = time.Hour
	l.apply(c)
	l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.255 limited")
	l.wantRoutes(
		"192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.5 metric 1024",
		"default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.5 metric 1024",
	)
}
