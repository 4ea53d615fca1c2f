package main

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// strand is one of many cables and what becomes of its link.
type strand struct {
	number int
	name   string // of the link
	port   string // at the other end
	net    int    // 77 or 88: the network that it leads to
}

// What can happen to a link, in the order of their numbers.
var misfortunes = []struct {
	name  string
	keeps bool // the link never loses its address
	do    func(c *crowd, s *strand, round int)
}{
	{"nothing", true, func(*crowd, *strand, int) {}},
	{"the cable is out", true, func(c *crowd, s *strand, _ int) {
		c.lan.Down(c.t, s.port)
		c.lan.Up(c.t, s.port)
	}},
	{"the link is set down", true, func(c *crowd, s *strand, _ int) {
		c.Down(c.t, s.name)
		c.Up(c.t, s.name)
	}},
	{"the routes are flushed", true, func(c *crowd, s *strand, _ int) {
		for _, r := range c.routesOf(c.t, c.Link(c.t, s.name)) {
			c.must(c.RouteDel(&r))
		}
	}},
	{"the address is deleted", true, func(c *crowd, s *strand, _ int) {
		addr := c.address(c.t, s.name)
		c.must(c.AddrDel(c.Link(c.t, s.name), &addr))
	}},
	{"it is renamed", false, func(c *crowd, s *strand, round int) {
		link := c.Link(c.t, s.name)
		s.name = fmt.Sprint("eth", 1000*(round+1)+s.number)
		c.must(c.LinkSetDown(link)) // older kernels rename no other
		c.must(c.LinkSetName(link, s.name))
		c.must(c.LinkSetUp(link))
	}},
	{"it has another hardware address", false, func(c *crowd, s *strand, round int) {
		hw := net.HardwareAddr{2, kindLAN, 1, byte(round), byte(s.number >> 8), byte(s.number)}
		c.must(c.LinkSetHardwareAddr(c.Link(c.t, s.name), hw))
	}},
	{"it is unplugged, and another plugged in", false, func(c *crowd, s *strand, _ int) {
		c.must(c.lan.LinkDel(c.lan.Link(c.t, s.port)))
		c.plug(kindLAN, s.name)
		s.port = "p." + s.name
	}},
	{"the cable is moved to another network", false, func(c *crowd, s *strand, round int) {
		port, bridge := c.lan.Link(c.t, s.port), c.other
		if s.net = 88; round%2 == 1 {
			s.net, bridge = 77, c.bridge
		}
		c.must(c.lan.LinkSetDown(port))
		c.must(c.lan.LinkSetMasterByIndex(port, bridge))
		c.must(c.lan.LinkSetIsolated(port, true))
		c.must(c.lan.LinkSetUp(port))
	}},
}

func (c *crowd) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

// Everything happens to 256 links at once, twice, while they renew leases of half a
// minute. In the end each has what it should have, and those to which nothing bad
// happened have had it all the time. What the process needs does not grow.
func TestTurmoil(t *testing.T) {
	rfc.Shows(t, "P-ST-06", "P-DN-03", "R2131-F5-19")
	const n = 256
	c := newCrowd(t, halfAMinute)
	var strands []*strand
	var names []string
	for i := range n {
		name := fmt.Sprint("eth", i)
		strands, names = append(strands, &strand{i, name, "p." + name, 77}), append(names, name)
	}
	c.plug(kindLAN, names...)
	p := c.start(t, "-v", "eth*")
	c.settled(strands)
	started := c.uses(p)
	for round := range 2 {
		before := map[int]netip.Prefix{}
		for _, s := range strands {
			addr := c.address(t, s.name)
			before[s.number] = netip.MustParsePrefix(addr.IPNet.String())
		}
		began := time.Now()
		for _, s := range strands {
			misfortunes[s.number%len(misfortunes)].do(c, s, round)
		}
		happened := time.Since(began)
		c.settled(strands)
		t.Logf("round %d: all happened within %v, all is well %v later; %v", round, happened, time.Since(began)-happened, c.uses(p))
		for _, s := range strands {
			m := misfortunes[s.number%len(misfortunes)]
			addr := c.address(t, s.name)
			if now := addr.IPNet.String(); m.keeps && now != before[s.number].String() {
				t.Errorf("%s, %s: had %v, has %v", s.name, m.name, before[s.number], now)
			}
		}
	}
	for line := range strings.Lines(p.output()) {
		for _, s := range strands {
			if misfortunes[s.number%len(misfortunes)].keeps && strings.HasPrefix(line, "dhclient-lws: "+s.name+": 10.") && strings.Contains(line, " lost") {
				t.Error(line)
			}
		}
	}
	ended := c.uses(p)
	if ended.descriptors > started.descriptors+2 { // a renewal has a socket of its own
		t.Errorf("%d descriptors, %d at the start", ended.descriptors, started.descriptors)
	}
	if ended.memory > 2*started.memory {
		t.Errorf("%d KB of memory, %d KB at the start", ended.memory, started.memory)
	}
}

