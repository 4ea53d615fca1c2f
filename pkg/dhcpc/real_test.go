package dhcpc_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

func TestMain(m *testing.M) { netns.Main(m) }

// patience bounds how long a test waits for what must happen. It decides only
// how fast a broken test fails.
const patience = 30 * time.Second

// house is a machine whose links all lead to one dnsmasq.
type house struct {
	home, lan *netns.NS
	names     []string
}

func newHouse(t *testing.T, links int, lines ...string) *house {
	h := &house{home: netns.New(t), lan: netns.New(t)}
	var ports []string
	for i := range links {
		h.names = append(h.names, fmt.Sprintf("eth%d", i))
		ports = append(ports, fmt.Sprintf("port%d", i))
		netns.Veth(t, h.home, h.names[i], h.lan, ports[i])
	}
	h.lan.Bridge(t, "br0", ports...)
	h.lan.Address(t, "br0", "10.77.0.1/16")
	netns.Dnsmasq{
		Interfaces: []string{"br0"},
		Ranges:     []string{"10.77.1.0,10.77.9.255,255.255.0.0,1h"},
		Lines:      append([]string{"dhcp-option=3,10.77.0.1", "dhcp-option=6,10.77.0.53", "dhcp-option=26,1400"}, lines...),
	}.Start(t, h.lan)
	return h
}

// counting counts how often the loop woke.
type counting struct {
	*packet.Sockets
	woke atomic.Int64
}

func (c *counting) Wait(deadline time.Duration, fd int) error {
	err := c.Sockets.Wait(deadline, fd)
	c.woke.Add(1)
	return err
}

// running is a client on the real kernel.
type running struct {
	*dhcpc.Client
	net    *counting
	events chan dhcpc.Event
	end    func() // at once, and nothing is tidied up
}

// run starts a client for all links of the house; it ends with the test.
func (h *house) run(t *testing.T) *running {
	t.Helper()
	return h.runWith(t, dhcpc.Config{})
}

func (h *house) runWith(t *testing.T, c dhcpc.Config) *running {
	t.Helper()
	sockets, err := packet.Open()
	if err != nil {
		t.Fatal(err)
	}
	r := &running{net: &counting{Sockets: sockets}, events: make(chan dhcpc.Event, 16*len(h.names)+100)}
	c.Net = r.net
	r.Client = dhcpc.New(c)
	for _, name := range h.names {
		if err := r.Request(name, dhcpc.IPv4, func(ev dhcpc.Event) { r.events <- ev }); err != nil {
			t.Fatal(err)
		}
	}
	ctx, end := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go h.home.Do(t, func() { ended <- r.Run(ctx) })
	r.end = sync.OnceFunc(func() {
		end()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		sockets.Close()
	})
	t.Cleanup(r.end)
	return r
}

// await returns the first event of that kind for a link.
func (r *running) await(t *testing.T, kind dhcpc.EventKind) dhcpc.Event {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case ev := <-r.events:
			if ev.Kind == kind {
				return ev
			}
		case <-deadline:
			t.Fatalf("no event of kind %d; status %+v", kind, r.Status())
		}
	}
}

func (h *house) addr(t *testing.T, name string) *netlink.Addr {
	t.Helper()
	list, err := h.home.AddrList(h.home.Link(t, name), netlink.FAMILY_V4)
	if err != nil || len(list) != 1 {
		t.Fatalf("%s has %v, %v", name, list, err)
	}
	return &list[0]
}

// defaults is the default routes in the order in which the kernel prefers them.
func (h *house) defaults(t *testing.T) []netlink.Route {
	t.Helper()
	list, err := h.home.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_MAIN}, netlink.RT_FILTER_TABLE)
	if err != nil {
		t.Fatal(err)
	}
	list = slices.DeleteFunc(list, func(r netlink.Route) bool { return r.Gw == nil })
	slices.SortFunc(list, func(a, b netlink.Route) int { return a.Priority - b.Priority })
	return list
}

