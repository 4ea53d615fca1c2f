// Package rig is the network that clients are measured in: n cables from the client's
// namespace to the ports of a bridge in the server's. Ports do not see each other, so
// that each cable leads to the server and nowhere else.
package rig

import (
	"fmt"
	"net"
	"net/netip"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// Rig is such a network. Its links are eth0, eth1 and so on, in the order of their
// indexes.
type Rig struct {
	Client, Server *netns.NS
	N              int
	index          []int       // of the client's links
	place          map[int]int // of the link with that index
	ports          []int       // indexes of the bridge's
}

// What every lease says.
var (
	Router = netip.MustParseAddr("10.77.0.1") // the server, on the bridge
	DNS    = netip.MustParseAddr("10.77.0.53")
	prefix = netip.MustParsePrefix("10.77.0.0/16")
	first  = netip.MustParseAddr("10.77.1.0")
)

// Seconds that a lease lasts.
const Seconds = 3600

const bridge = "br0"

// Addr is the address that the server has for the i-th link, and for nobody else.
func Addr(i int) netip.Addr {
	a := first.As4()
	at := int(a[2])<<8 + int(a[3]) + i
	return netip.AddrFrom4([4]byte{a[0], a[1], byte(at >> 8), byte(at)})
}

// MAC is the hardware address of the i-th link.
func MAC(i int) net.HardwareAddr { return net.HardwareAddr{2, 0x77, 0, 0, byte(i >> 8), byte(i)} }

// Name is the name of the i-th link.
func Name(i int) string { return fmt.Sprintf("eth%d", i) }

// New makes a rig of n links, which are down. It lives as long as the test.
func New(t testing.TB, n int) *Rig {
	t.Helper()
	r := &Rig{Client: netns.New(t), Server: netns.New(t), N: n, place: map[int]int{}}
	// Something else is plugged in already: the bridge has carrier before the client has.
	// And no port has the index of its link's in the other namespace, which the kernel
	// would take for a link that leads to itself, and announce its carrier a second late.
	netns.Veth(t, r.Server, "desk", r.Server, "wall")
	r.Server.Up(t, "desk")
	var ports []string
	for i := range n {
		attrs := netlink.NewLinkAttrs()
		attrs.Name, attrs.HardwareAddr = Name(i), MAC(i)
		cable := &netlink.Veth{LinkAttrs: attrs, PeerName: fmt.Sprintf("port%d", i), PeerNamespace: netlink.NsFd(r.Server.FD())}
		if err := r.Client.LinkAdd(cable); err != nil {
			t.Fatalf("%s: %v", Name(i), err)
		}
		ports = append(ports, cable.PeerName)
	}
	r.Server.Bridge(t, bridge, append(ports, "wall")...)
	r.Server.Address(t, bridge, netip.PrefixFrom(Router, prefix.Bits()).String())
	for i := range n {
		index := r.Client.Link(t, Name(i)).Attrs().Index
		r.index = append(r.index, index)
		r.place[index] = i
		r.ports = append(r.ports, r.Server.Link(t, ports[i]).Attrs().Index)
	}
	return r
}

// byIndex is a link of which nothing is to be asked but what its index says.
func byIndex(index int) netlink.Link {
	return &netlink.GenericLink{LinkAttrs: netlink.LinkAttrs{Index: index}}
}