// settled waits until each link has one address, of the network that it leads to,
// its prefix route and one default route, all of one metric that no other link has;
// and until the status and resolv.conf say so.
func (c *crowd) settled(strands []*strand) {
	c.t.Helper()
	var wrong string
	for deadline := time.Now().Add(3 * patienceOfTests); ; time.Sleep(50 * time.Millisecond) {
		if wrong = c.wrong(strands); wrong == "" {
			break
		}
		if time.Now().After(deadline) {
			c.t.Fatal(wrong)
		}
	}
	c.wantResolv(resolvLAN)
}

// wrong is what is not as it should be, or "".
func (c *crowd) wrong(strands []*strand) string {
	addrs, err := c.AddrList(nil, unix.AF_INET)
	if err != nil {
		return err.Error() // disturbed: something is going on
	}
	routes, err := c.RouteListFiltered(unix.AF_INET, &netlink.Route{Table: unix.RT_TABLE_MAIN}, netlink.RT_FILTER_TABLE)
	if err != nil {
		return err.Error()
	}
	links, err := c.LinkList()
	if err != nil {
		return err.Error()
	}
	byName := map[string]int{}
	for _, l := range links {
		byName[l.Attrs().Name] = l.Attrs().Index
	}
	has := map[int][]string{}
	for _, a := range addrs {
		has[a.LinkIndex] = append(has[a.LinkIndex], fmt.Sprintf("address in 10.%d", a.IP.To4()[1]))
	}
	metrics := map[int]int{}
	for _, r := range routes {
		what := fmt.Sprintf("route to %v via %v", r.Dst, r.Gw)
		has[r.LinkIndex] = append(has[r.LinkIndex], what)
		if owner, taken := metrics[r.Priority]; taken && owner != r.LinkIndex {
			return fmt.Sprintf("metric %d is that of two links", r.Priority)
		}
		if metrics[r.Priority] = r.LinkIndex; r.Priority >= 1<<16 {
			return fmt.Sprintf("link %d has metric %d", r.LinkIndex, r.Priority)
		}
	}
	for _, s := range strands {
		want := fmt.Sprintf("[address in 10.%[1]d route to 0.0.0.0/0 via 10.%[1]d.0.1 route to 10.%[1]d.0.0/16 via <nil>]", s.net)
		if got := fmt.Sprint(has[byName[s.name]]); got != want {
			return fmt.Sprintf("%s (%s) has %s, want %s", s.name, misfortunes[s.number%len(misfortunes)].name, got, want)
		}
	}
	if len(metrics) != len(strands) {
		return fmt.Sprintf("%d metrics for %d links", len(metrics), len(strands))
	}
	status, err := readStatusFile(statusPath(c.state))
	if err != nil {
		return err.Error()
	}
	bound := 0
	for i := range status.links {
		if status.links[i].lease.address.IsValid() {
			bound++
		}
	}
	if bound != len(strands) || len(status.links) != len(strands) {
		return fmt.Sprintf("the status has %d of %d links bound, want %d", bound, len(status.links), len(strands))
	}
	return ""
}

// usage is what a process needs.
type usage struct {
	descriptors int
	memory      int // KB
}

func (u usage) String() string {
	return fmt.Sprintf("%d descriptors, %d KB", u.descriptors, u.memory)
}

func (c *crowd) uses(p *process) (u usage) {
	c.t.Helper()
	dir := "/proc/" + strconv.Itoa(p.Process.Pid)
	open, err := filepath.Glob(dir + "/fd/*")
	c.must(err)
	status, err := os.ReadFile(dir + "/status")
	c.must(err)
	_, rss, _ := strings.Cut(string(status), "VmRSS:")
	_, err = fmt.Sscan(rss, &u.memory)
	c.must(err)
	u.descriptors = len(open)
	return u
}
