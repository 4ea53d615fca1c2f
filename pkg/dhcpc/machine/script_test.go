package machine

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

var (
	mac  = dhcp4.HardwareAddr{2, 0, 0, 0, 0, 1}
	us   = netip.MustParseAddr("192.0.2.50")
	srv1 = netip.MustParseAddr("192.0.2.1")
	srv2 = netip.MustParseAddr("192.0.2.2")
	zero = netip.IPv4Unspecified()
	all  = netip.MustParseAddr("255.255.255.255")
)

// The extremes of a random number, and the one by which jitter is 0.
const (
	lowest  = 0
	middle  = 1 << 31
	highest = math.MaxUint32
)

// A script is a machine and all that happens to it, in virtual time. Every step
// is held against the invariants.
type script struct {
	*testing.T
	m     *Machine
	now   time.Duration
	sent  Send // the last message that left
	eff   Effect
	draws uint32
}

// play begins a script in which random numbers are the given one, but for the
// lowest bits: exchanges need xids of their own.
func play(t *testing.T, random uint32, c Config) *script {
	return playWith(t, random, c, nil, false)
}

func playWith(t *testing.T, random uint32, c Config, stored *Lease, inUse bool) *script {
	t.Helper()
	s := &script{T: t}
	c.Identity.HardwareAddr = mac
	c.Rand = func() uint32 {
		s.draws++
		if random == highest {
			return random - s.draws
		}
		return random + s.draws
	}
	s.m = New(c, stored, inUse)
	return s
}

// sec is a time in seconds, as the rows of the tests have it.
func sec(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// tolerance is what the bits of the random numbers that make xids unique may
// add to a jitter.
const tolerance = time.Millisecond

// at lets time pass. Nothing may fall due before; what falls due then does.
func (s *script) at(seconds float64) *script {
	s.Helper()
	t, due := sec(seconds), s.m.Deadline()
	switch {
	case due >= t-tolerance && due <= t+tolerance:
		t = due
	case due < t && due > s.now:
		s.Fatalf("at %v: the machine, %v, wanted to be called at %v", t, s.m.State(), due)
	}
	s.now = max(s.now, t)
	s.step(Timer{})
	return s
}

// resumes lets time pass without calling the machine, as a suspended host does.
func (s *script) resumes(seconds float64) *script {
	s.Helper()
	s.now = sec(seconds)
	s.step(Timer{})
	return s
}

// step tells the machine of an event.
func (s *script) step(ev Event) Effect {
	s.Helper()
	before := s.m.State()
	s.eff = s.m.Step(s.now, ev)
	if err := invariants(s.m, s.now, before, s.eff); err != nil {
		s.Fatalf("at %v, %T: %v", s.now, ev, err)
	}
	return s.eff
}

// steps is step for several events in a row.
func (s *script) steps(evs ...Event) *script {
	s.Helper()
	for _, ev := range evs {
		s.step(ev)
	}
	return s
}

// sends requires that a message of this kind is due, and lets it leave.
func (s *script) sends(k dhcp4.Kind) Send {
	s.Helper()
	out, ok := s.m.Outgoing(s.now)
	if !ok {
		s.Fatalf("at %v: nothing is due in %v before %v", s.now, s.m.State(), s.m.Deadline())
	}
	if out.Kind != k {
		s.Fatalf("at %v: %v is due, want %v", s.now, out.Kind, k)
	}
	s.sent = out
	s.step(Sent{})
	return out
}

// quiet requires that nothing is due.
func (s *script) quiet() *script {
	s.Helper()
	if out, ok := s.m.Outgoing(s.now); ok {
		s.Fatalf("at %v: kind %d is due, want nothing", s.now, out.Kind)
	}
	return s
}

// in requires a state.
func (s *script) in(want State) *script {
	s.Helper()
	if got := s.m.State(); got != want {
		s.Fatalf("at %v: state is %v, want %v", s.now, got, want)
	}
	return s
}

// becomes requires an effect of the last step.
func (s *script) becomes(c Change, r Reason) *script {
	s.Helper()
	if s.eff.Change != c || s.eff.Reason != r {
		s.Fatalf("at %v: lease %v because %q, want %v because %q (refused: %v)",
			s.now, s.eff.Change, s.eff.Reason, c, r, s.eff.Refused)
	}
	return s
}

// due requires the deadline.
func (s *script) due(seconds float64) *script {
	s.Helper()
	if got, want := s.m.Deadline(), sec(seconds); got < want-tolerance || got > want+tolerance {
		s.Fatalf("at %v: deadline is %v, want %v", s.now, got, want)
	}
	return s
}

// never requires that the machine waits for events only.
func (s *script) never() *script {
	s.Helper()
	if d := s.m.Deadline(); d != Never {
		s.Fatalf("at %v: deadline is %v, want none", s.now, d)
	}
	return s
}

// dueWithin requires a range of the deadline.
func (s *script) dueWithin(from, to float64) {
	s.Helper()
	if d := s.m.Deadline(); d < sec(from)-tolerance || d > sec(to)+tolerance {
		s.Fatalf("at %v: deadline is %v, want %v to %v", s.now, d, sec(from), sec(to))
	}
}

// An edit makes a reply different from what a good server sends.
type edit = func(*dhcptest.Reply)

// hears delivers a reply to the last message. Without changes it is that of
// server 1: 192.0.2.50/24 for an hour.
func (s *script) hears(t dhcp4.MessageType, changes ...edit) *script {
	s.Helper()
	s.step(Received{s.reply(t, changes...)})
	return s
}

// reply makes one.
func (s *script) reply(t dhcp4.MessageType, changes ...edit) *dhcp4.Message {
	s.Helper()
	r := dhcptest.Reply{Type: t, Xid: s.sent.Xid, HardwareAddr: mac, ServerID: srv1}
	if t != dhcp4.Nak {
		r.YourAddr, r.Lease = us, 3600
		r.Options = []dhcptest.Option{
			{Code: dhcp4.SubnetMask, Data: dhcptest.Addrs("255.255.255.0")},
			{Code: dhcp4.Router, Data: dhcptest.Addrs("192.0.2.1")},
			{Code: dhcp4.DNSServer, Data: dhcptest.Addrs("192.0.2.53")},
			{Code: dhcp4.RenewalTime, Data: dhcptest.Uint32(1800)},
			{Code: dhcp4.RebindingTime, Data: dhcptest.Uint32(3150)},
		}
	}
	for _, change := range changes {
		change(&r)
	}
	m := new(dhcp4.Message)
	if refused := m.Decode(r.Append(nil)); refused != dhcp4.Accepted {
		s.Fatalf("the test's own reply does not decode: %v", refused)
	}
	return m
}

func from(server netip.Addr) edit { return func(r *dhcptest.Reply) { r.ServerID = server } }
func offering(addr string) edit {
	return func(r *dhcptest.Reply) { r.YourAddr = netip.MustParseAddr(addr) }
}
func leased(seconds uint32) edit { return func(r *dhcptest.Reply) { r.Lease = seconds } }
func with(c dhcp4.Code, d []byte) edit {
	return func(r *dhcptest.Reply) {
		without(c)(r)
		r.Options = append(r.Options, dhcptest.Option{Code: c, Data: d})
	}
}

func both(a, b edit) edit {
	return func(r *dhcptest.Reply) {
		a(r)
		b(r)
	}
}

func without(c dhcp4.Code) edit {
	return func(r *dhcptest.Reply) {
		var kept []dhcptest.Option
		for _, o := range r.Options {
			if o.Code != c {
				kept = append(kept, o)
			}
		}
		r.Options = kept
	}
}
