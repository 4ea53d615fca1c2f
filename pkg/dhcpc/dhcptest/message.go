package dhcptest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// Message is a client's message as a server reads it: decoded by plain byte
// reading, independently of package dhcp4.
type Message struct {
	Time time.Duration // when it was sent
	Link *Link         // the link it left by
	Raw  bool          // sent as a whole frame, not by the UDP socket

	HWDst    dhcp4.HardwareAddr // of the frame; zero if it left by the UDP socket
	Src, Dst netip.AddrPort
	Payload  []byte

	Kind         dhcp4.Kind
	Type         dhcp4.MessageType
	Xid          uint32
	Secs, Flags  uint16
	ClientAddr   netip.Addr         // ciaddr
	HardwareAddr dhcp4.HardwareAddr // chaddr
	Options      []Option           // in the order of the wire, without pad and end
}

// String is a short form for failure messages.
func (m *Message) String() string {
	return fmt.Sprintf("%v %s %s xid %08x secs %d", m.Time, m.Link.Name(), kindNames[m.Kind], m.Xid, m.Secs)
}

var kindNames = map[dhcp4.Kind]string{
	dhcp4.KindDiscover:   "DISCOVER",
	dhcp4.KindSelecting:  "REQUEST (selecting)",
	dhcp4.KindInitReboot: "REQUEST (init-reboot)",
	dhcp4.KindRenewing:   "REQUEST (renewing)",
	dhcp4.KindRebinding:  "REQUEST (rebinding)",
	dhcp4.KindDecline:    "DECLINE",
	dhcp4.KindRelease:    "RELEASE",
	dhcp4.KindInform:     "INFORM",
}

// Option is the value of the first option of that code, or nil.
func (m *Message) Option(c dhcp4.Code) []byte { return find(m.Options, c) }

// Has reports whether there is an option of that code.
func (m *Message) Has(c dhcp4.Code) bool { return m.Option(c) != nil }

// Addr is the value of an option of one address, or the zero Addr.
func (m *Message) Addr(c dhcp4.Code) netip.Addr { return addrOf(m.Option(c)) }

func find(options []Option, c dhcp4.Code) []byte {
	for _, o := range options {
		if o.Code == c {
			return o.Data
		}
	}
	return nil
}

func addrOf(b []byte) netip.Addr {
	a, _ := netip.AddrFromSlice(b)
	return a
}

// decode reads the payload. What it refuses is no DHCP message at all; whether
// the message is a right one is for check to say.
func (m *Message) decode() error {
	b := m.Payload
	if len(b) < 240 || string(b[236:240]) != "\x63\x82\x53\x63" {
		return errors.New("no BOOTP header with the cookie of DHCP")
	}
	m.Xid = binary.BigEndian.Uint32(b[4:])
	m.Secs = binary.BigEndian.Uint16(b[8:])
	m.Flags = binary.BigEndian.Uint16(b[10:])
	m.ClientAddr = addrOf(b[12:16])
	copy(m.HardwareAddr[:], b[28:])
	options, rest, err := readOptions(b[240:])
	if err != nil {
		return err
	}
	if rest == nil {
		return errors.New("no end option (RFC 2131 section 4.1)")
	}
	for _, c := range rest {
		if c != 0 {
			return errors.New("something follows the end option")
		}
	}
	m.Options = options
	if t := m.Option(dhcp4.DHCPMessageType); len(t) == 1 {
		m.Type = dhcp4.MessageType(t[0])
	}
	return m.classify()
}

// readOptions yields the options and what follows the end option; rest is nil
// if there is none.
func readOptions(b []byte) (options []Option, rest []byte, err error) {
	for len(b) > 0 {
		switch c := dhcp4.Code(b[0]); {
		case c == dhcp4.Pad:
			b = b[1:]
		case c == dhcp4.End:
			return options, b[1:], nil
		case len(b) < 2 || len(b) < 2+int(b[1]):
			return nil, nil, fmt.Errorf("option %d runs past the end", c)
		default:
			options = append(options, Option{c, b[2 : 2+int(b[1])]})
			b = b[2+int(b[1]):]
		}
	}
	return options, nil, nil
}

// classify tells the uses of DHCPREQUEST apart as RFC 2131 section 4.3.2 does.
func (m *Message) classify() error {
	switch m.Type {
	case dhcp4.Discover:
		m.Kind = dhcp4.KindDiscover
	case dhcp4.Decline:
		m.Kind = dhcp4.KindDecline
	case dhcp4.Release:
		m.Kind = dhcp4.KindRelease
	case dhcp4.Inform:
		m.Kind = dhcp4.KindInform
	case dhcp4.Request:
		switch {
		case m.Has(dhcp4.ServerIdentifier):
			m.Kind = dhcp4.KindSelecting
		case m.ClientAddr.IsUnspecified():
			m.Kind = dhcp4.KindInitReboot
		case m.Dst.Addr() == limitedBroadcast:
			m.Kind = dhcp4.KindRebinding
		default:
			m.Kind = dhcp4.KindRenewing
		}
	default:
		return fmt.Errorf("no client sends message type %d", m.Type)
	}
	return nil
}

var (
	unspecified      = netip.AddrFrom4([4]byte{})
	limitedBroadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})
)
