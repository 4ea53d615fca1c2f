package dhcptest

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

var (
	client = net.IP{192, 0, 2, 50}
	server = net.IP{192, 0, 2, 1}
	hw     = net.HardwareAddr{2, 0, 0, 0, 0, 1}
)

// build makes a right client message with another implementation.
func build(t *testing.T, k dhcp4.Kind, more ...dhcpv4.Modifier) *Message {
	t.Helper()
	types := map[dhcp4.Kind]dhcpv4.MessageType{
		dhcp4.KindDiscover: dhcpv4.MessageTypeDiscover, dhcp4.KindDecline: dhcpv4.MessageTypeDecline,
		dhcp4.KindRelease: dhcpv4.MessageTypeRelease,
	}
	typ, ok := types[k]
	if !ok {
		typ = dhcpv4.MessageTypeRequest
	}
	with := []dhcpv4.Modifier{dhcpv4.WithMessageType(typ), dhcpv4.WithHwAddr(hw)}
	option := func(c uint8, v []byte) dhcpv4.Modifier {
		return dhcpv4.WithGeneric(dhcpv4.GenericOptionCode(c), v)
	}
	d := datagram{src: netip.MustParseAddrPort("0.0.0.0:68"), dst: netip.MustParseAddrPort("255.255.255.255:67")}
	held := netip.MustParseAddrPort("192.0.2.50:68")
	unicast := netip.MustParseAddrPort("192.0.2.1:67")
	switch k {
	case dhcp4.KindSelecting, dhcp4.KindDecline:
		with = append(with, option(50, client), option(54, server))
	case dhcp4.KindInitReboot:
		with = append(with, option(50, client))
	case dhcp4.KindRenewing:
		with, d.src, d.dst = append(with, dhcpv4.WithClientIP(client)), held, unicast
	case dhcp4.KindRebinding:
		with, d.src = append(with, dhcpv4.WithClientIP(client)), held
	case dhcp4.KindRelease:
		with, d.src, d.dst = append(with, dhcpv4.WithClientIP(client), option(54, server)), held, unicast
	}
	p, err := dhcpv4.New(append(with, more...)...)
	if err != nil {
		t.Fatal(err)
	}
	// The library sorts options by code; 53 comes first in what we send.
	b := p.ToBytes()
	list, _, err := readOptions(b[240:])
	if err != nil {
		t.Fatal(err)
	}
	b = append(b[:240:240], 53, 1, byte(typ))
	for _, o := range list {
		if o.Code != dhcp4.DHCPMessageType {
			b = append(append(b, byte(o.Code), byte(len(o.Data))), o.Data...)
		}
	}
	b = append(b, 255)
	for len(b) < 300 {
		b = append(b, 0)
	}
	return &Message{
		Link: &Link{name: "eth0", hw: dhcp4.HardwareAddr(hw)}, Raw: true, HWDst: dhcp4.Broadcast,
		Src: d.src, Dst: d.dst, Payload: b,
	}
}

var kinds = []dhcp4.Kind{
	dhcp4.KindDiscover, dhcp4.KindSelecting, dhcp4.KindInitReboot, dhcp4.KindRenewing,
	dhcp4.KindRebinding, dhcp4.KindDecline, dhcp4.KindRelease,
}

func judge(m *Message) error {
	m.Raw = m.Dst.Addr() == limitedBroadcast
	if err := m.decode(); err != nil {
		return err
	}
	return m.check()
}

func TestRightMessagesAreReadAsWhatTheyAre(t *testing.T) {
	for _, k := range kinds {
		m := build(t, k)
		if err := judge(m); err != nil {
			t.Error(err)
		}
		if m.Kind != k {
			t.Errorf("%s is taken for %s", kindNames[k], kindNames[m.Kind])
		}
	}
}

func TestWrongMessagesAreNoticed(t *testing.T) {
	option := func(c uint8, v ...byte) dhcpv4.Modifier {
		return dhcpv4.WithGeneric(dhcpv4.GenericOptionCode(c), v)
	}
	for _, c := range []struct {
		name string
		kind dhcp4.Kind
		with dhcpv4.Modifier
		edit func(m *Message)
		want string
	}{
		{name: "ciaddr in DISCOVER", with: dhcpv4.WithClientIP(client), want: "ciaddr is 192.0.2.50"},
		{name: "server identifier in DISCOVER", with: option(54, server...), want: "option 54 must not"},
		{name: "requested address when renewing", kind: dhcp4.KindRenewing, with: option(50, client...), want: "option 50 must not"},
		{name: "requested address when rebinding", kind: dhcp4.KindRebinding, with: option(50, client...), want: "option 50 must not"},
		{name: "rapid commit in REQUEST", kind: dhcp4.KindSelecting, with: option(80), want: "option 80 must not"},
		{name: "host name in DECLINE", kind: dhcp4.KindDecline, with: option(12, 'h'), want: "option 12 must not"},
		{name: "requested address in RELEASE", kind: dhcp4.KindRelease, with: option(50, client...), want: "option 50 must not"},
		{name: "client identifier of one byte", with: option(61, 1), want: "option 61 has 1 bytes"},
		{name: "121 after 3", with: option(55, 3, 121), want: "not for 3 after it"},
		{name: "121 without 3", with: option(55, 121), want: "not for 3 after it"},
		{name: "small maximum size", with: option(57, 2, 0x3f), want: "option 57"},
		{name: "giaddr", with: dhcpv4.WithGatewayIP(server), want: "giaddr is not zero"},
		{name: "yiaddr", with: dhcpv4.WithYourIP(client), want: "yiaddr"},
		{name: "another chaddr", with: dhcpv4.WithHwAddr(net.HardwareAddr{2, 0, 0, 0, 0, 2}), want: "chaddr"},
		{name: "stray flag", edit: func(m *Message) { m.Payload[11] = 1 }, want: "flags are 0x1"},
		{name: "secs in DECLINE", kind: dhcp4.KindDecline, edit: func(m *Message) { m.Payload[9] = 1 }, want: "secs is 1"},
		{name: "hops", edit: func(m *Message) { m.Payload[3] = 1 }, want: "hops"},
		{name: "sname", edit: func(m *Message) { m.Payload[44] = 'x' }, want: "sname"},
		{name: "too short", edit: func(m *Message) { m.Payload = m.Payload[:299] }, want: "has 300"},
		{name: "after the end", edit: func(m *Message) { m.Payload[299] = 1 }, want: "follows the end"},
		{name: "unicast frame", edit: func(m *Message) { m.HWDst = dhcp4.HardwareAddr{2} }, want: "frame goes to"},
		{name: "unicast DISCOVER", edit: func(m *Message) { m.Dst = netip.MustParseAddrPort("192.0.2.1:67") }, want: "sent to 192.0.2.1"},
		{name: "wrong ports", edit: func(m *Message) { m.Src = netip.MustParseAddrPort("0.0.0.0:67") }, want: "from port 67"},
		{name: "source address before there is one", edit: func(m *Message) { m.Src = netip.MustParseAddrPort("169.254.1.1:68") }, want: "no address is held"},
		{name: "broadcast RELEASE", kind: dhcp4.KindRelease, edit: func(m *Message) { m.Dst = netip.MustParseAddrPort("255.255.255.255:67") }, want: "sent to 255.255.255.255"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var with []dhcpv4.Modifier
			if c.with != nil {
				with = append(with, c.with)
			}
			m := build(t, c.kind, with...)
			if c.edit != nil {
				c.edit(m)
			}
			if err := judge(m); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want something about %q", err, c.want)
			}
		})
	}
}