func TestALinkThatIsDownGetsItsLease(t *testing.T) {
	rfc.Shows(t, "P-ST-05", "P-RO-04", "P-RO-05", "P-RV-08")
	h := newHouse(t, 1)
	r := h.run(t)
	lease := r.await(t, dhcpc.Bound).Lease

	a := h.addr(t, "eth0")
	if got := netip.MustParsePrefix(a.IPNet.String()); got != lease.Addr {
		t.Errorf("address %v, leased %v", got, lease.Addr)
	}
	if a.ValidLft <= 3500 || a.ValidLft > 3600 || a.PreferedLft != a.ValidLft {
		t.Errorf("valid %d s, preferred %d s of a lease of 3600 s", a.ValidLft, a.PreferedLft)
	}
	routes := h.defaults(t)
	if len(routes) != 1 {
		t.Fatalf("default routes %v", routes)
	}
	if d := routes[0]; d.Gw.String() != "10.77.0.1" || d.Priority != 1024 || d.Protocol != unix.RTPROT_DHCP || d.Src.String() != lease.Addr.Addr().String() {
		t.Errorf("default route %v", d)
	}
	if mtu := h.home.Link(t, "eth0").Attrs().MTU; mtu != 1400 {
		t.Errorf("MTU %d", mtu)
	}
	var marks []string
	for _, m := range r.Status().Links[0].Timeline {
		marks = append(marks, m.What)
	}
	marks = slices.Compact(marks) // the first frame may be lost on a link that has just come up
	if got, want := strings.Join(marks, " "), "up carrier DISCOVER OFFER REQUEST ACK installed"; got != want {
		t.Errorf("timeline %q, want %q", got, want)
	}
}

func TestManyLinksOverOneSocket(t *testing.T) {
	h := newHouse(t, 100)
	r := h.run(t)
	for range h.names {
		r.await(t, dhcpc.Bound)
	}
	routes := h.defaults(t)
	if len(routes) != len(h.names) {
		t.Fatalf("%d default routes", len(routes))
	}
	for i, d := range routes {
		if link := h.home.Link(t, h.names[i]).Attrs(); d.LinkIndex != link.Index || d.Priority != 1024+16*i {
			t.Errorf("default route %d is %v, want through %s", i, d, link.Name)
		}
	}
	if n := h.packetSockets(t, unix.ETH_P_IP); n > 1 {
		t.Errorf("%d packet sockets", n)
	}
}

// packetSockets counts the packet sockets for a protocol.
func (h *house) packetSockets(t *testing.T, protocol uint16) (n int) {
	t.Helper()
	h.home.Do(t, func() {
		list, err := os.ReadFile("/proc/thread-self/net/packet")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(list)) {
			if fields := strings.Fields(line); len(fields) > 3 && fields[3] == fmt.Sprintf("%04x", protocol) {
				n++
			}
		}
	})
	return n
}

// A renewal goes to the server by unicast, from the leased address, and changes
// nothing but the address's lifetime.
func TestRenewByUnicast(t *testing.T) {
	rfc.Shows(t, "R2131-T4-01", "R2131-4.3.2-04", "R2131-F5-22")
	h := newHouse(t, 2) // both in one subnet
	r := h.run(t)
	for range h.names {
		r.await(t, dhcpc.Bound)
	}
	before := h.addr(t, "eth1")
	requests := h.capture(t, "port1")
	r.Renew("eth1")
	lease := r.await(t, dhcpc.Renewed).Lease
	after := h.addr(t, "eth1")
	if !before.Equal(*after) || after.ValidLft < before.ValidLft-1 {
		t.Errorf("before %v for %d s, after %v for %d s", before, before.ValidLft, after, after.ValidLft)
	}
	frame := <-requests
	eth := h.home.Link(t, "eth1").Attrs().HardwareAddr
	if string(frame[6:12]) != string(eth) || frame[0]&1 != 0 {
		t.Errorf("sent from % x to % x", frame[6:12], frame[:6])
	}
	if src := netip.AddrFrom4([4]byte(frame[26:30])); src != lease.Addr.Addr() {
		t.Errorf("sent from %v", src)
	}
}

// capture yields the messages to DHCP servers that come in on a link of the lan.
func (h *house) capture(t *testing.T, name string) <-chan []byte {
	t.Helper()
	fd := h.rawSocket(t, name)
	frames := make(chan []byte, 100)
	go func() {
		defer close(frames)
		buf := make([]byte, packet.MaxFrame)
		for {
			n, err := unix.Read(fd, buf)
			if err != nil {
				return
			}
			if n > 42 && buf[23] == unix.IPPROTO_UDP && binary.BigEndian.Uint16(buf[36:]) == 67 {
				frames <- slices.Clone(buf[:n])
			}
		}
	}()
	return frames
}

