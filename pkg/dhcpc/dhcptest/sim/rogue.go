package sim

import (
	"net/netip"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

var hostiles = dhcptest.Hostiles()

// lie is what the rogue says: its own offers and acknowledgements with something
// wrong in them; and to what others are asked, before they can answer, an ACK or a
// NAK in its own name.
func (n *network) lie(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
	if r != nil && r.Type != dhcp4.Nak {
		h := &hostiles[n.site.rand.IntN(len(hostiles))]
		if h.Of != 0 && h.Of != r.Type {
			return nil
		}
		return []dhcptest.Frame{h.Frame(n.rogue, m, r)}
	}
	asked := m.Addr(dhcp4.RequestedAddress)
	switch m.Kind {
	case dhcp4.KindSelecting:
	case dhcp4.KindRenewing, dhcp4.KindRebinding:
		asked = m.ClientAddr
	default:
		return nil
	}
	r = &dhcptest.Reply{
		Type: dhcp4.Ack, Xid: m.Xid, Flags: m.Flags, HardwareAddr: m.HardwareAddr,
		ClientAddr: m.ClientAddr, YourAddr: asked, ServerID: n.rogue.ID, Lease: 7200,
		Options: []dhcptest.Option{{Code: dhcp4.SubnetMask, Data: dhcptest.Addrs("255.255.0.0")}},
	}
	switch n.site.rand.IntN(3) {
	case 0:
		r.Type, r.YourAddr, r.ClientAddr, r.Lease = dhcp4.Nak, netip.Addr{}, netip.Addr{}, 0
	case 1:
		if m.Kind != dhcp4.KindSelecting {
			return nil // any server may extend a lease
		}
	case 2:
		r.HardwareAddr[5] ^= 1
	}
	return []dhcptest.Frame{n.rogue.Frame(m, r)}
}

// refuse lets the main server refuse what it has offered, while naks is set.
func (n *network) refuse(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
	if r == nil {
		return nil
	}
	if n.naks && r.Type == dhcp4.Ack {
		r = &dhcptest.Reply{Type: dhcp4.Nak, Xid: m.Xid, Flags: m.Flags, HardwareAddr: m.HardwareAddr, ServerID: n.main.ID}
	}
	return []dhcptest.Frame{n.main.Frame(m, r)}
}

// lose loses some of what the slow server says.
func (n *network) lose(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
	if r == nil || n.site.rand.Float64() < n.losses {
		return nil
	}
	return []dhcptest.Frame{n.slow.Frame(m, r)}
}
