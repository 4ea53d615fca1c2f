package machine

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// tape is bytes that say what happens. When it has run out it reads as zeros.
type tape []byte

func (t *tape) byte() byte {
	if len(*t) == 0 {
		return 0
	}
	b := (*t)[0]
	*t = (*t)[1:]
	return b
}

// pick is one of a list.
func pick[T any](t *tape, list ...T) T { return list[int(t.byte())%len(list)] }

// pass is how much time passes before the next event; until is when something is due.
func (t *tape) pass(now, until time.Duration) time.Duration {
	switch t.byte() % 4 {
	case 0:
		return now
	case 1:
		return now + time.Duration(t.byte())*10*time.Millisecond
	case 2:
		return max(now, min(until, now+1000*time.Hour))
	}
	return now + time.Duration(t.byte())*time.Minute
}

// addTapes adds tapes of chance to those in testdata.
func addTapes(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 2))
	for length := range 200 {
		b := make([]byte, 3*length)
		for i := range b {
			b[i] = byte(rng.Uint32())
		}
		f.Add(b)
	}
}

// Whatever happens, in whatever order: the machine makes progress when its deadline
// has come, sends no faster than the ceiling, has no lease that nobody acknowledged
// and none past its end, and all that it says is read back as a message that fits
// those before it.
func FuzzMachine(f *testing.F) {
	addTapes(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		l := newTale(t, data)
		for len(l.tape) > 0 {
			l.now = l.tape.pass(l.now, l.m.Deadline())
			l.step(l.event())
			for tries := 0; l.m.Deadline() <= l.now; tries++ {
				if _, due := l.m.Outgoing(l.now); due {
					break
				}
				if tries == 3 {
					t.Fatalf("%v spins at %v", l.m.State(), l.now)
				}
				l.step(Timer{})
			}
		}
	})
}

// tale is a machine on a network of which a tape is the fate.
type tale struct {
	*script
	tape    tape
	id      dhcp4.Identity
	witness dhcptest.Witness
	full    time.Duration // when a whole burst is allowed again
}

func newTale(t *testing.T, data []byte) *tale {
	l := &tale{script: &script{T: t}, tape: data}
	rng := rand.New(rand.NewPCG(uint64(len(data)), 1))
	flags := l.tape.byte()
	l.id = dhcp4.Identity{HardwareAddr: mac, ClientID: append([]byte{1}, mac[:]...), RapidCommit: flags&1 != 0}
	if flags&8 != 0 {
		l.id.Parameters = []dhcp4.Code{dhcp4.IPv6OnlyPreferred}
	}
	var remembered *Lease
	if flags&16 != 0 {
		remembered = stored()
	}
	l.m = New(Config{
		Identity: l.id, Schedule: Schedule{RFC: flags&2 != 0}, ReuseLease: flags&4 != 0,
		StartDelay: time.Duration(flags>>7) * 10 * time.Second,
		Rand:       func() uint32 { l.draws++; return rng.Uint32() },
	}, remembered, flags&32 != 0)
	return l
}

// event is what happens next.
func (l *tale) event() Event {
	switch op := l.tape.byte() % 16; op {
	case 0:
		return LinkUp{}
	case 1:
		return LinkDown{}
	case 2:
		return InstallFailed{Gone: l.tape.byte()&1 != 0}
	case 3:
		return Conflict{}
	case 4:
		return Renew{}
	case 5:
		return Release{}
	case 6, 7:
		return Installed{}
	case 8:
		return SendFailed{}
	case 9, 10, 11:
		return l.send()
	case 12, 13, 14:
		return Received{l.answer()}
	}
	return Timer{}
}

var serverMAC = dhcp4.HardwareAddr{2, 0, 0, 0, 0, 0xfe}

