package dhcptest

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// loop is a client that is told what to do on each turn and when to be woken.
type loop struct {
	lan  *LAN
	turn func() time.Duration
}

func (l loop) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := l.lan.Wait(l.turn(), l.lan.Kernel.FD()); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (l *LAN) idle(until time.Duration) error {
	return l.Run(loop{l, func() time.Duration {
		_ = l.Kernel.Poll(func(ifup.Event) {})
		return never
	}}, until)
}

func TestTimeJumpsToWhateverComesNext(t *testing.T) {
	lan := NewLAN(1)
	var order []string
	lan.At(3*time.Hour, func() { order = append(order, "late") })
	lan.At(time.Hour, func() {
		order = append(order, "early")
		lan.After(time.Hour, func() { order = append(order, "between") })
	})
	lan.At(time.Hour, func() { order = append(order, "early too") })
	if err := lan.idle(4 * time.Hour); err != nil {
		t.Error(err)
	}
	if want := []string{"early", "early too", "between", "late"}; !slices.Equal(order, want) {
		t.Errorf("happened: %v, want %v", order, want)
	}
	if lan.Now() != 4*time.Hour || len(lan.Wakeups) > 2 {
		t.Errorf("ended at %v after wake-ups at %v", lan.Now(), lan.Wakeups)
	}
}

func TestALoopThatDoesNotSleepIsStopped(t *testing.T) {
	lan := NewLAN(1)
	err := lan.Run(loop{lan, func() time.Duration { return lan.Now() }}, time.Hour)
	if err == nil || !strings.Contains(err.Error(), "called Wait") {
		t.Errorf("Run returned %v", err)
	}
	// Not even the end of its context stops this one.
	err = lan.Run(clientFunc(func(context.Context) error {
		for {
			_ = lan.Wait(never, -1)
		}
	}), time.Hour)
	if err == nil || !strings.Contains(err.Error(), "called Wait") {
		t.Errorf("Run returned %v", err)
	}
}

type clientFunc func(context.Context) error

func (f clientFunc) Run(ctx context.Context) error { return f(ctx) }

func TestAClientThatEndsByItselfIsNoticed(t *testing.T) {
	lan := NewLAN(1)
	err := lan.Run(clientFunc(func(context.Context) error { return nil }), time.Hour)
	if err == nil || !strings.Contains(err.Error(), "ended by itself at 0s") {
		t.Errorf("Run returned %v", err)
	}
}

func TestRequestsThatAreNotFlushedAreNoticed(t *testing.T) {
	lan := NewLAN(1)
	lan.Plug("eth0", lan.Segment())
	err := lan.Run(loop{lan, func() time.Duration { lan.Kernel.Up(1); return never }}, time.Hour)
	if err == nil || !strings.Contains(err.Error(), "not flushed") {
		t.Errorf("Run returned %v", err)
	}
}

func TestTheKernelWithdrawsAnAddressAtTheEndOfItsLifetime(t *testing.T) {
	lan := NewLAN(1)
	eth0 := lan.Plug("eth0", lan.Segment())
	eth0.SetUp(true)
	apply := func(c ifup.Config) (err error) {
		lan.Kernel.Apply(1, c)
		lan.Kernel.Flush(func(_ int, e error) { err = e })
		return err
	}
	c := ifup.Config{Addr: netip.MustParsePrefix("192.0.2.50/24"), Lifetime: time.Minute}
	lan.At(0, func() { _ = apply(c) })
	lan.At(30*time.Second, func() { _ = apply(c) }) // a renewal
	for _, at := range []time.Duration{89 * time.Second, 91 * time.Second} {
		lan.At(at, func() {
			if held := eth0.Config().Addr.IsValid(); held != (at < 90*time.Second) {
				t.Errorf("at %v the address is there: %v", at, held)
			}
		})
	}
	if err := lan.idle(time.Hour); err != nil {
		t.Error(err)
	}
}

