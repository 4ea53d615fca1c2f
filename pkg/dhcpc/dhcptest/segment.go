package dhcptest

import (
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// Segment is one Ethernet: what is broadcast on it reaches every link and
// server that is plugged in. Its fields may be changed at any time.
type Segment struct {
	Latency   time.Duration // of every frame, one way
	Jitter    time.Duration // up to this is added at random, so that frames overtake each other
	Loss      float64       // the share of frames that vanish, 0 to 1
	Duplicate float64       // the share of frames that arrive twice, 0 to 1
	Shared    bool          // links of one machine hear each other's ARP, as behind a switch

	world   *World
	links   []*Link
	servers []*Server
	hosts   []*Host
}

const defaultLatency = 200 * time.Microsecond

// Segment makes an Ethernet on which frames take 200 µs.
func (w *World) Segment() *Segment {
	return &Segment{Latency: defaultLatency, world: w}
}

// Serve plugs a server in. One server may serve many segments.
func (s *Segment) Serve(srv *Server) *Server {
	srv.world = s.world
	srv.init()
	s.servers = append(s.servers, srv)
	return srv
}

// Send puts a frame on the Ethernet, from nobody in particular.
func (s *Segment) Send(f Frame) {
	var dst dhcp4.HardwareAddr
	copy(dst[:], f.Data)
	s.carry(func() {
		for _, l := range s.links {
			if dst == l.hw || dst[0]&1 == 1 {
				l.Receive(f)
			}
		}
	})
}

// toServers carries a client's message to the servers that it is addressed to.
func (s *Segment) toServers(m *Message) {
	s.carry(func() {
		for _, srv := range s.servers {
			if m.Dst.Addr() == limitedBroadcast || m.Dst.Addr() == srv.ID {
				srv.receive(s, m)
			}
		}
	})
}

// carry does what a frame does when it arrives: later, or never, or twice.
func (s *Segment) carry(arrive func()) {
	if s.Loss > 0 && s.world.rand.Float64() < s.Loss {
		return
	}
	copies := 1
	if s.Duplicate > 0 && s.world.rand.Float64() < s.Duplicate {
		copies = 2
	}
	for range copies {
		delay := s.Latency
		if s.Jitter > 0 {
			delay += time.Duration(s.world.rand.Int64N(int64(s.Jitter)))
		}
		s.world.After(delay, arrive)
	}
}
