package boot

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// segment is the network that a machine's NIC is plugged into: each datagram of a
// unix socket is a frame. On it is a scripted DHCP server and a witness, who holds
// what the client says against RFC 2131.
type segment struct {
	t       testing.TB
	dir     string
	start   time.Time
	mu      sync.Mutex
	server  dhcptest.Server
	witness dhcptest.Witness
	heard   []*dhcptest.Message
	lenient bool // what the client does wrong is no failure
	errs    []error
}

// newSegment makes a network 10.77.0.0/24 whose server does not hear yet. It
// gives addresses from 10.77.0.11 on. (gokrazy's web page is for private
// addresses only.)
func newSegment(t testing.TB) *segment {
	t.Helper()
	dir, err := os.MkdirTemp("", "segment")
	if err != nil {
		t.Fatal(err)
	}
	s := &segment{t: t, dir: dir, start: time.Now(), server: dhcptest.Server{
		ID: netip.MustParseAddr("10.77.0.1"), Subnet: netip.MustParsePrefix("10.77.0.0/24"),
		First: netip.MustParseAddr("10.77.0.11"), DNS: []netip.Addr{netip.MustParseAddr("10.77.0.53")},
		Silent: true, Authoritative: true,
	}}
	conn, err := net.ListenUnixgram("unixgram", s.address("server"))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		s.serve(conn)
	}()
	t.Cleanup(func() {
		conn.Close()
		<-served
		os.RemoveAll(dir)
		if err := errors.Join(s.errs...); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			for _, m := range s.heard {
				t.Log(m)
			}
		}
	})
	return s
}

func (s *segment) address(name string) *net.UnixAddr {
	return &net.UnixAddr{Name: filepath.Join(s.dir, name), Net: "unixgram"}
}

// netdev is QEMU's end.
func (s *segment) netdev() string {
	return "dgram,local.type=unix,local.path=" + s.address("machine").Name +
		",remote.type=unix,remote.path=" + s.address("server").Name
}

func (s *segment) serve(conn *net.UnixConn) {
	frame := make([]byte, 64<<10)
	for {
		n, err := conn.Read(frame)
		if err != nil {
			return
		}
		for _, f := range s.answer(dhcptest.Frame{Data: append([]byte(nil), frame[:n]...)}) {
			_, _ = s.witness.See(time.Since(s.start), f)
			_, _ = conn.WriteToUnix(f.Data, s.address("machine"))
		}
	}
}

func (s *segment) answer(f dhcptest.Frame) []dhcptest.Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.witness.See(time.Since(s.start), f)
	if err != nil && !s.lenient {
		s.errs = append(s.errs, err)
	}
	if m == nil {
		return nil
	}
	s.heard = append(s.heard, m)
	if s.server.Silent {
		return nil
	}
	return s.server.Answer(m.Time, m)
}

// set changes the server.
func (s *segment) set(change func(*dhcptest.Server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.server)
}

// kinds is what the client has said since the server had heard n messages. What it
// said again, on a slow host, counts once.
func (s *segment) kinds(n int) (list []dhcp4.Kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.heard[n:] {
		list = append(list, m.Kind)
	}
	return slices.Compact(list)
}

// count is how many messages the server has heard.
func (s *segment) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.heard)
}

// message is the n-th that the server has heard.
func (s *segment) message(n int) *dhcptest.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heard[n]
}
