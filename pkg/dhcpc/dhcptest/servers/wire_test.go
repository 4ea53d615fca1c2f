package servers

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// wire hears and sends whole frames on a link.
type wire struct {
	file *os.File
	conn syscall.RawConn
}

func openWire(t *testing.T, ns *netns.NS, link string) *wire {
	t.Helper()
	index := ns.Link(t, link).Attrs().Index
	fd := -1
	ns.Do(t, func() {
		var err error
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0); err != nil {
			t.Fatal(err)
		}
	})
	w := &wire{file: os.NewFile(uintptr(fd), link)}
	everything := binary.NativeEndian.Uint16([]byte{0, unix.ETH_P_ALL})
	err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1)
	if err == nil {
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	}
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: everything, Ifindex: index})
	}
	if err == nil {
		w.conn, err = w.file.SyscallConn()
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// read waits for a frame, and tells when the kernel had it. It fails once the
// wire is closed. When it returns a frame, mu is held: see [traffic.settle].
func (w *wire) read(mu *sync.Mutex) (f dhcptest.Frame, at time.Duration, err error) {
	buf, control := make([]byte, 2048), make([]byte, 256)
	var n, controls int
	waited := w.conn.Read(func(fd uintptr) bool {
		mu.Lock()
		for err = unix.ENETDOWN; err == unix.ENETDOWN; { // it says so once, and hears what comes when the link is up again
			n, controls, _, _, err = unix.Recvmsg(int(fd), buf, control, 0)
		}
		if err != nil {
			mu.Unlock()
		}
		return err != unix.EAGAIN
	})
	if err = errors.Join(waited, err); err != nil {
		return f, 0, err
	}
	f.Data = buf[:n]
	messages, _ := unix.ParseSocketControlMessage(control[:controls]) // the kernel's own
	for _, m := range messages {
		switch {
		case m.Header.Level == unix.SOL_PACKET && m.Header.Type == unix.PACKET_AUXDATA:
			f.Partial = binary.NativeEndian.Uint32(m.Data)&unix.TP_STATUS_CSUMNOTREADY != 0
		case m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_TIMESTAMPNS && len(m.Data) == 16:
			at = time.Duration(binary.NativeEndian.Uint64(m.Data))*time.Second + time.Duration(binary.NativeEndian.Uint64(m.Data[8:]))
		}
	}
	return f, at, nil
}

// pending reports whether a frame waits to be read.
func (w *wire) pending() (yes bool) {
	_ = w.conn.Control(func(fd uintptr) { // fails if it is closed: then nothing waits
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		yes = err == nil && n > 0
	})
	return yes
}

// send sends a frame. A link that is down loses it, as any cable does.
func (w *wire) send(t *testing.T, f dhcptest.Frame) {
	if _, err := w.file.Write(f.Data); err != nil && !os.IsTimeout(err) {
		t.Logf("frame not sent: %v", err)
	}
}

// traffic is the DHCP messages that passed on a link.
type traffic struct {
	wire    *wire
	mu      sync.Mutex
	said    []*dhcptest.Message // by clients
	replies [][]byte            // whole frames of servers
}

// watch reads along on a link and holds what clients say against RFC 2131 until
// the test ends.
func watch(t *testing.T, ns *netns.NS, link string) *traffic {
	t.Helper()
	return listen(t, ns, link, nil)
}

// listen is watch, with a server that answers. It is asked with tr.mu held.
func listen(t *testing.T, ns *netns.NS, link string, answer func(at time.Duration, m *dhcptest.Message) []dhcptest.Frame) *traffic {
	t.Helper()
	w := openWire(t, ns, link)
	tr := &traffic{wire: w}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var witness dhcptest.Witness
		for {
			f, at, err := w.read(&tr.mu)
			if err != nil {
				return
			}
			m, err := witness.See(at, f)
			if err != nil {
				t.Error(err)
			}
			switch {
			case m != nil:
				tr.said = append(tr.said, m)
				if answer != nil {
					for _, reply := range answer(at, m) {
						if _, err := witness.See(at, reply); err != nil {
							t.Error(err)
						}
						w.send(t, reply)
					}
				}
			case len(f.Data) > 42 && f.Data[23] == unix.IPPROTO_UDP && binary.BigEndian.Uint16(f.Data[36:]) == 68:
				tr.replies = append(tr.replies, f.Data)
			}
			tr.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		w.file.Close()
		<-ended
	})
	return tr
}

// settle takes mu when everything that has passed is taken in. What a test sees
// the effect of has passed.
func (tr *traffic) settle() {
	for tr.mu.Lock(); tr.wire.pending(); tr.mu.Lock() {
		tr.mu.Unlock()
		time.Sleep(100 * time.Microsecond)
	}
}

// saidSoFar is the messages of one kind.
func (tr *traffic) saidSoFar(kind dhcp4.Kind) (list []*dhcptest.Message) {
	tr.settle()
	defer tr.mu.Unlock()
	for _, m := range tr.said {
		if m.Kind == kind {
			list = append(list, m)
		}
	}
	return list
}

// await waits until the n-th message of a kind has been said, and returns it.
func (tr *traffic) await(t *testing.T, kind dhcp4.Kind, n int) *dhcptest.Message {
	t.Helper()
	var list []*dhcptest.Message
	eventually(t, func() string {
		if list = tr.saidSoFar(kind); len(list) < n {
			return "a message was not sent"
		}
		return ""
	})
	return list[n-1]
}

// eventually waits until nothing is missing any more.
func eventually(t *testing.T, missing func() string) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		what := missing()
		if what == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

// A reply is a server's message as a foreign decoder reads it.
type reply struct {
	*dhcpv4.DHCPv4
	hwDst dhcp4.HardwareAddr
	dst   netip.Addr
	size  int // of the IP datagram, in bytes
}

// replied is what servers have said so far; they must have said something.
func (tr *traffic) replied(t *testing.T) (list []reply) {
	t.Helper()
	tr.settle()
	defer tr.mu.Unlock()
	const ip, udp, payload = 14, 14 + 20, 14 + 20 + 8
	for _, f := range tr.replies {
		m, err := dhcpv4.FromBytes(f[payload:])
		if err != nil {
			t.Errorf("a server's message that cannot be read: %v\n% x", err, f)
			continue
		}
		list = append(list, reply{m, dhcp4.HardwareAddr(f), netip.AddrFrom4([4]byte(f[ip+16:])), int(binary.BigEndian.Uint16(f[ip+2:]))})
	}
	if len(list) == 0 {
		t.Error("no server said anything")
	}
	return list
}
