package sim

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// terms is what a lease brings beside its address, as far as it changes here.
type terms struct {
	router netip.Addr // of the default route
	beyond bool       // there is a route to the network beyond
	mtu    int
}

func (t terms) String() string {
	return fmt.Sprintf("router %v, MTU %d, route beyond %v", t.router, t.mtu, t.beyond)
}

var beyond = netip.MustParsePrefix("172.16.0.0/12")

// termsOf reads a reply. Classless routes silence the router (RFC 3442).
func termsOf(r *dhcptest.Reply) (t terms) {
	t.router, _ = netip.AddrFromSlice(r.Option(dhcp4.Router))
	if b := r.Option(dhcp4.ClasslessRoute); b != nil {
		t.router, _ = netip.AddrFromSlice(b[len(b)-4:])
		t.beyond = true
	}
	if b := r.Option(dhcp4.InterfaceMTU); b != nil {
		t.mtu = int(binary.BigEndian.Uint16(b))
	}
	return t
}

// termsIn is what a kernel has of them.
func termsIn(c ifup.Config) terms {
	t := terms{mtu: c.MTU}
	for _, r := range c.Routes {
		switch {
		case r.Dst.Bits() == 0:
			t.router = r.Gateway
		case r.Dst == beyond:
			t.beyond = true
		}
	}
	return t
}

// change lets the main server have another router, and say other things: those who
// renew are to have them.
func (n *network) change() {
	s, net := n.site, n.main.ID.As4()[1]
	n.main.Router = netip.AddrFrom4([4]byte{10, net, 0, byte(250 + s.rand.IntN(4))})
	n.main.Options = nil
	if s.coin() {
		n.main.Options = append(n.main.Options, dhcptest.Option{Code: dhcp4.InterfaceMTU, Data: []byte{5, byte(s.rand.IntN(200))}})
	}
	if s.coin() {
		router := n.main.Router.As4()
		value := append([]byte{12, 172, 16}, router[:]...)
		value = append(append(value, 0), router[:]...)
		n.main.Options = append(n.main.Options, dhcptest.Option{Code: dhcp4.ClasslessRoute, Data: value})
	}
}
