package packet_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

func TestMain(m *testing.M) { netns.Main(m) }

// patience bounds how long a test waits for what must happen. It decides only
// how fast a broken test fails.
const patience = 10 * time.Second

var patienceTimeval = unix.NsecToTimeval(int64(patience))

// rig is a client and a server on one cable.
type rig struct {
	client, server *netns.NS
	sockets        *packet.Sockets
	index          int
}

func newRig(t *testing.T) *rig {
	r := &rig{client: netns.New(t), server: netns.New(t)}
	netns.Veth(t, r.client, "eth0", r.server, "lan0")
	r.client.Up(t, "eth0")
	r.server.Up(t, "lan0")
	r.index = r.client.Link(t, "eth0").Attrs().Index
	r.sockets = open(t)
	return r
}

func open(t *testing.T) *packet.Sockets {
	s, err := packet.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func (r *rig) listen(t *testing.T, raw, udp bool) {
	t.Helper()
	r.client.Do(t, func() {
		if err := r.sockets.Listen(raw, udp); err != nil {
			t.Fatal(err)
		}
	})
}

// message is what a test keeps of a packet.In.
type message struct {
	packet.In
	data []byte
}

// receive waits until n messages have come.
func (r *rig) receive(t *testing.T, n int) []message {
	t.Helper()
	var got []message
	for end := packet.Now() + patience; len(got) < n; {
		if packet.Now() > end {
			t.Fatalf("%d messages came, want %d", len(got), n)
		}
		if err := r.sockets.Wait(end, -1); err != nil {
			t.Fatal(err)
		}
		r.sockets.Receive(func(in *packet.In) {
			got = append(got, message{*in, bytes.Clone(append(in.Frame, in.Payload...))})
		})
	}
	return got
}

// rawSocket sends and hears whole frames on a link of the server's side.
func (r *rig) rawSocket(t *testing.T, link string) int {
	t.Helper()
	fd := -1
	r.server.Do(t, func() {
		var err error
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
		if err != nil {
			t.Fatal(err)
		}
		all := binary.NativeEndian.Uint16([]byte{0, unix.ETH_P_ALL})
		addr := &unix.SockaddrLinklayer{Protocol: all, Ifindex: r.server.Link(t, link).Attrs().Index}
		if err = unix.Bind(fd, addr); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &patienceTimeval); err != nil {
		t.Fatal(err)
	}
	return fd
}

// frame is an Ethernet frame with a UDP datagram from port 67, changed by mods.
func frame(dst net.HardwareAddr, mods ...func([]byte) []byte) []byte {
	f := make([]byte, 14+20+8, 64)
	copy(f, dst)
	copy(f[6:], []byte{2, 0, 0, 0, 0, 0xaa})
	f[12], f[13] = 0x08, 0x00
	ip := f[14:]
	ip[0], ip[8], ip[9] = 0x45, 64, unix.IPPROTO_UDP
	binary.BigEndian.PutUint16(ip[2:], 28)
	binary.BigEndian.PutUint16(ip[20:], 67)
	binary.BigEndian.PutUint16(ip[22:], 68)
	binary.BigEndian.PutUint16(ip[24:], 8)
	for _, mod := range mods {
		f = mod(f)
	}
	return f
}

func set(at int, b ...byte) func([]byte) []byte {
	return func(f []byte) []byte { copy(f[at:], b); return f }
}

// insert puts bytes in at an offset.
func insert(at int, b ...byte) func([]byte) []byte {
	return func(f []byte) []byte {
		return append(append(bytes.Clone(f[:at]), b...), f[at:]...)
	}
}

var everyone = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

func TestKernelFilterPassesRepliesOnly(t *testing.T) {
	rfc.Shows(t, "H-RATE-02", "R2131-4.1-03", "H-SPOOF-06")
	r := newRig(t)
	r.listen(t, true, false)
	wire := r.rawSocket(t, "lan0")
	mac := r.client.Link(t, "eth0").Attrs().HardwareAddr

	for _, tc := range []struct {
		name  string
		frame []byte
		pass  bool
	}{
		{"broadcast reply", frame(everyone), true},
		{"unicast reply", frame(mac), true},
		{"IP options", frame(mac, insert(34, 1, 1, 1, 1), set(14, 0x46)), true},
		{"first fragment", frame(mac, set(20, 0x20, 0x00)), true},
		{"later fragment", frame(mac, set(20, 0x00, 0x08)), false},
		{"request to a server", frame(everyone, set(14+22, 0, 67)), false},
		{"TCP", frame(everyone, set(14+9, unix.IPPROTO_TCP)), false},
		{"ARP", frame(everyone, set(12, 0x08, 0x06)), false},
		{"to another host", frame(net.HardwareAddr{2, 0, 0, 0, 0, 0x77}), false},
		{"in VLAN 5", frame(everyone, insert(12, 0x81, 0x00, 0x00, 0x05)), false},
		{"with a priority tag", frame(everyone, insert(12, 0x81, 0x00, 0xe0, 0x00)), true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			// The cable keeps the order: what is in front of the marker has passed
			// the filter or never will.
			marker := frame(everyone, set(6, 2, 0xee))
			for _, f := range [][]byte{tc.frame, marker} {
				if _, err := unix.Write(wire, f); err != nil {
					t.Fatal(err)
				}
			}
			var got []message
			for len(got) == 0 || got[len(got)-1].data[7] != 0xee {
				got = append(got, r.receive(t, 1)...)
			}
			if pass := len(got) == 2; pass != tc.pass {
				t.Errorf("passed %v, want %v", pass, tc.pass)
			}
			for _, m := range got {
				if m.Index != r.index || m.Outgoing || m.VLAN {
					t.Errorf("came as %+v", m.In)
				}
			}
		})
	}
}

func TestManyFramesLeaveInOrder(t *testing.T) {
	r := newRig(t)
	r.listen(t, true, false)
	wire := r.rawSocket(t, "lan0")
	out := make([]packet.Out, 100)
	for i := range out {
		out[i] = packet.Out{Index: r.index, Frame: frame(everyone, set(6, 2, byte(i)))}
	}
	r.sockets.Send(out)
	buf := make([]byte, 2048)
	for i := range out {
		if out[i].Err != nil {
			t.Fatalf("frame %d: %v", i, out[i].Err)
		}
		n, err := unix.Read(wire, buf)
		if err != nil || !bytes.Equal(buf[:n], out[i].Frame) {
			t.Fatalf("frame %d came as % x, %v", i, buf[:n], err)
		}
	}
}

func TestManyFramesArriveInOneReceive(t *testing.T) {
	r := newRig(t)
	r.listen(t, true, false)
	wire := r.rawSocket(t, "lan0")
	const n = 100 // more than one batch
	for i := range n {
		if _, err := unix.Write(wire, frame(everyone, set(6, 2, byte(i)))); err != nil {
			t.Fatal(err)
		}
	}
	for i, m := range r.receive(t, n) {
		if m.data[7] != byte(i) {
			t.Fatalf("frame %d carries number %d", i, m.data[7])
		}
	}
}

// A link that went down while the messages of many were under way costs only
// its own.
func TestSendErrorsAreOfTheirOwnMessage(t *testing.T) {
	r := newRig(t)
	netns.Veth(t, r.client, "eth1", r.server, "lan1") // stays down
	down := r.client.Link(t, "eth1").Attrs().Index
	r.listen(t, true, false)
	out := []packet.Out{
		{Index: r.index, Frame: frame(everyone)},
		{Index: down, Frame: frame(everyone)},
		{Index: 9999, Frame: frame(everyone)},
		{Index: r.index, Frame: frame(everyone)},
	}
	r.sockets.Send(out)
	for i, want := range []error{nil, unix.ENETDOWN, unix.ENXIO, nil} {
		if !errors.Is(out[i].Err, want) {
			t.Errorf("message %d: %v, want %v", i, out[i].Err, want)
		}
	}
}

func TestSendWithoutSockets(t *testing.T) {
	s := open(t)
	out := []packet.Out{{Index: 1, Frame: frame(everyone)}, {Index: 1, Payload: []byte{1}, Src: netip.IPv4Unspecified(), Dst: netip.AddrPortFrom(netip.IPv4Unspecified(), 67)}}
	s.Send(out)
	for i := range out {
		if out[i].Err == nil {
			t.Errorf("message %d was sent through a socket that is not open", i)
		}
	}
}

// Two links with addresses in one subnet: the request must leave by the link
// that holds the lease, and the answer be known to have come that way.
func TestUnicastLeavesByTheLinkOfTheLease(t *testing.T) {
	rfc.Shows(t, "P-SA-02", "R2131-T4-01")
	r := newRig(t)
	netns.Veth(t, r.client, "eth1", r.server, "lan1")
	r.client.Up(t, "eth1")
	r.server.Up(t, "lan1")
	r.server.Bridge(t, "br0", "lan0", "lan1")
	r.server.Address(t, "br0", "192.0.2.3/24")
	r.client.Address(t, "eth0", "192.0.2.50/24")
	r.client.Address(t, "eth1", "192.0.2.51/24")
	eth1 := r.client.Link(t, "eth1").Attrs()
	r.listen(t, false, true)

	var server *net.UDPConn
	r.server.Do(t, func() {
		var err error
		server, err = net.ListenUDP("udp4", &net.UDPAddr{Port: 67})
		if err != nil {
			t.Fatal(err)
		}
	})
	defer server.Close()
	wire := r.rawSocket(t, "lan1")

	out := []packet.Out{{
		Index: eth1.Index, Payload: []byte("renew"),
		Src: netip.MustParseAddr("192.0.2.51"), Dst: netip.MustParseAddrPort("192.0.2.3:67"),
	}}
	r.sockets.Send(out)
	if out[0].Err != nil {
		t.Fatal(out[0].Err)
	}
	buf := make([]byte, 2048)
	for { // past ARP
		n, err := unix.Read(wire, buf)
		if err != nil {
			t.Fatal("the request did not leave by eth1:", err)
		}
		if bytes.HasSuffix(buf[:n], []byte("renew")) && bytes.Equal(buf[6:12], eth1.HardwareAddr) {
			break
		}
	}
	if err := server.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	n, from, err := server.ReadFromUDPAddrPort(buf)
	if err != nil || string(buf[:n]) != "renew" || from != netip.MustParseAddrPort("192.0.2.51:68") {
		t.Fatalf("the server got %q from %v, %v", buf[:n], from, err)
	}
	if _, err = server.WriteToUDPAddrPort([]byte("ack"), from); err != nil {
		t.Fatal(err)
	}
	m := r.receive(t, 1)[0]
	if string(m.data) != "ack" || m.Index != eth1.Index || m.Src != netip.MustParseAddrPort("192.0.2.3:67") || m.Dst != from {
		t.Errorf("received %q as %+v", m.data, m.In)
	}
}

// While nobody renews, the port is held but deaf: an answer that comes late
// wakes nobody, and its sender gets no ICMP error.
func TestDeafPort(t *testing.T) {
	rfc.Shows(t, "P-SA-03")
	r := newRig(t)
	r.client.Address(t, "eth0", "192.0.2.50/24")
	r.server.Address(t, "lan0", "192.0.2.1/24")
	r.listen(t, false, false)
	var server net.Conn
	r.server.Do(t, func() {
		var err error
		if server, err = net.Dial("udp4", "192.0.2.50:68"); err != nil {
			t.Fatal(err)
		}
	})
	defer server.Close()
	for range 3 {
		// A connected socket reports the ICMP error of one write on the next.
		if _, err := server.Write([]byte("late")); err != nil {
			t.Fatal(err)
		}
	}
	r.listen(t, false, true)
	if _, err := server.Write([]byte("now")); err != nil {
		t.Fatal(err)
	}
	if m := r.receive(t, 1); string(m[0].data) != "now" {
		t.Errorf("received %q first", m[0].data)
	}
}

// What a local sender leaves to hardware that does not exist is marked.
func TestPartialChecksumsAreMarked(t *testing.T) {
	rfc.Shows(t, "P-RV-08")
	r := newRig(t)
	r.client.Address(t, "eth0", "192.0.2.50/24")
	r.server.Address(t, "lan0", "192.0.2.1/24")
	r.listen(t, true, false)
	r.server.Do(t, func() {
		conn, err := net.Dial("udp4", "192.0.2.50:68")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err = conn.Write([]byte("offer")); err != nil {
			t.Fatal(err)
		}
	})
	if m := r.receive(t, 1)[0]; !m.Partial {
		t.Errorf("not marked: %+v", m.In)
	}
	wire := r.rawSocket(t, "lan0")
	if _, err := unix.Write(wire, frame(everyone)); err != nil {
		t.Fatal(err)
	}
	if m := r.receive(t, 1)[0]; m.Partial {
		t.Errorf("marked: %+v", m.In)
	}
}

func TestWaitEndsAtTheDeadline(t *testing.T) {
	s := open(t)
	for _, after := range []time.Duration{30 * time.Millisecond, time.Millisecond, 0, -time.Second} {
		deadline := s.Now() + after
		// An earlier alarm may still be set: a Wait may end early, never late.
		for s.Now() < deadline {
			if err := s.Wait(deadline, -1); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Wait(deadline, -1); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWakeIsNotLost(t *testing.T) {
	s := open(t)
	s.Wake() // before the Wait that it ends
	if err := s.Wait(s.Now()+patience, -1); err != nil {
		t.Fatal(err)
	}
	start := s.Now()
	woken := make(chan struct{})
	go func() { s.Wake(); close(woken) }()
	if err := s.Wait(start+patience, -1); err != nil {
		t.Fatal(err)
	}
	<-woken
	if s.Now() >= start+patience {
		t.Error("Wait slept to its deadline")
	}
}

func TestWaitWatchesForeignDescriptor(t *testing.T) {
	s := open(t)
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	defer write.Close()
	if _, err = write.Write([]byte{1}); err != nil {
		t.Fatal(err)
	}
	start := s.Now()
	for range 2 { // level-triggered: it is still readable
		if err = s.Wait(start+patience, int(read.Fd())); err != nil {
			t.Fatal(err)
		}
	}
	if s.Now() >= start+patience {
		t.Error("Wait slept to its deadline")
	}
}

// Closing and opening again leaves nothing behind.
func TestListenLeaksNoDescriptors(t *testing.T) {
	r := newRig(t)
	r.listen(t, true, true)
	count := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	before := count()
	for range 3 {
		r.listen(t, false, false)
		r.listen(t, true, true)
	}
	if after := count(); after != before {
		t.Errorf("%d descriptors, then %d", before, after)
	}
}