func TestTheKernelRefusesWhatAKernelRefuses(t *testing.T) {
	lan := NewLAN(1)
	network := lan.Segment()
	eth0, eth1 := lan.Plug("eth0", network), lan.Plug("eth1", network)
	eth0.SetUp(true)
	eth1.SetUp(true)
	prefix := netip.MustParsePrefix
	def := ifup.Route{Dst: prefix("0.0.0.0/0"), Gateway: netip.MustParseAddr("192.0.2.1")}
	for _, c := range []struct {
		name   string
		index  int
		config ifup.Config
		want   error
	}{
		{"route through the subnet", 1, ifup.Config{Metric: 1, Routes: []ifup.Route{def}}, nil},
		{"the same again", 1, ifup.Config{Metric: 1, Routes: []ifup.Route{def}}, nil},
		{"another link's route", 2, ifup.Config{Metric: 1, Routes: []ifup.Route{def}}, syscall.EEXIST},
		{"another metric", 2, ifup.Config{Metric: 2, Routes: []ifup.Route{def}}, nil},
		{"gateway elsewhere", 2, ifup.Config{Metric: 2, Routes: []ifup.Route{{Dst: def.Dst, Gateway: netip.MustParseAddr("10.0.0.1")}}}, syscall.ENETUNREACH},
		{"gateway by a host route", 2, ifup.Config{Metric: 2, Routes: []ifup.Route{{Dst: prefix("10.0.0.1/32")}, {Dst: def.Dst, Gateway: netip.MustParseAddr("10.0.0.1")}}}, nil},
		{"a link that is gone", 3, ifup.Config{}, syscall.ENODEV},
	} {
		c.config.Addr, c.config.Lifetime = netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, 50}), 24), ifup.Forever
		var got error
		lan.Kernel.Apply(c.index, c.config)
		lan.Kernel.Flush(func(_ int, err error) { got = err })
		refused, _ := got.(*ifup.Refused)
		if c.want == nil && got != nil || c.want != nil && (refused == nil || refused.Err != c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// Sockets behave as those of Linux do.
func TestSendingNeedsASocketAndALink(t *testing.T) {
	lan := NewLAN(1)
	eth0 := lan.Plug("eth0", lan.Segment())
	send := func(o packet.Out) error {
		list := []packet.Out{o}
		lan.Send(list)
		return list[0].Err
	}
	frame := packet.Out{Index: 1, Frame: make([]byte, 342)}
	datagram := packet.Out{Index: 1, Payload: make([]byte, 300), Src: netip.MustParseAddr("192.0.2.50"), Dst: netip.MustParseAddrPort("192.0.2.1:67")}
	if err := send(frame); err != syscall.EBADF {
		t.Errorf("without a socket: %v", err)
	}
	_ = lan.Listen(true, true)
	if err := send(frame); err != syscall.ENETDOWN {
		t.Errorf("link down: %v", err)
	}
	if err := send(packet.Out{Index: 7, Frame: frame.Frame}); err != syscall.ENXIO {
		t.Errorf("no link: %v", err)
	}
	eth0.SetUp(true)
	if err := send(datagram); err != syscall.EINVAL {
		t.Errorf("from an address that is not held: %v", err)
	}
	if len(lan.errs) != 0 {
		t.Errorf("held against the client: %v", lan.errs)
	}
	if err := send(frame); err != nil || len(lan.errs) != 1 {
		t.Errorf("a frame of zeros: %v, breaches %v", err, lan.errs)
	}
}

// A server's address, once declined, is not given out again; once released, it is.
func TestTheServerKeepsItsRecords(t *testing.T) {
	lan := NewLAN(1)
	eth0 := lan.Plug("eth0", lan.Segment())
	srv := eth0.segment.Serve(&Server{ID: netip.MustParseAddr("192.0.2.1"), Subnet: netip.MustParsePrefix("192.0.2.0/24"), Lease: time.Minute})
	ask := func(k dhcp4.Kind, addr string, who byte) *Reply {
		m := &Message{Kind: k, Link: eth0, HardwareAddr: dhcp4.HardwareAddr{2, 0, 0, 0, 0, who}, ClientAddr: unspecified}
		switch k {
		case dhcp4.KindSelecting:
			m.Options = []Option{{dhcp4.ServerIdentifier, srv.ID.AsSlice()}, {dhcp4.RequestedAddress, Addrs(addr)}}
		case dhcp4.KindDiscover:
		case dhcp4.KindInitReboot, dhcp4.KindDecline:
			m.Options = []Option{{dhcp4.RequestedAddress, Addrs(addr)}}
		default:
			m.ClientAddr = netip.MustParseAddr(addr)
		}
		return srv.answer(m)
	}
	for i, c := range []struct {
		who  byte
		kind dhcp4.Kind
		addr string
		want dhcp4.MessageType // 0 for silence
		got  string
	}{
		{1, dhcp4.KindRenewing, "192.0.2.10", 0, ""}, // no record
		{1, dhcp4.KindInitReboot, "10.0.0.1", dhcp4.Nak, ""},
		{1, dhcp4.KindDiscover, "", dhcp4.Offer, "192.0.2.10"},
		{1, dhcp4.KindSelecting, "192.0.2.11", dhcp4.Nak, ""},
		{1, dhcp4.KindSelecting, "192.0.2.10", dhcp4.Ack, "192.0.2.10"},
		{2, dhcp4.KindDiscover, "", dhcp4.Offer, "192.0.2.11"},
		{1, dhcp4.KindRenewing, "192.0.2.10", dhcp4.Ack, "192.0.2.10"},
		{1, dhcp4.KindRebinding, "192.0.2.12", dhcp4.Nak, ""},
		{1, dhcp4.KindInitReboot, "192.0.2.10", dhcp4.Ack, "192.0.2.10"},
		{1, dhcp4.KindDecline, "192.0.2.10", 0, ""},
		{3, dhcp4.KindDiscover, "", dhcp4.Offer, "192.0.2.12"},
		{3, dhcp4.KindRelease, "192.0.2.12", 0, ""},
		{4, dhcp4.KindDiscover, "", dhcp4.Offer, "192.0.2.12"},
	} {
		r := ask(c.kind, c.addr, c.who)
		switch {
		case r == nil && c.want == 0:
		case r == nil, r.Type != c.want, c.got != "" && r.YourAddr != netip.MustParseAddr(c.got):
			t.Errorf("step %d: client %d, %s for %q: got %+v", i, c.who, kindNames[c.kind], c.addr, r)
		}
	}
}

func TestFramesArriveAsTheKernelWouldDeliverThem(t *testing.T) {
	lan := NewLAN(1)
	eth0 := lan.Plug("eth0", lan.Segment())
	eth0.SetUp(true)
	to := func(dst string, port uint16) Frame {
		d := datagram{
			hwDst: eth0.hw, src: netip.MustParseAddrPort("192.0.2.1:67"),
			dst: netip.AddrPortFrom(netip.MustParseAddr(dst), port), payload: []byte("x"),
		}
		return Frame{Data: d.frame()}
	}
	count := func(f Frame) (raw, udp int) {
		eth0.Receive(f)
		var kept *packet.In
		lan.Receive(func(in *packet.In) {
			if kept = in; in.Frame != nil {
				raw++
			} else {
				udp++
			}
		})
		if kept != nil && len(kept.Payload) > 0 && kept.Payload[0] == 'x' {
			t.Error("the bytes outlive the call")
		}
		return raw, udp
	}
	bad := to("255.255.255.255", 68)
	bad.Data[len(bad.Data)-1]++
	for _, c := range []struct {
		name     string
		raw, udp bool
		frame    Frame
		wantRaw  int
		wantUDP  int
	}{
		{"no socket", false, false, to("255.255.255.255", 68), 0, 0},
		{"packet socket", true, false, to("192.0.2.50", 68), 1, 0},
		{"UDP socket, not our address", false, true, to("192.0.2.50", 68), 0, 0},
		{"UDP socket, broadcast", false, true, to("255.255.255.255", 68), 0, 1},
		{"UDP socket, another port", false, true, to("255.255.255.255", 69), 0, 0},
		{"both", true, true, to("255.255.255.255", 68), 1, 1},
		{"both, wrong checksum", true, true, bad, 1, 0},
	} {
		_ = lan.Listen(c.raw, c.udp)
		if raw, udp := count(c.frame); raw != c.wantRaw || udp != c.wantUDP {
			t.Errorf("%s: %d frames and %d datagrams, want %d and %d", c.name, raw, udp, c.wantRaw, c.wantUDP)
		}
	}
}

func TestTheSeedDecidesWhatIsLostDoubledAndOvertaken(t *testing.T) {
	arrivals := func(seed uint64) (list []string) {
		lan := NewLAN(seed)
		network := lan.Segment()
		network.Loss, network.Duplicate, network.Jitter = 0.2, 0.2, 10*time.Millisecond
		lan.Plug("eth0", network).SetUp(true)
		_ = lan.Listen(true, false)
		for i := range 100 {
			network.Send(Frame{Data: []byte{0xff, byte(i)}})
		}
		err := lan.Run(loop{lan, func() time.Duration {
			_ = lan.Kernel.Poll(func(ifup.Event) {})
			lan.Receive(func(in *packet.In) { list = append(list, fmt.Sprint(lan.Now(), in.Frame[1])) })
			return never
		}}, time.Second)
		if err != nil {
			t.Error(err)
		}
		return list
	}
	one, again, two := arrivals(1), arrivals(1), arrivals(2)
	if !slices.Equal(one, again) || slices.Equal(one, two) {
		t.Error("equal seeds differ, or different seeds agree")
	}
	if n := len(one); n < 70 || n > 120 {
		t.Errorf("%d arrivals of 100, want about 96", n)
	}
}

func TestAServerDropsWhatItCannotQueue(t *testing.T) {
	lan := NewLAN(1)
	eth0 := lan.Plug("eth0", lan.Segment())
	srv := eth0.segment.Serve(&Server{ID: netip.MustParseAddr("192.0.2.1"), Think: time.Millisecond, Backlog: 10})
	for range 25 {
		srv.receive(eth0.segment, &Message{Link: eth0, Kind: dhcp4.KindRelease})
	}
	if err := lan.idle(time.Second); err != nil {
		t.Error(err)
	}
	if n := len(srv.Received); n != 11 || srv.Dropped != 14 { // one in work, ten waiting
		t.Errorf("%d of 25 served and %d dropped", n, srv.Dropped)
	}
}
