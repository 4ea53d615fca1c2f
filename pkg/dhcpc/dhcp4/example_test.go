package dhcp4_test

import (
	"fmt"
	"net/netip"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// A frame from a packet socket becomes values.
func Example_receive() {
	frame := usualFrame()

	var m dhcp4.Message // one serves for all frames
	d, refusal := dhcp4.ParseFrame(frame, false)
	if refusal == dhcp4.Accepted {
		refusal = m.Decode(d.Payload)
	}
	if refusal != dhcp4.Accepted {
		fmt.Println("refused:", refusal)
		return
	}
	seconds, _ := m.Options.Uint32(dhcp4.LeaseTime)
	routers := m.Options.AppendAddrs(nil, dhcp4.Router, 1)
	domain, _ := m.Options.Text(dhcp4.DomainName).Domain()
	fmt.Println(m.Type, "from", d.Src, "for", m.HardwareAddr)
	fmt.Println(m.YourAddr, "for", seconds, "seconds by way of", routers, "in", domain)
	// Output:
	// ACK from 192.0.2.1:67 for 02:00:00:00:00:01
	// 192.0.2.50 for 3600 seconds by way of [192.0.2.1] in example.org
}

// A message that is due becomes a frame.
func Example_send() {
	id := dhcp4.Identity{
		HardwareAddr: dhcp4.HardwareAddr{2, 0, 0, 0, 0, 1},
		Parameters:   dhcp4.ParameterList(dhcp4.BootFileName),
		MaxSize:      1500,
	}
	out := dhcp4.Outgoing{Kind: dhcp4.KindDiscover, Xid: 0x11223344}
	payload, err := out.Append(nil, &id)
	if err != nil {
		fmt.Println(err)
		return
	}
	frame := dhcp4.AppendFrame(nil, id.HardwareAddr, dhcp4.Broadcast,
		netip.MustParseAddrPort("0.0.0.0:68"), netip.MustParseAddrPort("255.255.255.255:67"), payload)
	fmt.Println(out.Kind.Type(), len(payload), "bytes in a frame of", len(frame))
	// Output:
	// DISCOVER 300 bytes in a frame of 342
}
