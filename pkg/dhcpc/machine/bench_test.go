package machine

import (
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// dialogue brings a machine from its carrier to a lease, and to the renewal of that.
type dialogue struct {
	offer, ack dhcp4.Message
	rand       uint32
}

func newDialogue(b *testing.B) *dialogue {
	e := &dialogue{}
	for t, m := range map[dhcp4.MessageType]*dhcp4.Message{dhcp4.Offer: &e.offer, dhcp4.Ack: &e.ack} {
		r := dhcptest.Reply{Type: t, HardwareAddr: mac, ServerID: srv1, YourAddr: us, Lease: 3600, Options: []dhcptest.Option{
			{Code: dhcp4.SubnetMask, Data: dhcptest.Addrs("255.255.255.0")},
			{Code: dhcp4.Router, Data: dhcptest.Addrs("192.0.2.1")},
			{Code: dhcp4.DNSServer, Data: dhcptest.Addrs("192.0.2.53")},
		}}
		if refused := m.Decode(r.Append(nil)); refused != dhcp4.Accepted {
			b.Fatal(refused)
		}
	}
	return e
}

func (e *dialogue) random() uint32 {
	e.rand++
	return e.rand
}

// asks lets the machine send what is due, and answers. It returns when that was.
func (e *dialogue) asks(m *Machine, answer *dhcp4.Message) time.Duration {
	now := m.Deadline()
	m.Step(now, Timer{})
	out, _ := m.Outgoing(now)
	m.Step(now, Sent{})
	answer.Xid = out.Xid
	m.Step(now, Received{answer})
	return now
}

func (e *dialogue) acquire() *Machine {
	m := New(Config{Identity: dhcp4.Identity{HardwareAddr: mac}, Rand: e.random}, nil, false)
	m.Step(0, LinkUp{})
	e.asks(m, &e.offer)
	m.Step(e.asks(m, &e.ack), Installed{})
	return m
}

// From the carrier to the lease.
func BenchmarkAcquire(b *testing.B) {
	e := newDialogue(b)
	if s := e.acquire().State(); s != Bound {
		b.Fatal(s)
	}
	b.ReportAllocs()
	for b.Loop() {
		e.acquire()
	}
}

// A renewal in the life of a lease.
func BenchmarkRenew(b *testing.B) {
	e := newDialogue(b)
	m := e.acquire()
	b.ReportAllocs()
	for b.Loop() {
		m.Step(e.asks(m, &e.ack), Installed{})
	}
	if s := m.State(); s != Bound {
		b.Fatal(s)
	}
}
