package ifup

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

const (
	prefixRoute   = "192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.5 metric 1024"
	oursByDefault = "default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.5 metric 1024"
)

// stripped is how many links Poll says have lost something.
func (l *lab) stripped() (n int) {
	l.t.Helper()
	for _, e := range l.poll() {
		if e.Stripped {
			n++
		}
	}
	return n
}

// wakes reports whether the event socket has something to read.
func (l *lab) wakes() bool {
	l.t.Helper()
	fds := []unix.PollFd{{Fd: int32(l.n.FD()), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(fds, 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			l.t.Fatal(err)
		}
		return n > 0
	}
}

func (l *lab) deleteAddr(name, cidr string) {
	l.t.Helper()
	addr, err := netlink.ParseAddr(cidr)
	if err == nil {
		err = l.AddrDel(l.Link(l.t, name), addr)
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

func TestAddressTakenAway(t *testing.T) {
	l := newUpLab(t)
	l.until(running)
	l.apply(leased("192.0.2.5/24"))
	l.deleteAddr("eth0", "192.0.2.5/24")
	l.wantRoutes()
	if n := l.stripped(); n != 1 {
		t.Errorf("told %d times", n)
	}
	l.apply(leased("192.0.2.5/24"))
	l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.255 limited")
	l.wantRoutes(prefixRoute, oursByDefault)
}

// Somebody puts an address of his own in the place of ours: he is welcome to it.
func TestAddressTakenOver(t *testing.T) {
	l := newUpLab(t)
	l.until(running)
	l.apply(leased("192.0.2.5/24"))
	l.deleteAddr("eth0", "192.0.2.5/24")
	l.Address(t, "eth0", "192.0.2.5/24")
	if n := l.stripped(); n != 1 {
		t.Errorf("told %d times", n)
	}
	l.apply(leased("192.0.2.5/24"))
	l.apply(Config{})
	l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.255")
}

func TestRouteTakenAway(t *testing.T) {
	l := newUpLab(t)
	l.until(running)
	c := leased("192.0.2.5/24")
	c.Routes = append(c.Routes, Route{Dst: netip.MustParsePrefix("10.0.0.0/8"), Gateway: netip.MustParseAddr("192.0.2.7")})
	l.apply(c)
	list, err := l.RouteListFiltered(unix.AF_INET, &netlink.Route{Gw: net.IPv4(192, 0, 2, 1)}, netlink.RT_FILTER_GW)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	if err := l.RouteDel(&list[0]); err != nil {
		t.Fatal(err)
	}
	if n := l.stripped(); n != 1 {
		t.Errorf("told %d times", n)
	}
	announced := l.monitor()
	l.apply(c)
	if diff := cmp.Diff([]string{"new address", "new route"}, announced.heard()); diff != "" {
		t.Error(diff)
	}
	l.wantDefault(oursByDefault)
}

// All routes of the link are flushed, that of the subnet too, which the kernel made
// by itself for the address.
func TestAllRoutesTakenAway(t *testing.T) {
	l := newUpLab(t)
	l.until(running)
	l.apply(leased("192.0.2.5/24"))
	list, err := l.RouteList(l.Link(t, "eth0"), unix.AF_INET)
	if err != nil || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	for i := range list {
		if err := l.RouteDel(&list[i]); err != nil {
			t.Fatal(err)
		}
	}
	l.stripped()
	l.apply(leased("192.0.2.5/24"))
	l.wantRoutes(prefixRoute, oursByDefault)
	if n := l.stripped(); n > 0 {
		t.Errorf("told %d times of what was put back", n)
	}
}

// Neither what we do ourselves, nor what others do with what is theirs, is news,
// nor even a reason to wake up.
func TestOthersWakeNobody(t *testing.T) {
	l := newUpLab(t)
	netns.Veth(t, l.NS, "eth1", l.far, "lan1")
	l.far.Up(t, "lan1")
	l.Up(t, "eth1")
	l.until(running)
	for !running(l.seen[l.index("eth1")]) {
		wait(t, l.n.FD())
		l.poll()
	}
	quiet := func(what string) {
		t.Helper()
		if l.wakes() {
			t.Errorf("%s: a reason to wake up", what)
		}
		if events := l.poll(); len(events) > 0 {
			t.Errorf("%s: %+v", what, events)
		}
	}
	c := leased("192.0.2.5/24")
	l.apply(c)
	quiet("a lease")
	l.apply(c)
	quiet("a renewal")
	c.Metric += 65536
	l.apply(c)
	quiet("a metric that moves")
	c = leased("192.0.2.6/24")
	c.Routes = []Route{defaultVia("192.0.2.2")}
	l.apply(c)
	if n := l.stripped(); n > 0 { // that the link was told to promote its addresses is news
		t.Errorf("told %d times of an address that we changed", n)
	}

	l.Address(t, "eth1", "198.51.100.5/24")
	route := netlink.Route{LinkIndex: l.index("eth1"), Gw: net.IPv4(198, 51, 100, 1)}
	l.route(route)
	if err := l.RouteDel(&route); err != nil {
		t.Fatal(err)
	}
	quiet("routes of others")
	l.deleteAddr("eth1", "198.51.100.5/24")
	if n := l.stripped(); n > 0 {
		t.Errorf("told %d times of an address that is not ours", n)
	}

	l.apply(Config{})
	if n := l.stripped(); n > 0 {
		t.Errorf("told %d times of what we took away ourselves", n)
	}
}

// What one client in a process does is news to another, and to itself none.
func TestTwoInAProcess(t *testing.T) {
	l := newUpLab(t)
	l.until(running)
	first := l.n
	l.open()
	c := leased("192.0.2.5/24")
	l.apply(c)
	l.poll()
	c.Metric += 65536
	l.apply(c)
	if l.wakes() {
		t.Error("what it did itself is a reason to wake up")
	}
	l.n = first
	if !l.wakes() {
		t.Error("what the other did is none")
	}
}

// An address that somebody else has on the link stays his, also if what would go
// through it cannot be reached: his prefix route is his to take away.
func TestForeignAddressWithoutPrefixRoute(t *testing.T) {
	l := newUpLab(t)
	l.until(running)
	addr, err := netlink.ParseAddr("192.0.2.5/24")
	if err != nil {
		t.Fatal(err)
	}
	addr.Flags = unix.IFA_F_NOPREFIXROUTE
	if err := l.AddrAdd(l.Link(t, "eth0"), addr); err != nil {
		t.Fatal(err)
	}
	l.n.Apply(l.eth0, leased("192.0.2.5/24"))
	var outcome error
	l.n.Flush(func(_ int, err error) { outcome = err })
	if !errors.Is(outcome, unix.ENETUNREACH) {
		t.Errorf("the route: %v", outcome)
	}
	for _, config := range []Config{leased("192.0.2.5/24"), {}} {
		l.n.Apply(l.eth0, config)
		l.n.Flush(func(int, error) {})
		list, err := l.AddrList(l.Link(t, "eth0"), unix.AF_INET)
		if err != nil || len(list) != 1 || list[0].Flags&unix.IFA_F_PERMANENT == 0 {
			t.Errorf("%v: %+v", err, list)
		}
	}
}
