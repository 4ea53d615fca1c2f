package boot

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/dhclient-lws/dhclient-lws/images/vm"
)

// MaxNICs is how many NICs a Machine may have.
const MaxNICs = 24

// NIC is a network card and the network that it is plugged into: a /24 of its
// own whose DHCP server hands out itself as router and the address after it as
// DNS server.
type NIC struct {
	MAC    string
	Net    netip.Prefix
	Silent bool   // carrier, but no server and nobody else
	Netdev string // what stands for the network, as QEMU has it but without an id; "" is QEMU's own
}

// NICs returns n cards on n networks, 10.77.0.0/24 and those that follow it.
func NICs(n int) []NIC {
	nics := make([]NIC, n)
	for i := range nics {
		nics[i] = NIC{
			MAC: vm.MAC(i),
			Net: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 77, byte(i), 0}), 24),
		}
	}
	return nics
}

// Router is the address that the network's DHCP server hands out as router.
func (n NIC) Router() netip.Addr { return n.Net.Addr().Next().Next() }

// DNS is the address that the network's DHCP server hands out as name server.
func (n NIC) DNS() netip.Addr { return n.Router().Next() }

// args plugs the card into the i-th slot of a QEMU machine.
func (n NIC) args(i int) []string {
	// Not restrict=on: then the server hands out neither router nor DNS server.
	backend := fmt.Sprintf("user,id=n%d,net=%v,ipv6=off", i, n.Net)
	if n.Silent {
		backend = fmt.Sprintf("hubport,id=n%d,hubid=%d", i, i)
	}
	if kind, rest, ok := strings.Cut(n.Netdev, ","); ok {
		backend = fmt.Sprintf("%s,id=n%d,%s", kind, i, rest)
	}
	return append([]string{"-netdev", backend}, vm.NIC(i, n.MAC)...)
}
