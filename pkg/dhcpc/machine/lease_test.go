package machine

import (
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// granted is the lease made of an ACK with these changes; its REQUEST left at 0.
func granted(t *testing.T, random uint32, edits ...edit) *Lease {
	t.Helper()
	return play(t, random, Config{}).at(0).toBound(edits...).m.Lease()
}

// serverTimes sets lease, T1 and T2; 0 leaves T1 or T2 out.
func serverTimes(lease, t1, t2 uint32) edit {
	return func(r *dhcptest.Reply) {
		leased(lease)(r)
		for c, v := range map[dhcp4.Code]uint32{dhcp4.RenewalTime: t1, dhcp4.RebindingTime: t2} {
			if without(c)(r); v != 0 {
				with(c, dhcptest.Uint32(v))(r)
			}
		}
	}
}

func TestTimers(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.5-10", "R2131-4.4.5-11", "R2131-4.4.5-12", "R2131-4.4.5-13", "P-TM-01", "P-TM-03", "P-TM-08", "R2131-3.3-01", "H-TIME-01", "H-T-01")
	const most = math.MaxUint32 - 1
	rows := []struct {
		lease, t1, t2 uint32 // as the server says; 0: absent
		want1, want2  float64
	}{
		{3600, 0, 0, 1800, 3150},
		{3601, 0, 0, 1800.5, 3150.875},
		{3600, 600, 2000, 600, 2000},
		{3600, 2000, 1000, 1800, 3150},
		{3600, 3600, 3600, 1800, 3150},
		{3600, 9999, 1, 1800, 3150},
		{3600, 1800, 5000, 1800, 3150},
		{3600, 1800, 1800, 1800, 3150},
		{3600, 3300, 0, 1800, 3150}, // later than the T2 that it would have
		{3600, 1000, 0, 1000, 3150},
		{3600, 0, 1000, 1800, 3150}, // earlier than the T1 that it would have
		{3600, 0, 2000, 1800, 2000},
		{3600, math.MaxUint32, math.MaxUint32, 1800, 3150},
		{3600, 1000, math.MaxUint32, 1000, 3150},
		{24, 4, 10, 4, 10},
		{5, 0, 0, 2.5, 4.375},
		{5, 3, 4, 3, 4},
		{1 << 31, 0, 0, 1 << 30, 7 << 28},
		{most, 0, 0, most / 2, most / 8 * 7},
		{most, most - 2, most - 1, most - 2, most - 1},
	}
	for _, row := range rows {
		l := granted(t, lowest, serverTimes(row.lease, row.t1, row.t2))
		if l.Expiry != time.Duration(row.lease)*time.Second {
			t.Errorf("%d: ends at %v", row.lease, l.Expiry)
		}
		near := func(got time.Duration, want float64) bool {
			return math.Abs(got.Seconds()-want) < max(0.001, want*1e-8)
		}
		if !near(l.T1, row.want1) || !near(l.T2, row.want2) {
			t.Errorf("%d, %d, %d: T1 %v and T2 %v, want %v and %v", row.lease, row.t1, row.t2, l.T1, l.T2, row.want1, row.want2)
		}
	}
}

// Defaults are varied, downwards; what the server says is obeyed.
func TestTimerFuzz(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.5-13", "R2131-4.4.5-14")
	for random, part := range map[uint32]float64{lowest: 0, middle: 0.5, highest: 1} {
		for _, times := range []edit{serverTimes(3600, 0, 0), serverTimes(3600, 9999, 1)} { // absent, nonsense
			l := granted(t, random, times)
			if want := sec(1800 - 90*part); (l.T1 - want).Abs() > tolerance {
				t.Errorf("T1 is %v, want %v", l.T1, want)
			}
			if want := sec(3150 - 90*part); (l.T2 - want).Abs() > tolerance {
				t.Errorf("T2 is %v, want %v", l.T2, want)
			}
		}
		if l := granted(t, random, serverTimes(3600, 600, 2000)); l.T1 != sec(600) || l.T2 != sec(2000) {
			t.Errorf("the server's times became %v and %v", l.T1, l.T2)
		}
		// One second of room is enough.
		if l := granted(t, random, serverTimes(3600, 3149, 0)); l.T2 <= l.T1 {
			t.Errorf("T1 %v, T2 %v", l.T1, l.T2)
		}
	}
}

func TestInfiniteLease(t *testing.T) {
	rfc.Shows(t, "R2131-3.3-02", "R2131-4.4.1-10", "P-TM-02")
	s := play(t, middle, Config{}).at(0).toBound(serverTimes(math.MaxUint32, 600, 700)).never()
	if l := s.m.Lease(); l.T1 != Never || l.T2 != Never || l.Expiry != Never || l.Start != 0 {
		t.Errorf("times are %v %v %v %v", l.Start, l.T1, l.T2, l.Expiry)
	}
	// It is renewed when somebody asks, and asking is repeated.
	s.at(1e6).step(Renew{})
	s.sends(dhcp4.KindRenewing)
	s.resumes(1e6 + 3601).sends(dhcp4.KindRenewing)
	s.hears(dhcp4.Ack, leased(7200)).becomes(Extended, ReasonAck)
	if l := s.m.Lease(); l.Expiry != sec(1e6+7200) {
		t.Errorf("the lease now ends at %v", l.Expiry)
	}
}

// A lease counts from the first REQUEST of its exchange.
func TestLeaseStart(t *testing.T) {
	rfc.Shows(t, "P-TM-04", "P-TM-05", "R2131-4.4.1-10", "R2131-4.4.5-13")
	s := playTo(t, Selecting, Config{Schedule: Schedule{RFC: true}}).at(3)
	s.hears(dhcp4.Offer)
	s.sends(dhcp4.KindSelecting)
	s.at(7).sends(dhcp4.KindSelecting)
	s.at(8).hears(dhcp4.Ack)
	if l := s.m.Lease(); l.Expiry != sec(3603) {
		t.Errorf("lease ends at %v", l.Expiry)
	}
	s.step(Installed{})
	// An infinite one as well, though nothing depends on it.
	infinite := playTo(t, Selecting, Config{}).at(1).hears(dhcp4.Offer)
	infinite.sends(dhcp4.KindSelecting)
	infinite.at(2.5).sends(dhcp4.KindSelecting)
	infinite.hears(dhcp4.Ack, leased(math.MaxUint32))
	if l := infinite.m.Lease(); l.Start != sec(1) {
		t.Errorf("infinite lease starts at %v", l.Start)
	}
	// A shorter one is obeyed, though not the times in it, which are later than its end.
	s.at(1803).sends(dhcp4.KindRenewing)
	s.hears(dhcp4.Ack, leased(60)).becomes(Extended, ReasonAck)
	if l := s.m.Lease(); l.Expiry != sec(1863) {
		t.Errorf("shortened, the lease ends at %v", l.Expiry)
	}
}

// When a server was away for longer than its new lease lasts, it answers the
// last message, not the first.
func TestLeaseStartAfterOutage(t *testing.T) {
	s := playTo(t, Renewing, Config{}).at(2475)
	s.sends(dhcp4.KindRenewing)
	s.at(2476).hears(dhcp4.Ack, leased(60)).becomes(Extended, ReasonAck)
	if l := s.m.Lease(); (l.Expiry - sec(2535)).Abs() > tolerance {
		t.Errorf("lease ends at %v", l.Expiry)
	}
	// But an ACK that took longer than the lease brings nothing.
	s = playTo(t, Renewing, Config{}).at(1860)
	s.refuses(dhcp4.BadLeaseTime, dhcp4.Ack, leased(60))
}

// Less than 5 s would be left of the lease if it counted from the first REQUEST: then
// it counts from the last, too, since nobody grants so little.
func TestLeaseStartWhenAlmostOver(t *testing.T) {
	for _, tt := range []struct{ length, start float64 }{{14, 0}, {13.9, 3.25}, {10, 3.25}} {
		s := playTo(t, Selecting, Config{}).hears(dhcp4.Offer)
		first := s.sends(dhcp4.KindSelecting)
		begin := s.now.Seconds()
		for _, at := range []float64{1.5, 3.25} {
			s.at(begin + at).sends(dhcp4.KindSelecting)
		}
		e := s.m.state.(requesting).exchange
		if got := e.began(sec(begin+9), sec(tt.length)); got != sec(begin+tt.start) {
			t.Errorf("%v: a lease of %v s acknowledged after 9 s begins after %v", first, tt.length, got-sec(begin))
		}
	}
}

func TestConfigurationIsTheAcks(t *testing.T) {
	rfc.Shows(t, "R2131-4.3.2-02", "R2131-4.3.1-01", "P-ST-03", "P-ST-04")
	dns := func(a string) edit { return with(dhcp4.DNSServer, dhcptest.Addrs(a)) }
	s := playTo(t, Selecting, Config{}).hears(dhcp4.Offer, dns("192.0.2.60"), with(dhcp4.DomainName, []byte("offer.example")))
	s.sends(dhcp4.KindSelecting)
	s.hears(dhcp4.Ack, dns("192.0.2.61"))
	if l := s.m.Lease(); !slices.Equal(l.DNS, []netip.Addr{netip.MustParseAddr("192.0.2.61")}) || l.Domain != "" {
		t.Errorf("lease has %v, %q", l.DNS, l.Domain)
	}
	first := s.m.Lease()
	s.step(Installed{})
	s.at(1800).sends(dhcp4.KindRenewing)
	s.hears(dhcp4.Ack, without(dhcp4.DNSServer)).becomes(Extended, ReasonAck)
	if l := s.m.Lease(); len(l.DNS) != 0 || len(first.DNS) != 1 {
		t.Errorf("renewed, the lease has %v; the one before, %v", l.DNS, first.DNS)
	}
}

// Every value that a server can send, each dropped alone if it makes no sense.
func TestValues(t *testing.T) {
	rfc.Shows(t, "H-RTR-01", "H-DNS-01", "H-DNS-02", "R2132-5.3-01", "R3442-03", "R3442-04", "R3442-06", "P-RO-01", "R2132-8.3-01", "R4702-3.1-02", "P-HN-01")
	addrs := dhcptest.Addrs
	rows := []struct {
		name string
		edit edit
		get  func(*Lease) any
		want string
	}{
		{"routers in order", with(dhcp4.Router, addrs("192.0.2.1", "192.0.2.2")), (*Lease).routers, "[192.0.2.1 192.0.2.2]"},
		{"bad routers", with(dhcp4.Router, addrs("0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.1", "240.0.0.1", "192.0.2.50", "192.0.2.0", "192.0.2.255", "192.0.2.7")), (*Lease).routers, "[192.0.2.7]"},
		{"router elsewhere", with(dhcp4.Router, addrs("10.0.0.1")), (*Lease).routers, "[10.0.0.1]"},
		{"half a router", with(dhcp4.Router, []byte{192, 0, 2, 1, 192, 0}), (*Lease).routers, "[]"},
		{"name servers in order", with(dhcp4.DNSServer, addrs("8.8.8.8", "1.1.1.1")), (*Lease).dns, "[8.8.8.8 1.1.1.1]"},
		{"bad name servers", with(dhcp4.DNSServer, addrs("0.0.0.0", "255.255.255.255", "224.0.0.1", "127.0.0.53", "192.0.2.50")), (*Lease).dns, "[192.0.2.50]"},
		{"60 name servers", with(dhcp4.DNSServer, slices.Repeat(addrs("8.8.8.8"), 60)), (*Lease).dns, "[8.8.8.8 8.8.8.8 8.8.8.8]"},
		{"time servers", func(r *dhcptest.Reply) {
			with(4, addrs("192.0.2.4"))(r)
			with(dhcp4.NTPServer, addrs("192.0.2.42", "127.0.0.1"))(r)
		}, (*Lease).ntp, "[192.0.2.42]"},
		{"broadcast", with(dhcp4.BroadcastAddress, addrs("192.0.2.255")), (*Lease).brd, "192.0.2.255"},
		{"broadcast elsewhere", with(dhcp4.BroadcastAddress, addrs("8.8.8.8")), (*Lease).brd, "invalid IP"},
		{"domain", with(dhcp4.DomainName, []byte("example.org\x00")), (*Lease).domain, "example.org"},
		{"hostile domain", with(dhcp4.DomainName, []byte("a\nnameserver 6.6.6.6")), (*Lease).domain, ""},
		{"host name", with(dhcp4.HostName, []byte("box")), (*Lease).host, "box"},
		{"qualified name", with(dhcp4.ClientFQDN, []byte("\x05\xff\xff\x03box\x07example\x00")), (*Lease).host, "box.example"},
		{"qualified name beside a host name", both(with(dhcp4.HostName, []byte("chest")), with(dhcp4.ClientFQDN, []byte("\x00\xff\xffbox.example"))), (*Lease).host, "box.example"},
		{"hostile qualified name beside a host name", both(with(dhcp4.HostName, []byte("box")), with(dhcp4.ClientFQDN, []byte("\x00\xff\xffx;reboot"))), (*Lease).host, "box"},
		{"hostile host name", with(dhcp4.HostName, []byte("x;reboot")), (*Lease).host, ""},
		{"search", with(dhcp4.DomainSearch, []byte("\x01a\x03org\x00\x01b\xc0\x02")), (*Lease).search, "[a.org b.org]"},
		{"MTU 68", with(dhcp4.InterfaceMTU, []byte{0, 68}), (*Lease).mtu, "0"},
		{"MTU 575", with(dhcp4.InterfaceMTU, []byte{2, 63}), (*Lease).mtu, "0"},
		{"MTU 576", with(dhcp4.InterfaceMTU, []byte{2, 64}), (*Lease).mtu, "576"},
		{"MTU 65535", with(dhcp4.InterfaceMTU, []byte{255, 255}), (*Lease).mtu, "65535"},
		{"MTU of one byte", with(dhcp4.InterfaceMTU, []byte{255}), (*Lease).mtu, "0"},
		{"classless route", with(dhcp4.ClasslessRoute, []byte{8, 10, 192, 0, 2, 1}), (*Lease).routes, "[{10.0.0.0/8 192.0.2.1}] true []"},
		{"on-link route", with(dhcp4.ClasslessRoute, []byte{8, 10, 0, 0, 0, 0}), (*Lease).routes, "[{10.0.0.0/8 invalid IP}] true []"},
		{"bad gateway", with(dhcp4.ClasslessRoute, []byte{8, 10, 224, 0, 0, 1, 8, 11, 192, 0, 2, 1}), (*Lease).routes, "[{11.0.0.0/8 192.0.2.1}] true []"},
		{"half a classless route", with(dhcp4.ClasslessRoute, []byte{24, 10, 0}), (*Lease).routes, "[] false [192.0.2.1]"},
		{"static route", with(dhcp4.StaticRoute, addrs("10.0.0.0", "192.0.2.1")), (*Lease).routes, "[{10.0.0.0/8 192.0.2.1}] false [192.0.2.1]"},
		{"static route to nowhere", with(dhcp4.StaticRoute, addrs("10.0.0.0", "127.0.0.1")), (*Lease).routes, "[] false [192.0.2.1]"},
		{"static route on the link", with(dhcp4.StaticRoute, addrs("10.0.0.0", "0.0.0.0")), (*Lease).routes, "[] false [192.0.2.1]"},
		{"classless over static", func(r *dhcptest.Reply) {
			with(dhcp4.StaticRoute, addrs("10.0.0.0", "192.0.2.1"))(r)
			with(dhcp4.ClasslessRoute, []byte{8, 11, 192, 0, 2, 1})(r)
		}, (*Lease).routes, "[{11.0.0.0/8 192.0.2.1}] true []"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			l := granted(t, middle, row.edit)
			if got := fmt.Sprint(row.get(l)); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
			if err := l.Valid(); err != nil {
				t.Errorf("what came from the wire is not valid: %v", err)
			}
		})
	}
}

