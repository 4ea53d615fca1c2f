package servers

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// site is the machine that the client runs on, and the network that all its
// links lead to: a bridge, br0, whose ports do not see each other.
type site struct {
	home, lan *netns.NS
	names     []string // of home's links; their other ends are port0, port1 ...
}

// newSite makes a site whose bridge has the address that a server of an office needs.
func newSite(t *testing.T, links int) *site {
	t.Helper()
	s := &site{home: netns.New(t), lan: netns.New(t)}
	var ports []string
	for i := range links {
		s.names = append(s.names, fmt.Sprintf("eth%d", i))
		ports = append(ports, fmt.Sprintf("port%d", i))
		netns.Veth(t, s.home, s.names[i], s.lan, ports[i])
	}
	// Something else is plugged in already: the bridge has carrier before home has.
	netns.Veth(t, s.lan, "desk0", s.lan, "wall0")
	s.lan.Up(t, "desk0")
	s.lan.Bridge(t, "br0", append(ports, "wall0")...)
	s.lan.Address(t, "br0", serverAddr)
	return s
}

// client is the client under test, on the real kernel.
type client struct {
	*dhcpc.Client
	events chan dhcpc.Event
}

// run starts a client for all links; it ends with the test.
func (s *site) run(t *testing.T, cfg dhcpc.Config) *client {
	t.Helper()
	c := &client{Client: dhcpc.New(cfg), events: make(chan dhcpc.Event, 16*len(s.names)+1000)}
	for _, name := range s.names {
		if err := c.Request(name, dhcpc.IPv4, func(ev dhcpc.Event) { c.events <- ev }); err != nil {
			t.Fatal(err)
		}
	}
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go s.home.Do(t, func() { ended <- c.Run(ctx) })
	t.Cleanup(func() {
		end()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return c
}

// await returns the next event of that kind.
func (c *client) await(t *testing.T, kind dhcpc.EventKind) dhcpc.Event {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case ev := <-c.events:
			if ev.Kind == kind {
				return ev
			}
		case <-deadline:
			t.Fatalf("no event of kind %d; %s", kind, c.laggards())
		}
	}
}

// laggards describes the first link that has no lease, and how many there are.
func (c *client) laggards() string {
	links := slices.DeleteFunc(c.Status().Links, func(l dhcpc.LinkStatus) bool { return l.State == machine.Bound })
	if len(links) == 0 {
		return "all links are bound"
	}
	return fmt.Sprintf("%d links are not bound: %+v", len(links), links[0])
}

// bound waits until every link has got its lease, and returns them in the order
// of the links.
func (c *client) bound(t *testing.T, s *site) []*machine.Lease {
	t.Helper()
	for range s.names {
		c.await(t, dhcpc.Bound)
	}
	var leases []*machine.Lease
	for _, l := range c.Status().Links {
		leases = append(leases, l.Lease)
	}
	return leases
}

// renewAll renews the leases of many links. What a busy server loses the client
// would ask for again after a minute; here it is told to before.
func (c *client) renewAll(t *testing.T, names []string) {
	t.Helper()
	missing := map[string]bool{}
	for _, name := range names {
		missing[name] = true
	}
	const tries = 6
	for range tries {
		for name := range missing {
			c.Renew(name)
		}
		for end := time.After(patience / tries); end != nil; {
			select {
			case ev := <-c.events:
				if ev.Kind == dhcpc.Renewed {
					delete(missing, ev.Interface)
				}
				if len(missing) == 0 {
					return
				}
			case <-end:
				end = nil
			}
		}
	}
	t.Fatalf("%d links did not renew; %s", len(missing), c.laggards())
}

// address is the only address of a link.
func (s *site) address(t *testing.T, name string) (netip.Prefix, *netlink.Addr) {
	t.Helper()
	list, err := s.home.AddrList(s.home.Link(t, name), netlink.FAMILY_V4)
	if err != nil || len(list) != 1 {
		t.Fatalf("%s has %v, %v", name, list, err)
	}
	return netip.MustParsePrefix(list[0].IPNet.String()), &list[0]
}

// routes is the main table, one line a route, in order of destination and preference.
func (s *site) routes(t *testing.T) []string {
	t.Helper()
	list, err := s.home.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_MAIN}, netlink.RT_FILTER_TABLE)
	if err != nil {
		t.Fatal(err)
	}
	names := map[int]string{}
	for _, name := range s.names {
		names[s.home.Link(t, name).Attrs().Index] = name
	}
	slices.SortStableFunc(list, func(a, b netlink.Route) int {
		if c := strings.Compare(a.Dst.String(), b.Dst.String()); c != 0 {
			return c
		}
		return a.Priority - b.Priority
	})
	var lines []string
	for _, r := range list {
		line := r.Dst.String()
		if r.Gw != nil {
			line += " via " + r.Gw.String()
		}
		lines = append(lines, fmt.Sprintf("%s dev %s src %s metric %d", line, names[r.LinkIndex], r.Src, r.Priority))
	}
	return lines
}

// hasRoutes requires that the main table is these routes and no others. A route
// is written without source and metric, which all routes of a link share.
func (s *site) hasRoutes(t *testing.T, name string, want ...string) {
	t.Helper()
	addr, _ := s.address(t, name)
	slot := slices.Index(s.names, name)
	var lines []string
	for _, route := range want {
		lines = append(lines, fmt.Sprintf("%s dev %s src %s metric %d", route, name, addr.Addr(), 1024+16*slot))
	}
	got := slices.DeleteFunc(s.routes(t), func(line string) bool { return !strings.Contains(line, " dev "+name+" ") })
	slices.Sort(lines)
	slices.Sort(got)
	if !slices.Equal(got, lines) {
		t.Errorf("routes of %s:\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(lines, "\n"))
	}
}