// rawSocket sends and hears whole frames on a link of the lan.
func (h *house) rawSocket(t *testing.T, name string) int {
	t.Helper()
	fd := -1
	index := h.lan.Link(t, name).Attrs().Index
	h.lan.Do(t, func() {
		var err error
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
			t.Fatal(err)
		}
		all := binary.NativeEndian.Uint16([]byte{0, unix.ETH_P_ALL})
		if err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: index}); err != nil {
			t.Fatal(err)
		}
	})
	timeout := unix.NsecToTimeval(int64(patience))
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// awaitAnnouncements waits until an address has been announced twice (RFC 5227
// section 2.3), after which no more ARP is due.
func (h *house) awaitAnnouncements(t *testing.T, wire int) {
	t.Helper()
	buf := make([]byte, 2048)
	for seen := 0; seen < 2; {
		n, err := unix.Read(wire, buf)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if p, ok := dhcp4.ParseARP(buf[:n]); ok && !p.Reply && p.SenderIP == p.TargetIP {
			seen++
		}
	}
}

// Once everything is bound, nothing that goes on in the network wakes the client.
func TestQuietWhenBound(t *testing.T) {
	h := newHouse(t, 2)
	wire := h.rawSocket(t, "port0")
	wire1 := h.rawSocket(t, "port1")
	r := h.run(t)
	for range h.names {
		r.await(t, dhcpc.Bound)
	}
	h.awaitAnnouncements(t, wire)
	h.awaitAnnouncements(t, wire1)
	for end := time.Now().Add(patience); h.packetSockets(t, unix.ETH_P_IP) > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the packet socket stays open")
		}
	}
	ack := dhcptest.Reply{Type: dhcp4.Ack, Xid: 1, HardwareAddr: dhcp4.HardwareAddr{2, 9}, Lease: 60}
	foreign := dhcp4.AppendFrame(nil, dhcp4.HardwareAddr{2, 8}, dhcp4.Broadcast,
		netip.MustParseAddrPort("10.77.0.1:67"), netip.MustParseAddrPort("255.255.255.255:68"), ack.Append(nil))
	arp := slices.Concat(dhcp4.Broadcast[:], []byte{2, 8, 0, 0, 0, 0, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 8, 0, 0, 0, 0, 10, 77, 0, 9}, make([]byte, 6), []byte{10, 77, 0, 8})
	before := r.net.woke.Load()
	for range 500 {
		for _, frame := range [][]byte{foreign, arp} {
			if _, err := unix.Write(wire, frame); err != nil {
				t.Fatal(err)
			}
		}
	}
	// The cable delivers in order and at once: what was written has been seen, or
	// has been dropped by the socket's filter.
	if woke := r.net.woke.Load() - before; woke > 0 {
		t.Errorf("the loop woke %d times", woke)
	}
	// A link event is what it still listens for.
	h.lan.Down(t, "port0")
	if ev := r.await(t, dhcpc.LinkDown); ev.Interface != "eth0" {
		t.Errorf("%s went down", ev.Interface)
	}
}

// Carrier that goes takes the default route behind those of the living; when it
// comes back the address is confirmed and the route returns to its place.
func TestCarrierAway(t *testing.T) {
	rfc.Shows(t, "P-ST-06")
	h := newHouse(t, 2)
	r := h.run(t)
	for range h.names {
		r.await(t, dhcpc.Bound)
	}
	eth0, eth1 := h.home.Link(t, "eth0").Attrs().Index, h.home.Link(t, "eth1").Attrs().Index
	order := func() (list []int) {
		for _, d := range h.defaults(t) {
			list = append(list, d.LinkIndex)
		}
		return list
	}
	h.lan.Down(t, "port0")
	r.await(t, dhcpc.LinkDown)
	if got := order(); !slices.Equal(got, []int{eth1, eth0}) {
		t.Errorf("without carrier the default routes go through %v", got)
	}
	h.lan.Up(t, "port0")
	r.await(t, dhcpc.Renewed)
	if got := order(); !slices.Equal(got, []int{eth0, eth1}) {
		t.Errorf("with carrier the default routes go through %v", got)
	}
}

// Somebody sets the link down and up: the kernel dropped its routes, and they
// come back.
func TestLinkSetDownAndUp(t *testing.T) {
	h := newHouse(t, 1)
	r := h.run(t)
	r.await(t, dhcpc.Bound)
	h.home.Down(t, "eth0")
	r.await(t, dhcpc.LinkDown)
	if got := h.defaults(t); len(got) != 0 {
		t.Fatalf("a link that is down has %v", got)
	}
	h.home.Up(t, "eth0")
	r.await(t, dhcpc.Renewed)
	if got := h.defaults(t); len(got) != 1 {
		t.Errorf("default routes %v", got)
	}
}
