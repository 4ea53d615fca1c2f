package ifup

import (
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// reopened is a lab in which an earlier life has installed c.
func reopened(t *testing.T, c Config) *lab {
	l := newUpLab(t)
	l.apply(c)
	l.n.Close()
	l.open()
	return l
}

func (l *lab) holds(addr string) bool { return l.n.Holds(l.eth0, netip.MustParsePrefix(addr)) }

// forGood is leased without an end.
func forGood(addr string) Config {
	c := leased(addr)
	c.Lifetime = Forever
	return c
}

// What an earlier life has installed, limited or for good, is held; and nothing else is.
func TestHolds(t *testing.T) {
	rfc.Shows(t, "H-CRASH-01", "H-LEAK-02")
	for name, c := range map[string]Config{"limited": leased("192.0.2.5/24"), "for good": forGood("192.0.2.5/24")} {
		t.Run(name, func(t *testing.T) {
			l := reopened(t, c)
			l.Address(t, "eth0", "192.0.2.7/24")
			for addr, want := range map[string]bool{
				"192.0.2.5/24": true,
				"192.0.2.5/25": false,
				"192.0.2.6/24": false,
				"192.0.2.7/24": false, // somebody else's
			} {
				if got := l.holds(addr); got != want {
					t.Errorf("holds %s: %v", addr, got)
				}
			}
			if l.n.Holds(1, c.Addr) {
				t.Error("held by loopback")
			}
			if l.n.Holds(4711, c.Addr) {
				t.Error("held by no link")
			}
		})
	}
}

// The address that is held is refreshed, not created anew; its routes stay.
func TestHeldAddressIsAdopted(t *testing.T) {
	rfc.Shows(t, "H-CRASH-01")
	for name, c := range map[string]Config{"limited": leased("192.0.2.5/24"), "for good": forGood("192.0.2.5/24")} {
		t.Run(name, func(t *testing.T) {
			l := reopened(t, c)
			announced := l.monitor()
			l.holds("192.0.2.5/24")
			l.apply(c)
			if diff := cmp.Diff([]string{"new address"}, announced.heard()); diff != "" {
				t.Errorf("more than a refresh: %s", diff)
			}
			l.apply(Config{})
			l.wantAddrs("eth0")
			l.wantRoutes()
		})
	}
}

// Routes of an earlier life are brought to what they should be now: another metric,
// another router, or none.
func TestHeldRoutesFollow(t *testing.T) {
	rfc.Shows(t, "H-CRASH-01", "H-LEAK-01")
	const subnet = "192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.5 metric "
	for name, tt := range map[string]struct {
		change func(*Config)
		want   []string
	}{
		"another slot":   {func(c *Config) { c.Metric = 1040 }, []string{subnet + "1040", "default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.5 metric 1040"}},
		"another router": {func(c *Config) { c.Routes = []Route{defaultVia("192.0.2.2")} }, []string{subnet + "1024", "default via 192.0.2.2 dev eth0 proto 16 src 192.0.2.5 metric 1024"}},
		"no router":      {func(c *Config) { c.Routes = nil }, []string{subnet + "1024"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := leased("192.0.2.5/24")
			l := reopened(t, c)
			l.holds("192.0.2.5/24")
			tt.change(&c)
			l.apply(c)
			l.wantRoutes(tt.want...)
			l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.255 limited")
		})
	}
}

// Of the routes of DHCP clients those with another source are not ours.
func TestHeldRoutesAreThoseOfTheAddress(t *testing.T) {
	rfc.Shows(t, "H-LEAK-02")
	l := reopened(t, leased("192.0.2.5/24"))
	l.Address(t, "eth0", "198.51.100.7/24")
	_, far, _ := net.ParseCIDR("203.0.113.0/24")
	l.route(netlink.Route{LinkIndex: l.eth0, Dst: far, Gw: net.IPv4(198, 51, 100, 1), Src: net.IPv4(198, 51, 100, 7), Protocol: unix.RTPROT_DHCP})
	l.holds("192.0.2.5/24")
	l.apply(Config{})
	l.wantRoutes(
		"198.51.100.0/24 dev eth0 proto 2 scope link src 198.51.100.7 metric 0",
		"203.0.113.0/24 via 198.51.100.1 dev eth0 proto 16 src 198.51.100.7 metric 0",
	)
}

// Asked in the life that has installed it, nothing is forgotten.
func TestHoldsInOneLife(t *testing.T) {
	l := newUpLab(t)
	c := leased("192.0.2.5/24")
	c.MTU = 1400
	l.apply(c)
	if !l.holds("192.0.2.5/24") {
		t.Error("not held")
	}
	l.apply(Config{})
	if mtu := l.Link(t, "eth0").Attrs().MTU; mtu != 1500 {
		t.Errorf("MTU %d", mtu)
	}
}

// What is held is ours to take away, though this life has not asked for it.
func TestHeldAddressGoes(t *testing.T) {
	l := reopened(t, forGood("192.0.2.5/24"))
	l.holds("192.0.2.5/24")
	l.apply(Config{})
	l.wantAddrs("eth0")
	l.wantRoutes()
}

// An address for good is replaced by the next, also over a restart.
func TestHeldAddressIsReplaced(t *testing.T) {
	l := reopened(t, forGood("192.0.2.5/24"))
	l.holds("192.0.2.5/24")
	l.apply(forGood("192.0.2.6/24"))
	l.wantAddrs("eth0", "192.0.2.6/24 brd 192.0.2.255")
	l.wantRoutes(
		"192.0.2.0/24 dev eth0 proto 2 scope link src 192.0.2.6 metric 1024",
		"default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.6 metric 1024",
	)
}

// Without having been asked about, it is found to be ours when it is in the way.
func TestOurMarkIsRecognised(t *testing.T) {
	l := reopened(t, forGood("192.0.2.5/24"))
	l.apply(forGood("192.0.2.5/24"))
	l.apply(Config{})
	l.wantAddrs("eth0")
}

// Between the question and the refresh somebody may remove it.
func TestHeldAddressIsGone(t *testing.T) {
	l := reopened(t, leased("192.0.2.5/24"))
	l.holds("192.0.2.5/24")
	addr, err := netlink.ParseAddr("192.0.2.5/24")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.AddrDel(l.Link(t, "eth0"), addr); err != nil {
		t.Fatal(err)
	}
	l.apply(leased("192.0.2.5/24"))
	l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.255 limited")
}

// Among the routes of a whole Internet the kernel finds ours; and after it was
// told to look closely at requests, it still lists links.
func TestListsAreFiltered(t *testing.T) {
	l := reopened(t, leased("192.0.2.5/24"))
	l.Address(t, "eth0", "198.51.100.7/24") // with a route of its own
	if !l.holds("192.0.2.5/24") {
		t.Fatal("not held")
	}
	routes := 0
	if err := l.n.list((*queue).dumpRoutes, func(message) { routes++ }); err != nil || routes != 1 {
		t.Errorf("%d routes, want the one that could be ours; %v", routes, err)
	}
	l.n.complete, l.n.lost = false, true
	if events := l.poll(); len(events) != 2 {
		t.Errorf("links are %+v", events)
	}
}

// However many links are asked about, the kernel is asked once; and again when
// something has changed.
func TestHoldsAsksOnce(t *testing.T) {
	m := newMany(t, 20)
	m.applyAll()
	m.wantAll(nil)
	m.n.Close()
	m.open()
	held := func() (n int) {
		for i, index := range m.links {
			if m.n.Holds(index, m.leases[i].Addr) {
				n++
			}
		}
		return n
	}
	n := 0
	if calls := syscalls(t, func() { n = held() }); n != len(m.links) || calls > 10 {
		t.Errorf("%d of %d held, %d system calls", n, len(m.links), calls)
	}
	m.n.Apply(m.links[0], Config{})
	outcomes(m.n)
	m.deleteLink("many1")
	m.poll()
	if n := held(); n != len(m.links)-2 {
		t.Errorf("%d held after two were withdrawn", n)
	}
}

func TestDown(t *testing.T) {
	l := newUpLab(t)
	l.until(running)
	l.apply(leased("192.0.2.5/24"))
	l.n.Down(l.eth0)
	l.flush(nil)
	l.until(func(k Link) bool { return !k.Up() })
	l.wantRoutes()
	l.wantAddrs("eth0", "192.0.2.5/24 brd 192.0.2.255 limited")
	l.n.Up(l.eth0)
	l.flush(nil)
	l.until(running)
	l.apply(leased("192.0.2.5/24")) // the routes that went with it are remembered as gone
	l.wantDefault("default via 192.0.2.1 dev eth0 proto 16 src 192.0.2.5 metric 1024")

	l.n.Down(4711)
	if got := outcomes(l.n)[4711]; len(got) != 1 || got[0].Error() != "set down: "+unix.ENODEV.Error() {
		t.Errorf("no such link: %v", got)
	}
}
