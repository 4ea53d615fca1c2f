package dhcp4_test

import (
	"net/netip"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// usualACK is what dnsmasq sends to a client that asks for our list.
func usualACK() []byte {
	b := reply(ack,
		option(dhcp4.ServerIdentifier, 192, 0, 2, 1),
		option(dhcp4.LeaseTime, 0, 0, 14, 16), option(dhcp4.RenewalTime, 0, 0, 7, 8), option(dhcp4.RebindingTime, 0, 0, 12, 78),
		option(dhcp4.SubnetMask, 255, 255, 255, 0), option(dhcp4.BroadcastAddress, 192, 0, 2, 255),
		option(dhcp4.ClientIdentifier, 1, 2, 0, 0, 0, 0, 1),
		option(dhcp4.DNSServer, 192, 0, 2, 1, 192, 0, 2, 2), option(dhcp4.Router, 192, 0, 2, 1),
		option(dhcp4.NTPServer, 192, 0, 2, 3), option(dhcp4.InterfaceMTU, 5, 220),
		text(dhcp4.DomainName, "example.org"), text(dhcp4.DomainSearch, example),
		option(dhcp4.ClasslessRoute, unhex("18 0a0000 c0000201 00 c0000201")...),
		end)
	return append(b, make([]byte, max(0, 300-len(b)))...)
}

// reader takes from a message what a lease is made of.
type reader struct {
	m      dhcp4.Message
	addrs  [8]netip.Addr
	routes [8]dhcp4.Route
	found  int
}

func (r *reader) read(frame []byte) bool {
	d, why := dhcp4.ParseFrame(frame, false)
	if why != dhcp4.Accepted || r.m.Decode(d.Payload) != dhcp4.Accepted {
		return false
	}
	o := &r.m.Options
	ok := true
	for _, c := range []dhcp4.Code{dhcp4.ServerIdentifier, dhcp4.SubnetMask, dhcp4.BroadcastAddress} {
		_, found := o.Addr(c)
		ok = ok && found
	}
	for _, c := range []dhcp4.Code{dhcp4.LeaseTime, dhcp4.RenewalTime, dhcp4.RebindingTime} {
		_, found := o.Uint32(c)
		ok = ok && found
	}
	_, found := o.Uint16(dhcp4.InterfaceMTU)
	servers := o.AppendAddrs(r.addrs[:0], dhcp4.DNSServer, 3)
	servers = o.AppendAddrs(servers, dhcp4.NTPServer, 3)
	servers = o.AppendAddrs(servers, dhcp4.Router, 1)
	routes, classless := o.AppendClasslessRoutes(r.routes[:0], len(r.routes))
	for _, value := range o.All {
		r.found += len(value)
	}
	return ok && found && classless && len(servers) == 4 && len(routes) == 2 &&
		len(o.Bytes(dhcp4.ClientIdentifier)) == 7 && !o.Text(dhcp4.DomainName).IsZero()
}

func usualFrame() []byte {
	return dhcp4.AppendFrame(nil, serverMAC, clientMAC, netip.AddrPortFrom(serverAddr, 67), netip.AddrPortFrom(clientAddr, 68), usualACK())
}

func TestReadingAnACKAllocatesNothing(t *testing.T) {
	rfc.Shows(t, "P-OP-06", "H-PARSE-02")
	frame := usualFrame()
	var r reader
	if n := testing.AllocsPerRun(100, func() {
		if !r.read(frame) {
			t.Fatal("the usual ACK was not read")
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func TestRefusingAFrameAllocatesNothing(t *testing.T) {
	rfc.Shows(t, "P-OP-06")
	frame := usualFrame()
	var m dhcp4.Message
	for name, b := range map[string][]byte{"short": frame[:100], "cut payload": frame[:len(frame)-1], "changed": set(60, 1)(frame)} {
		if n := testing.AllocsPerRun(100, func() {
			if d, r := dhcp4.ParseFrame(b, false); r == dhcp4.Accepted {
				m.Decode(d.Payload)
				t.Fatal("accepted")
			}
			if m.Decode(b) == dhcp4.Accepted {
				t.Fatal("accepted")
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}

func TestWritingAMessageAllocatesNothing(t *testing.T) {
	id := talkative()
	payload, frame := make([]byte, 0, 600), make([]byte, 0, 700)
	for _, k := range kinds {
		out := full(k.kind)
		if n := testing.AllocsPerRun(100, func() {
			b, err := out.Append(payload, id)
			if err != nil {
				t.Fatal(err)
			}
			dhcp4.AppendFrame(frame, clientMAC, dhcp4.Broadcast, netip.AddrPortFrom(clientAddr, 68), netip.AddrPortFrom(serverAddr, 67), b)
		}); n != 0 {
			t.Errorf("%s: %v allocations, want none", k.name, n)
		}
	}
}

func BenchmarkReadACK(b *testing.B) {
	frame := usualFrame()
	var r reader
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		r.read(frame)
	}
}

func BenchmarkDecode(b *testing.B) {
	payload := usualACK()
	var m dhcp4.Message
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		m.Decode(payload)
	}
}

func BenchmarkDecodeDenseOptions(b *testing.B) {
	payload := reply(ack)
	for i := len(payload); i+1 < dhcp4.MaxMessage; i += 2 {
		payload = append(payload, byte(1+i%254), 0)
	}
	var m dhcp4.Message
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		m.Decode(payload)
	}
}

func BenchmarkParseFrame(b *testing.B) {
	frame := usualFrame()
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	for b.Loop() {
		dhcp4.ParseFrame(frame, false)
	}
}

func BenchmarkWriteREQUEST(b *testing.B) {
	id, out := talkative(), full(dhcp4.KindSelecting)
	payload, frame := make([]byte, 0, 600), make([]byte, 0, 700)
	src, dst := netip.AddrPortFrom(clientAddr, 68), netip.AddrPortFrom(serverAddr, 67)
	b.ReportAllocs()
	for b.Loop() {
		p, err := out.Append(payload, id)
		if err != nil {
			b.Fatal(err)
		}
		dhcp4.AppendFrame(frame, clientMAC, dhcp4.Broadcast, src, dst, p)
	}
}

// A message says nothing of the one that was decoded into the same memory before.
func TestNothingStaysOfTheMessageBefore(t *testing.T) {
	dense := reply(ack)
	for i := len(dense); i+3 < dhcp4.MaxMessage; i += 3 {
		if code := byte(1 + i%254); code != byte(dhcp4.Overload) {
			dense = append(dense, code, 1, 7)
		}
	}
	named := reply(ack)
	copy(named[44:], "server")
	copy(named[108:], "file")
	cookieless := usualACK()
	cookieless[236] ^= 1
	payloads := map[string][]byte{
		"without the cookie":        cookieless,
		"with options for a file":   overloaded(option(dhcp4.Overload, 1), nil, append(option(dhcp4.HostName, 'a'), end...), nil),
		"with options for a server": overloaded(option(dhcp4.Overload, 2), nil, nil, append(option(dhcp4.HostName, 'a'), end...)),
		"bare":                      reply(ack), "usual": usualACK(), "dense": dense, "with a server and a file": named,
		"cut off": usualACK()[:100], "split": reply(ack, option(dhcp4.HostName, 'a'), option(dhcp4.DNSServer, 192, 0, 2, 1), option(dhcp4.HostName, 'b')),
	}
	for before, first := range payloads {
		for now, second := range payloads {
			var used, fresh dhcp4.Message
			used.Decode(first)
			if got, want := used.Decode(second), fresh.Decode(second); got != want {
				t.Errorf("%s after %s: %v, want %v", now, before, got, want)
			}
			for c := range dhcp4.Code(255) {
				if used.Options.Has(c) != fresh.Options.Has(c) || string(used.Options.Bytes(c)) != string(fresh.Options.Bytes(c)) {
					t.Errorf("%s after %s: option %d is %x, want %x", now, before, c, used.Options.Bytes(c), fresh.Options.Bytes(c))
				}
			}
			if got, want := used.ServerName().String(), fresh.ServerName().String(); got != want {
				t.Errorf("%s after %s: server %q, want %q", now, before, got, want)
			}
			if got, want := used.BootFile().String(), fresh.BootFile().String(); got != want {
				t.Errorf("%s after %s: file %q, want %q", now, before, got, want)
			}
		}
	}
}
