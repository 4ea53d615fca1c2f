package netns_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

func TestMain(m *testing.M) { netns.Main(m) }

func TestStartsEmpty(t *testing.T) {
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	if len(interfaces) != 1 || interfaces[0].Name != "lo" {
		t.Errorf("the test's first namespace has %v, want lo alone", interfaces)
	}
	if os.Geteuid() != 0 {
		t.Errorf("uid %d, want 0", os.Geteuid())
	}
}

func TestCableCarriesTraffic(t *testing.T) {
	a, b := netns.New(t), netns.New(t)
	netns.Veth(t, a, "eth0", b, "lan0")
	a.Up(t, "eth0")
	b.Up(t, "lan0")
	a.Address(t, "eth0", "192.0.2.2/24")
	b.Address(t, "lan0", "192.0.2.1/24")

	var server, client net.Conn
	b.Do(t, func() { server = listen(t, "192.0.2.1:68") })
	a.Do(t, func() { client = dial(t, "192.0.2.1:68") })
	if _, err := client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 16)
	n, err := server.Read(buf)
	if err != nil || string(buf[:n]) != "hello" {
		t.Errorf("received %q, %v", buf[:n], err)
	}
}

func TestPacketSocket(t *testing.T) {
	netns.New(t).Do(t, func() {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
		if err != nil {
			t.Fatal(err)
		}
		unix.Close(fd)
	})
}

func TestDoReturnsHome(t *testing.T) {
	here := func() string {
		link, err := os.Readlink("/proc/thread-self/ns/net")
		if err != nil {
			t.Fatal(err)
		}
		return link
	}
	ns := netns.New(t)
	before, inside := here(), ""
	ns.Do(t, func() { inside = here() })
	if after := here(); after != before || inside == before {
		t.Errorf("before %s, inside %s, after %s", before, inside, after)
	}
}

func TestProcessRunsInsideAndEnds(t *testing.T) {
	ns := netns.New(t)
	pid := 0
	t.Run("inner", func(t *testing.T) {
		cmd := exec.Command("sleep", "1000")
		ns.Start(t, cmd)
		pid = cmd.Process.Pid
		theirs, err := os.Readlink(filepath.Join("/proc", strconv.Itoa(pid), "ns/net"))
		if err != nil {
			t.Fatal(err)
		}
		ours, err := os.Readlink("/proc/thread-self/ns/net")
		if err != nil || theirs == ours {
			t.Errorf("started in %s, the test is in %s: %v", theirs, ours, err)
		}
	})
	if err := unix.Kill(pid, 0); err != unix.ESRCH {
		t.Errorf("after its test the process is still there: %v", err)
	}
}

func TestIsolatedPorts(t *testing.T) {
	home, lan := netns.New(t), netns.New(t)
	netns.Veth(t, home, "eth0", lan, "port0")
	netns.Veth(t, home, "eth1", lan, "port1")
	lan.Bridge(t, "br0", "port0", "port1")
	for _, port := range []string{"port0", "port1"} {
		info, err := lan.LinkGetProtinfo(lan.Link(t, port))
		if err != nil || !info.Isolated {
			t.Errorf("%s: isolated %v, %v", port, info.Isolated, err)
		}
	}
}

func TestTmpfsIsGoneAfterwards(t *testing.T) {
	dir := t.TempDir()
	below := filepath.Join(dir, "below")
	t.Run("inner", func(t *testing.T) {
		netns.Tmpfs(t, dir, "size=64k")
		if err := os.WriteFile(below, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	})
	if _, err := os.Stat(below); !os.IsNotExist(err) {
		t.Errorf("what was written into the tmpfs is still there: %v", err)
	}
}

// Each server listens when Start returns, and no more when Stop does, so that
// another can take its place.
func TestServersServe(t *testing.T) {
	ns := netns.New(t)
	netns.Veth(t, ns, "eth0", ns, "lan0")
	ns.Up(t, "eth0", "lan0")
	ns.Address(t, "lan0", "192.0.2.1/24")
	lan0 := []string{"lan0"}
	listening := func() (yes bool) {
		ns.Do(t, func() {
			for _, list := range []string{"udp", "packet"} {
				sockets, err := os.ReadFile("/proc/thread-self/net/" + list)
				if err != nil {
					t.Fatal(err)
				}
				// Port 67, or any packet socket: dhcpd and kea have both.
				yes = yes || strings.Contains(string(sockets), ":0043 ") || list == "packet" && strings.Count(string(sockets), "\n") > 1
			}
		})
		return yes
	}
	for name, server := range map[string]interface {
		Start(testing.TB, *netns.NS) *netns.Server
	}{
		"dnsmasq": netns.Dnsmasq{Interfaces: lan0, Ranges: []string{"192.0.2.50,192.0.2.99,255.255.255.0,1h"}},
		"kea":     netns.Kea{Interfaces: lan0, Lines: []string{`"subnet4": [ { "subnet": "192.0.2.0/24", "pools": [ { "pool": "192.0.2.50-192.0.2.99" } ] } ]`}},
		"dhcpd":   netns.Dhcpd{Interfaces: lan0, Lines: []string{"subnet 192.0.2.0 netmask 255.255.255.0 { range 192.0.2.50 192.0.2.99; }"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := server.Start(t, ns)
			if !listening() {
				t.Error("nothing listens")
			}
			if s.Log() == "" {
				t.Error("nothing in the log")
			}
			s.Stop(t)
			if listening() {
				t.Error("something listens after the end")
			}
		})
	}
}

func listen(t *testing.T, addr string) net.Conn {
	t.Helper()
	udp, err := net.ResolveUDPAddr("udp4", addr)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp4", udp)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("udp4", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
