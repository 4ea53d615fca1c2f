package servers

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

var (
	soakTime  = flag.Duration("soak", 0, "how long the client is worn by misfortunes, a few rounds at least; make soak has minutes")
	soakLinks = flag.Int("soak-links", 16, "how many links it serves meanwhile")
)

// What the process may grow by from the end of the round after which everything has
// happened once: a socket that is about to be closed, and what a runtime keeps.
const (
	settled     = 1 // round
	moreFiles   = 2
	moreThreads = 6
	moreMemory  = 4 << 20 // bytes
)

// figures is what a process has, and what it has done to the kernel.
type figures struct {
	files, threads    int
	memory            int // bytes in RAM
	addresses, routes int
	sent, received    int // messages, of the links that are there
}

func (f figures) String() string {
	return fmt.Sprintf("%d descriptors, %d threads, %d KB, %d addresses, %d routes, %d messages sent, %d used",
		f.files, f.threads, f.memory>>10, f.addresses, f.routes, f.sent, f.received)
}

// The command as it is shipped serves many links whose leases last for seconds, and
// nothing is spared it: cables go out and in, links are set down and up, renamed,
// deleted and made again, the server is killed, started again and silent for longer
// than a lease. Whenever there is peace again it has all its leases, and no more than
// it had the first time.
func TestSoak(t *testing.T) {
	rfc.Shows(t, "H-LEAK-01")
	n := *soakLinks
	s := newSite(t, n)
	p := short()
	server := startKea(t, s.lan, "br0", p)
	c := &command{s, build(t), t.TempDir()}
	netns.Tmpfs(t, c.dir, "size=16m,mode=755")
	resident := c.prepare(t)
	resident.Args[len(resident.Args)-1] = "eth*" // not only eth0
	c.home.Start(t, resident)

	t.Logf("at the start: %v", c.atRest(t, resident, n))
	var first, last figures
	rounds := 0
	for end := time.Now().Add(*soakTime); time.Now().Before(end) || rounds <= settled+1; rounds++ {
		half := s.names[:n/2]
		for i, name := range half {
			port := "port" + strings.TrimPrefix(name, "eth")
			switch (i + rounds) % 4 {
			case 0: // the cable
				s.lan.Down(t, port)
				s.lan.Up(t, port)
			case 1: // somebody at the console
				s.home.Down(t, name)
				s.home.Up(t, name)
			case 2: // udev
				s.rename(t, name, "tmp")
				s.rename(t, "tmp", name)
			case 3: // a NIC pulled out and plugged in
				s.replug(t, name, port)
			}
		}
		server.Stop(t)
		if rounds%2 == 1 { // until all leases are over
			eventually(t, func() string {
				if _, f := c.look(t, resident); f.addresses > 0 {
					return fmt.Sprintf("%d addresses outlive their leases", f.addresses)
				}
				return ""
			})
		}
		server = startKea(t, s.lan, "br0", p)
		last = c.atRest(t, resident, n)
		t.Logf("after round %d: %v", rounds, last)
		if rounds == settled {
			first = last
		}
	}
	if last.files > first.files+moreFiles || last.threads > first.threads+moreThreads || last.memory > first.memory+moreMemory {
		t.Errorf("after %d rounds there is more than after the first ones, %v: %v", rounds, first, last)
	}
	end(t, resident, unix.SIGTERM)
}

// atRest waits until each link has its lease, and all that belongs to it, once.
func (c *command) atRest(t *testing.T, resident *exec.Cmd, n int) (f figures) {
	t.Helper()
	eventually(t, func() string {
		var bound int
		bound, f = c.look(t, resident)
		if bound != n || f.addresses != n || f.routes != 2*n {
			return fmt.Sprintf("%d of %d links are bound: %v", bound, n, f)
		}
		return ""
	})
	return f
}

// look has the process write its state out, and counts.
func (c *command) look(t *testing.T, resident *exec.Cmd) (bound int, f figures) {
	t.Helper()
	var status struct {
		Links []struct {
			State          string
			Sent, Received int
		}
	}
	if content, err := os.ReadFile(filepath.Join(c.dir, "status.json")); err == nil {
		// Before there is a first one the signal might end the process.
		if err := resident.Process.Signal(unix.SIGUSR1); err != nil {
			t.Fatalf("the client has ended: %v", err)
		}
		if err := json.Unmarshal(content, &status); err != nil {
			t.Fatalf("status.json: %v", err)
		}
	}
	for _, l := range status.Links {
		if l.State == "BOUND" || l.State == "RENEWING" {
			bound++
		}
		f.sent, f.received = f.sent+l.Sent, f.received+l.Received
	}
	proc := fmt.Sprintf("/proc/%d/", resident.Process.Pid)
	f.files, f.threads = entries(t, proc+"fd"), entries(t, proc+"task")
	statm, err := os.ReadFile(proc + "statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	if err != nil {
		t.Fatal(err)
	}
	f.memory = pages * os.Getpagesize()
	addrs, err := c.home.AddrList(nil, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if !a.IP.IsLoopback() {
			f.addresses++
		}
	}
	routes, err := c.home.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_MAIN}, netlink.RT_FILTER_TABLE)
	if err != nil {
		t.Fatal(err)
	}
	f.routes = len(routes)
	return bound, f
}

func entries(t *testing.T, dir string) int {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// rename renames a link, which may be in use.
func (s *site) rename(t *testing.T, from, to string) {
	t.Helper()
	if err := s.home.LinkSetName(s.home.Link(t, from), to); err != nil {
		t.Fatalf("%s to %s: %v", from, to, err)
	}
}

// replug deletes a link, and makes another of its name and hardware address.
func (s *site) replug(t *testing.T, name, port string) {
	t.Helper()
	old := s.home.Link(t, name)
	if err := s.home.LinkDel(old); err != nil {
		t.Fatal(err)
	}
	netns.Veth(t, s.home, name, s.lan, port)
	if err := s.home.LinkSetHardwareAddr(s.home.Link(t, name), old.Attrs().HardwareAddr); err != nil {
		t.Fatal(err)
	}
	if err := s.lan.LinkSetMaster(s.lan.Link(t, port), s.lan.Link(t, "br0")); err != nil {
		t.Fatal(err)
	}
	s.lan.Up(t, port)
}
