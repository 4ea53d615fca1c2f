package dhcp4_test

import (
	"bytes"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/rfc1035label"
	"pgregory.net/rapid"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// Generators of what a client may say.
var (
	anyAddr = rapid.Custom(func(t *rapid.T) netip.Addr {
		b := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address")
		return netip.AddrFrom4([4]byte(b))
	})
	anyHost   = anyAddr.Filter(func(a netip.Addr) bool { return !a.IsUnspecified() })
	anyMAC    = rapid.Map(rapid.SliceOfN(rapid.Byte(), 6, 6), func(b []byte) dhcp4.HardwareAddr { return dhcp4.HardwareAddr(b) })
	anyLabel  = rapid.StringMatching(`[a-z0-9_]([a-z0-9_-]{0,20}[a-z0-9])?`)
	anyDomain = rapid.Map(rapid.SliceOfN(anyLabel, 2, 4), func(labels []string) string { return strings.Join(labels, ".") })

	anyIdentity = rapid.Custom(func(t *rapid.T) *dhcp4.Identity {
		return &dhcp4.Identity{
			HardwareAddr: anyMAC.Draw(t, "MAC"),
			ClientID:     rapid.OneOf(rapid.Just[[]byte](nil), rapid.SliceOfN(rapid.Byte(), 2, 60)).Draw(t, "client identifier"),
			HostName:     rapid.OneOf(rapid.Just(""), anyLabel, anyDomain).Draw(t, "host name"),
			VendorClass:  rapid.StringN(0, 40, 80).Draw(t, "vendor class"),
			Parameters:   dhcp4.ParameterList(rapid.SliceOfN(rapid.Map(rapid.Byte(), func(b byte) dhcp4.Code { return dhcp4.Code(b) }), 0, 20).Draw(t, "parameters")...),
			MaxSize:      rapid.Uint16Range(576, 2028).Draw(t, "maximum size"),
			Broadcast:    rapid.Bool().Draw(t, "broadcast"),
			RapidCommit:  rapid.Bool().Draw(t, "rapid commit"),
			LeaseTime:    rapid.Uint32().Draw(t, "lease time"),
		}
	})
	anyOutgoing = rapid.Custom(func(t *rapid.T) *dhcp4.Outgoing {
		return &dhcp4.Outgoing{
			Kind:     kinds[rapid.IntRange(0, len(kinds)-1).Draw(t, "kind")].kind,
			Xid:      rapid.Uint32().Draw(t, "xid"),
			Secs:     rapid.Uint16().Draw(t, "secs"),
			Addr:     anyHost.Draw(t, "address"),
			ServerID: anyHost.Draw(t, "server"),
			Reason:   rapid.StringMatching(`[ -~]{0,32}`).Draw(t, "reason"),
		}
	})
)

// bytesOr is what the oracle should find for an option that is present if and only if the value is not empty.
func bytesOr[T ~string | ~[]byte](v T) []byte {
	if len(v) == 0 {
		return nil
	}
	return []byte(v)
}

func TestAnotherDecoderReadsWhatWeWrite(t *testing.T) {
	rfc.Shows(t, "R2131-3-03", "R2132-2-02", "R2131-4.1-02", "R951-3-01", "H-PARSE-03")
	rapid.Check(t, func(t *rapid.T) {
		out, id := anyOutgoing.Draw(t, "message"), anyIdentity.Draw(t, "identity")
		b, err := out.Append(nil, id)
		if err != nil {
			t.Fatal(err)
		}
		m, err := dhcpv4.FromBytes(b)
		if err != nil {
			t.Fatalf("the oracle refuses it: %v", err)
		}
		if len(b) < 300 || len(b) > 548 {
			t.Errorf("%d bytes", len(b))
		}
		if m.OpCode != dhcpv4.OpcodeBootRequest || byte(m.MessageType()) != byte(out.Kind.Type()) ||
			[4]byte(m.TransactionID) != [4]byte(b[4:8]) || !bytes.Equal(m.ClientHWAddr, id.HardwareAddr[:]) {
			t.Errorf("header: %v", m.Summary())
		}
		quiet := out.Kind == dhcp4.KindDecline || out.Kind == dhcp4.KindRelease
		if m.IsBroadcast() != (id.Broadcast && !quiet) {
			t.Errorf("broadcast: %v", m.IsBroadcast())
		}
		if ci := m.ClientIPAddr.To4(); !ci.IsUnspecified() && !bytes.Equal(ci, out.Addr.AsSlice()) {
			t.Errorf("ciaddr: %v", ci)
		}
		if got := m.GetOneOption(dhcpv4.OptionClientIdentifier); !bytes.Equal(got, bytesOr(id.ClientID)) {
			t.Errorf("client identifier %x", got)
		}
		if m.Options.Has(dhcpv4.OptionParameterRequestList) {
			for _, code := range m.ParameterRequestList() {
				if !slices.Contains(id.Parameters, dhcp4.Code(code.Code())) {
					t.Errorf("parameter %v was not asked for", code)
				}
			}
		}
		if quiet {
			if got := m.Message(); got != out.Reason {
				t.Errorf("reason %q", got)
			}
			return
		}
		hostName, qualified := id.HostName, []byte(nil)
		if strings.Contains(hostName, ".") {
			name := rfc1035label.Labels{Labels: []string{hostName}}
			hostName, qualified = "", append([]byte{5, 0, 0}, name.ToBytes()...)
		}
		if got := m.GetOneOption(dhcpv4.OptionFQDN); m.HostName() != hostName || !bytes.Equal(got, qualified) {
			t.Errorf("of %q: host name %q, FQDN %x", id.HostName, m.HostName(), got)
		}
		if m.ClassIdentifier() != id.VendorClass {
			t.Errorf("vendor class %q", m.ClassIdentifier())
		}
		if size, err := m.MaxMessageSize(); err != nil || size != id.MaxSize {
			t.Errorf("maximum size %d, %v", size, err)
		}
		lease := time.Duration(id.LeaseTime) * time.Second
		if out.Kind == dhcp4.KindInform {
			lease = 0
		}
		if got := m.IPAddressLeaseTime(0); got != lease {
			t.Errorf("lease time %v, want %v", got, lease)
		}
	})
}

func TestWeReadWhatAnotherEncoderWrites(t *testing.T) {
	rfc.Shows(t, "R3396-7-01", "R3442-02", "R3397-2-01", "R2132-3.5-01")
	ips := func(list []netip.Addr) (out []net.IP) {
		for _, a := range list {
			out = append(out, a.AsSlice())
		}
		return out
	}
	anyRoute := rapid.Custom(func(t *rapid.T) dhcp4.Route {
		return dhcp4.Route{
			Dst:     netip.PrefixFrom(anyAddr.Draw(t, "destination"), rapid.IntRange(0, 32).Draw(t, "width")).Masked(),
			Gateway: anyHost.Draw(t, "gateway"),
		}
	})
	anyDomain := rapid.StringMatching(`[a-z]{1,10}(\.[a-z]{1,10}){0,3}`)
	rapid.Check(t, func(t *rapid.T) {
		yiaddr, server := anyAddr.Draw(t, "yiaddr"), anyHost.Draw(t, "server")
		mac := anyMAC.Draw(t, "MAC")
		// More than 63 do not fit into one option and are sent in pieces.
		dns := rapid.SliceOfN(anyAddr, 64, 80).Draw(t, "DNS servers")
		want := rapid.SliceOfN(anyRoute, 1, 40).Draw(t, "routes")
		domains := rapid.SliceOfN(anyDomain, 1, 12).Draw(t, "domains")
		lease := rapid.Uint32().Draw(t, "lease time")
		domain, file := anyDomain.Draw(t, "domain"), anyLabel.Draw(t, "file")
		var classless []*dhcpv4.Route
		for _, r := range want {
			classless = append(classless, &dhcpv4.Route{
				Dest:   &net.IPNet{IP: r.Dst.Addr().AsSlice(), Mask: net.CIDRMask(r.Dst.Bits(), 32)},
				Router: r.Gateway.AsSlice(),
			})
		}
		o, err := dhcpv4.New(
			dhcpv4.WithMessageType(dhcpv4.MessageTypeAck),
			dhcpv4.WithYourIP(yiaddr.AsSlice()),
			dhcpv4.WithHwAddr(mac[:]),
			dhcpv4.WithServerIP(net.IP{192, 0, 2, 9}),
			dhcpv4.WithOption(dhcpv4.OptServerIdentifier(server.AsSlice())),
			dhcpv4.WithOption(dhcpv4.OptIPAddressLeaseTime(time.Duration(lease)*time.Second)),
			dhcpv4.WithOption(dhcpv4.OptDNS(ips(dns)...)),
			dhcpv4.WithOption(dhcpv4.OptDomainName(domain)),
			dhcpv4.WithOption(dhcpv4.OptClasslessStaticRoute(classless...)),
			dhcpv4.WithOption(dhcpv4.OptDomainSearch(&rfc1035label.Labels{Labels: domains})),
		)
		if err != nil {
			t.Fatal(err)
		}
		o.OpCode = dhcpv4.OpcodeBootReply
		o.BootFileName = file
		var m dhcp4.Message
		if r := m.Decode(o.ToBytes()); r != dhcp4.Accepted {
			t.Fatalf("refused: %v", r)
		}
		if m.Type != dhcp4.Ack || m.YourAddr != yiaddr || m.HardwareAddr != mac || m.NextServer != netip.MustParseAddr("192.0.2.9") {
			t.Errorf("type %v, yiaddr %v, chaddr %v, siaddr %v", m.Type, m.YourAddr, m.HardwareAddr, m.NextServer)
		}
		if got, ok := m.Options.Addr(dhcp4.ServerIdentifier); !ok || got != server {
			t.Errorf("server %v, want %v", got, server)
		}
		if got, ok := m.Options.Uint32(dhcp4.LeaseTime); !ok || got != lease {
			t.Errorf("lease time %d, want %d", got, lease)
		}
		if got := m.Options.AppendAddrs(nil, dhcp4.DNSServer, 100); !slices.Equal(got, dns) {
			t.Errorf("servers %v, want %v", got, dns)
		}
		if got, ok := m.Options.AppendClasslessRoutes(nil, 100); !ok || !slices.Equal(got, want) {
			t.Errorf("routes %v, want %v", got, want)
		}
		if got := m.Options.AppendDomainSearch(nil, 100); !slices.Equal(got, domains) {
			t.Errorf("search list %q, want %q", got, domains)
		}
		if got, ok := m.Options.Text(dhcp4.DomainName).Domain(); !ok || got != domain {
			t.Errorf("domain %q, want %q", got, domain)
		}
		if got, ok := m.BootFile().Printable(); !ok || got != file {
			t.Errorf("file %q, want %q", got, file)
		}
	})
}

func TestAnotherParserReadsOurFrames(t *testing.T) {
	rfc.Shows(t, "R791-01", "R1122-4.1.3.4")
	rapid.Check(t, func(t *rapid.T) {
		hwSrc, hwDst := anyMAC.Draw(t, "source MAC"), anyMAC.Draw(t, "destination MAC")
		src := netip.AddrPortFrom(anyAddr.Draw(t, "source"), 68)
		dst := netip.AddrPortFrom(anyAddr.Draw(t, "destination"), 67)
		payload := rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(t, "payload")
		frame := dhcp4.AppendFrame(nil, hwSrc, hwDst, src, dst, payload)

		p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
		ether, _ := p.Layer(layers.LayerTypeEthernet).(*layers.Ethernet)
		ip, _ := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
		udp, _ := p.Layer(layers.LayerTypeUDP).(*layers.UDP)
		if ether == nil || ip == nil || udp == nil {
			t.Fatalf("the oracle sees %v", p)
		}
		if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
			t.Fatal(err)
		}
		if err, bad := p.VerifyChecksums(); err != nil || len(bad) > 0 {
			t.Errorf("checksums: %v, %v", err, bad)
		}
		if udp.Checksum == 0 {
			t.Error("UDP checksum is 0")
		}
		if !bytes.Equal(ether.SrcMAC, hwSrc[:]) || !bytes.Equal(ether.DstMAC, hwDst[:]) ||
			!bytes.Equal(ip.SrcIP, src.Addr().AsSlice()) || !bytes.Equal(ip.DstIP, dst.Addr().AsSlice()) ||
			udp.SrcPort != 68 || udp.DstPort != 67 || ip.TTL < 1 || int(ip.Length) != len(frame)-14 {
			t.Errorf("the oracle sees %v", p)
		}
		if !bytes.Equal(udp.Payload, payload) {
			t.Errorf("payload %x, want %x", udp.Payload, payload)
		}
	})
}