func (l *Lease) routers() any { return l.Routers }
func (l *Lease) dns() any     { return l.DNS }
func (l *Lease) ntp() any     { return l.NTP }
func (l *Lease) brd() any     { return l.Broadcast }
func (l *Lease) domain() any  { return l.Domain }
func (l *Lease) host() any    { return l.HostName }
func (l *Lease) search() any  { return l.Search }
func (l *Lease) mtu() any     { return l.MTU }
func (l *Lease) routes() any  { return fmt.Sprint(l.Routes, l.Classless, l.Routers) }

// A lease from a file is trusted as little as one from the wire.
func TestValid(t *testing.T) {
	rfc.Shows(t, "P-IR-04")
	good := func() *Lease {
		l := stored()
		l.Routers, l.DNS, l.NTP = []netip.Addr{srv1}, []netip.Addr{srv1}, []netip.Addr{srv1}
		l.Routes = []dhcp4.Route{{Dst: netip.MustParsePrefix("10.0.0.0/8"), Gateway: srv1}, {Dst: netip.MustParsePrefix("11.0.0.0/8")}}
		l.Broadcast = netip.MustParseAddr("192.0.2.255")
		l.Domain, l.Search, l.HostName, l.MTU = "example.org", []string{"a.org"}, "box", 1500
		return l
	}
	if err := good().Valid(); err != nil {
		t.Fatal(err)
	}
	loopback, v6 := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("2001:db8::1")
	bad := map[string]func(*Lease){
		"no address":             func(l *Lease) { l.Addr = netip.Prefix{} },
		"loopback":               func(l *Lease) { l.Addr, l.Broadcast = netip.PrefixFrom(loopback, 8), netip.Addr{} },
		"IPv6":                   func(l *Lease) { l.Addr, l.Broadcast = netip.PrefixFrom(v6, 64), netip.Addr{} },
		"network address":        func(l *Lease) { l.Addr, l.Broadcast = netip.MustParsePrefix("192.0.2.0/24"), netip.Addr{} },
		"broadcast address":      func(l *Lease) { l.Addr, l.Broadcast = netip.MustParsePrefix("192.0.2.255/24"), netip.Addr{} },
		"link-local address":     func(l *Lease) { l.Addr, l.Broadcast = netip.MustParsePrefix("169.254.1.1/16"), netip.Addr{} },
		"wide subnet":            func(l *Lease) { l.Addr, l.Broadcast = netip.MustParsePrefix("10.0.0.1/7"), netip.Addr{} },
		"no server":              func(l *Lease) { l.Server = netip.Addr{} },
		"loopback server":        func(l *Lease) { l.Server = loopback },
		"own server":             func(l *Lease) { l.Server = us },
		"T2 before T1":           func(l *Lease) { l.T2 = l.T1 },
		"end before T2":          func(l *Lease) { l.Expiry = l.T2 },
		"T1 before start":        func(l *Lease) { l.Start = l.T1 },
		"half infinite":          func(l *Lease) { l.Expiry = Never },
		"loopback router":        func(l *Lease) { l.Routers[0] = loopback },
		"own router":             func(l *Lease) { l.Routers[0] = us },
		"IPv6 router":            func(l *Lease) { l.Routers[0] = v6 },
		"router with classless":  func(l *Lease) { l.Classless = true },
		"many routers":           func(l *Lease) { l.Routers = slices.Repeat(l.Routers, 4) },
		"route with host bits":   func(l *Lease) { l.Routes[0].Dst = netip.MustParsePrefix("10.0.0.1/8") },
		"route of IPv6":          func(l *Lease) { l.Routes[0].Dst = netip.MustParsePrefix("2001:db8::/32") },
		"route to nowhere":       func(l *Lease) { l.Routes[0].Dst = netip.Prefix{} },
		"route by loopback":      func(l *Lease) { l.Routes[0].Gateway = loopback },
		"many routes":            func(l *Lease) { l.Routes = slices.Repeat(l.Routes, 129) },
		"loopback name server":   func(l *Lease) { l.DNS[0] = loopback },
		"many name servers":      func(l *Lease) { l.DNS = slices.Repeat(l.DNS, 4) },
		"loopback time server":   func(l *Lease) { l.NTP[0] = loopback },
		"broadcast elsewhere":    func(l *Lease) { l.Broadcast = srv1 },
		"domain with a line":     func(l *Lease) { l.Domain = "a\nb" },
		"domain that is long":    func(l *Lease) { l.Domain = strings.Repeat("a.", 127) },
		"search with a space":    func(l *Lease) { l.Search[0] = "a b" },
		"host name with a quote": func(l *Lease) { l.HostName = "a'b" },
		"small MTU":              func(l *Lease) { l.MTU = 575 },
	}
	for name, spoil := range bad {
		l := good()
		spoil(l)
		if l.Valid() == nil {
			t.Errorf("%s: valid", name)
		}
		s := playWith(t, middle, Config{}, l, true)
		if s.m.Lease() != nil {
			t.Errorf("%s: in use", name)
		}
		s.step(LinkUp{})
		s.in(Init)
	}
	infinite := good()
	infinite.T1, infinite.T2, infinite.Expiry = Never, Never, Never
	if err := infinite.Valid(); err != nil {
		t.Errorf("an infinite lease is not valid: %v", err)
	}
}

// A lease is never changed once it was made: others hold it.
func TestLeaseIsImmutable(t *testing.T) {
	s := playTo(t, Bound, Config{})
	l := s.m.Lease()
	copied := *l
	s.at(1800).sends(dhcp4.KindRenewing)
	s.hears(dhcp4.Ack)
	s.step(Installed{})
	if s.m.Lease() == l || !reflect.DeepEqual(copied, *l) {
		t.Error("a renewal changed the lease before it")
	}
}