// send lets the message that is due leave, if one is.
func (l *tale) send() Event {
	out, ok := l.m.Outgoing(l.now)
	if !ok {
		return Timer{}
	}
	l.sent = out
	if l.full = max(l.full, l.now) + refill; l.full-l.now > burst*refill {
		l.Fatalf("%v at %v is too many", out.Kind, l.now)
	}
	payload, err := out.Append(nil, &l.id)
	if err != nil {
		l.Fatal(err)
	}
	dst := serverMAC
	if out.Dst == broadcast {
		dst = dhcp4.Broadcast
	}
	frame := dhcp4.AppendFrame(nil, mac, dst, netip.AddrPortFrom(out.Src, 68), netip.AddrPortFrom(out.Dst, 67), payload)
	m, err := l.witness.See(l.now, dhcptest.Frame{Data: frame})
	if err != nil {
		l.Fatal(err)
	}
	if m.Kind != out.Kind || m.Xid != out.Xid || m.Secs != out.Secs {
		l.Fatalf("%+v is read as %v with xid %08x, secs %d", out, m, m.Xid, m.Secs)
	}
	return Sent{}
}

// answer is a reply to what was said last, perhaps.
func (l *tale) answer() *dhcp4.Message {
	tp := &l.tape
	t := pick(tp, dhcp4.Offer, dhcp4.Ack, dhcp4.Nak, dhcp4.Offer, dhcp4.Ack, dhcp4.ForceRenew)
	what := tp.byte()
	r := dhcptest.Reply{
		Type: t, Xid: l.sent.Xid, HardwareAddr: mac, YourAddr: us, Lease: 3600,
		ServerID: [...]netip.Addr{srv1, srv1, srv2, {}}[what&3],
	}
	seconds := func() uint32 { return pick(tp, 0, 1, 5, 6, 60, 1800, 3000, 1<<31, 1<<32-1, uint32(tp.byte())) }
	if what&4 != 0 {
		serverTimes(seconds(), seconds(), seconds())(&r)
	}
	if what&8 != 0 {
		r.YourAddr = pick(tp, us, srv2, zero, all, us.Next())
	}
	if what&16 != 0 {
		r.Xid++
	}
	if what&32 != 0 {
		with(dhcp4.RapidCommit, nil)(&r)
	}
	if what&128 != 0 {
		with(dhcp4.IPv6OnlyPreferred, dhcptest.Uint32(seconds()))(&r)
	}
	if what&64 != 0 { // an option of any kind and content
		c := dhcp4.Code(tp.byte())
		value := make([]byte, tp.byte()%40)
		copy(value, *tp)
		*tp = (*tp)[min(len(*tp), len(value)):]
		r.Options = append(r.Options, dhcptest.Option{Code: c, Data: value})
	}
	payload := r.Append(nil)
	frame := dhcp4.AppendFrame(nil, serverMAC, mac, netip.AddrPortFrom(srv1, 67), netip.AddrPortFrom(us, 68), payload)
	_, _ = l.witness.See(l.now, dhcptest.Frame{Data: frame})
	m := new(dhcp4.Message)
	if m.Decode(payload) != dhcp4.Accepted {
		*m = dhcp4.Message{} // the loop would not have let it pass
	}
	return m
}

func (l *tale) step(ev Event) {
	before := l.m.State()
	l.eff = l.m.Step(l.now, ev)
	err := invariants(l.m, l.now, before, l.eff)
	if c := l.eff.Change; err == nil && (c == Granted || c == Extended) {
		err = l.entitled(ev)
	}
	if err != nil {
		l.Fatalf("at %v, %T in %v: %v", l.now, ev, before, err)
	}
}

// entitled is why there should be no new lease after an event.
func (l *tale) entitled(ev Event) error {
	if l.eff.Reason == ReasonSilence && l.m.c.ReuseLease {
		return nil
	}
	r, ok := ev.(Received)
	if !ok || l.eff.Refused != dhcp4.Accepted || r.Type != dhcp4.Ack {
		return fmt.Errorf("lease of %v, and nobody acknowledged it", l.eff.Lease.Addr)
	}
	length := leaseTime(r.Message)
	if lease := l.eff.Lease; lease.Addr.Addr() != r.YourAddr || length != Never && lease.Expiry > l.now+length {
		return fmt.Errorf("lease of %v until %v, but %v was granted for %v", lease.Addr, lease.Expiry, r.YourAddr, length)
	}
	return nil
}