func TestWeParseAnotherEncodersFrames(t *testing.T) {
	rfc.Shows(t, "P-RV-07", "P-RV-09")
	rapid.Check(t, func(t *rapid.T) {
		hwSrc, hwDst := anyMAC.Draw(t, "source MAC"), anyMAC.Draw(t, "destination MAC")
		src, dst := anyAddr.Draw(t, "source"), anyAddr.Draw(t, "destination")
		port := rapid.Uint16().Draw(t, "source port")
		payload := rapid.SliceOfN(rapid.Byte(), 0, 600).Draw(t, "payload")
		ip := &layers.IPv4{
			Version: 4, TTL: rapid.Byte().Draw(t, "TTL"), TOS: rapid.Byte().Draw(t, "TOS"), Id: rapid.Uint16().Draw(t, "ID"),
			Protocol: layers.IPProtocolUDP, SrcIP: src.AsSlice(), DstIP: dst.AsSlice(),
		}
		if rapid.Bool().Draw(t, "router alert") {
			ip.Options = []layers.IPv4Option{{OptionType: 148, OptionLength: 4, OptionData: []byte{0, 0}}}
		}
		udp := &layers.UDP{SrcPort: layers.UDPPort(port), DstPort: 68}
		if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
			t.Fatal(err)
		}
		buf := gopacket.NewSerializeBuffer()
		err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
			&layers.Ethernet{SrcMAC: hwSrc[:], DstMAC: hwDst[:], EthernetType: layers.EthernetTypeIPv4}, ip, udp, gopacket.Payload(payload))
		if err != nil {
			t.Fatal(err)
		}
		d, r := dhcp4.ParseFrame(buf.Bytes(), false)
		if r != dhcp4.Accepted {
			t.Fatalf("refused: %v", r)
		}
		want := dhcp4.Datagram{Src: netip.AddrPortFrom(src, port), Dst: netip.AddrPortFrom(dst, 68), HWSrc: hwSrc, HWDst: hwDst, Payload: payload}
		if d.Src != want.Src || d.Dst != want.Dst || d.HWSrc != want.HWSrc || d.HWDst != want.HWDst || !bytes.Equal(d.Payload, want.Payload) {
			t.Errorf("-want +got:\n%s", cmp.Diff(want, d, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })))
		}
	})
}