// Whatever is heard when, the detector makes progress when its deadline has come,
// calls an address clear only after three probes and 2 s of silence, claims none on
// probation, defends at most every 10 s, gives up an address that is never to be
// given up only before it was found free, and takes to heart only what is about its
// address. What it sends is read back as it was.
func FuzzDetector(f *testing.F) {
	addTapes(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		w := &watcher{T: t, tape: data, full: -time.Hour}
		for len(w.tape) > 0 {
			w.now = w.tape.pass(w.now, w.d.Deadline())
			w.happen()
		}
	})
}

// watcher is a detector of which a tape is the fate.
type watcher struct {
	*testing.T
	tape tape
	now  time.Duration
	d    Detector

	stubborn         bool
	standing         Standing
	probes, claims   int
	probed, defended time.Duration // when last
	full             time.Duration // when as many packets are allowed again as one watch takes
}

func (w *watcher) happen() {
	switch w.tape.byte() % 8 {
	case 0:
		what := w.tape.byte()
		w.standing, w.stubborn = Standing(what%3), what&8 != 0
		w.probes, w.claims, w.defended = 0, 0, -time.Hour
		w.full = 0
		w.d.Watch(w.now, us, w.standing, w.stubborn, func() uint32 { return uint32(w.tape.byte()) << 24 })
	case 1:
		w.d.Stop()
		w.idle()
	case 2, 3:
		w.hear()
	default:
		w.timer()
	}
}

// idle requires that nothing happens any more.
func (w *watcher) idle() {
	if _, due := w.d.Outgoing(w.now, mac); due || w.d.Deadline() != Never || w.d.Clear() || w.d.Addr().IsValid() {
		w.Fatalf("at %v, after the end: %+v", w.now, w.d)
	}
}

// timer lets the time pass and what is due leave.
func (w *watcher) timer() {
	if w.d.Timer(w.now) && (w.probes != probeNum || w.now < w.probed+announceWait) {
		w.Fatalf("clear at %v, after %d probes, the last at %v", w.now, w.probes, w.probed)
	}
	p, ok := w.d.Outgoing(w.now, mac)
	if !ok {
		if w.d.Deadline() <= w.now {
			w.Fatalf("neither sends nor sleeps at %v: %+v", w.now, w.d)
		}
		return
	}
	if again, ok := dhcp4.ParseARP(dhcp4.AppendARP(nil, &p)); !ok || again != p || p.SenderHW != mac || p.TargetIP != us {
		w.Fatalf("sends %+v, which is read as %+v", p, again)
	}
	if w.full = max(w.full, w.now) + time.Second; w.full-w.now > (probeNum+announceNum)*time.Second {
		w.Fatalf("%+v at %v is too many", p, w.now)
	}
	if p.SenderIP.IsUnspecified() {
		if w.probes++; w.probes > probeNum || w.probes > 1 && w.now < w.probed+probeMin || w.d.Clear() {
			w.Fatalf("probe %d at %v, after one at %v", w.probes, w.now, w.probed)
		}
		w.probed = w.now
	} else if w.claims++; !w.d.Clear() && !(w.stubborn && w.standing == Established) {
		w.Fatalf("claims an address on probation at %v", w.now)
	}
	w.d.Sent(w.now)
}

// hear lets a packet arrive.
func (w *watcher) hear() {
	p := dhcp4.ARP{
		Reply: w.tape.byte()&1 != 0, SenderHW: foreignMAC,
		SenderIP: pick(&w.tape, us, zero, srv1), TargetIP: pick(&w.tape, us, zero, srv1),
	}
	clear, watching := w.d.Clear(), w.d.Addr().IsValid()
	v := w.d.Receive(w.now, &p)
	asks := !p.Reply && p.SenderIP == zero && p.TargetIP == us
	switch {
	case v == Harmless:
		return
	case !watching, p.SenderIP != us && !(asks && w.standing == Candidate && !clear):
		w.Fatalf("%+v at %v: %v", p, w.now, v)
	case v == Contested:
		if w.now < w.defended+defendInterval {
			w.Fatalf("defended at %v, and at %v", w.defended, w.now)
		}
		w.defended = w.now
	case w.stubborn && (clear || w.standing == Established):
		w.Fatalf("gives up at %v what it must not", w.now)
	case v == InConflict:
		w.d.Stop()
	}
}
