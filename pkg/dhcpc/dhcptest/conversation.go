package dhcptest

import (
	"bytes"
	"errors"
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// conversation is what a link has said and heard, as far as its next message
// must fit it.
type conversation struct {
	first      map[uint32]opening // of the latest exchanges, by xid
	order      []uint32           // of these
	last       *Message
	offers     map[offer]bool
	parameters []byte // option 55 of the first message that had one
	clientID   []byte // option 61 likewise
	recent     []time.Duration
}

func newConversation() conversation {
	return conversation{first: map[uint32]opening{}, offers: map[offer]bool{}}
}

// opening is what counts of the first message of an exchange.
type opening struct {
	time time.Duration
	secs uint16
}

// offer is what a REQUEST in SELECTING may name.
type offer struct {
	xid          uint32
	addr, server netip.Addr
}

// A link may not send more than burst messages in any one second, whatever a
// server makes of it.
const burst = 8

// say holds a message against those before it.
func (c *conversation) say(m *Message) error {
	var errs []error
	must := m.objections(&errs)
	c.checkSame(m, must)
	switch first, old := c.first[m.Xid]; {
	case !old:
		must(m.Kind != dhcp4.KindSelecting, "R2131-T5-05", "has not the xid of a DISCOVER (RFC 2131 table 5)")
		c.open(m)
		clear(c.offers) // of exchanges that are over
	case m.Kind == dhcp4.KindSelecting && c.last.Kind == dhcp4.KindDiscover:
		must(m.Xid == c.last.Xid, "R2131-T5-05", "has not the xid of the latest DISCOVER (RFC 2131 table 5)")
		must(m.Secs == c.last.Secs, "R2131-3.1-02", "secs of its DISCOVER was %d (RFC 2131 section 3.1)", c.last.Secs)
		o := offer{m.Xid, m.Addr(dhcp4.RequestedAddress), m.Addr(dhcp4.ServerIdentifier)}
		must(c.offers[o], "R2131-T5-13", "nobody offered %v by %v", o.addr, o.server)
	default:
		c.checkRepetition(m, first, must)
	}
	c.last = m

	for len(c.recent) > 0 && m.Time-c.recent[0] >= time.Second {
		c.recent = c.recent[1:]
	}
	c.recent = append(c.recent, m.Time)
	must(len(c.recent) <= burst, "H-RATE-01", "message %d within a second", len(c.recent))
	return errors.Join(errs...)
}

// open begins an exchange. Older ones are forgotten: in months an xid comes again
// by chance.
func (c *conversation) open(m *Message) {
	const kept = 8
	c.first[m.Xid] = opening{m.Time, m.Secs}
	if c.order = append(c.order, m.Xid); len(c.order) > kept {
		delete(c.first, c.order[0])
		c.order = c.order[1:]
	}
}

// checkSame is what must not change from message to message.
func (c *conversation) checkSame(m *Message, must must) {
	if c.last == nil {
		c.clientID = m.Option(dhcp4.ClientIdentifier)
	}
	must(bytes.Equal(c.clientID, m.Option(dhcp4.ClientIdentifier)), "R2131-2-07", "option 61 changed (RFC 2131 section 2)")
	if m.Kind == dhcp4.KindDecline || m.Kind == dhcp4.KindRelease {
		return
	}
	if c.parameters == nil {
		c.parameters = m.Option(dhcp4.ParameterRequestList)
	}
	must(bytes.Equal(c.parameters, m.Option(dhcp4.ParameterRequestList)), "R2131-3.5-02", "option 55 changed (RFC 2131 section 3.5)")
}

// checkRepetition is for a message that repeats another of its exchange: only
// secs may differ, and that must be true.
func (c *conversation) checkRepetition(m *Message, first opening, must must) {
	must(c.last.Xid == m.Xid, "R2131-4.4.1-03", "goes back to an older xid")
	if m.Kind != c.last.Kind {
		must(false, "R2131-4.4.1-03", "has the xid of the %s before it (RFC 2131 section 4.4.1)", kindNames[c.last.Kind])
		return
	}
	must(bytes.Equal(m.Payload[:8], c.last.Payload[:8]) && bytes.Equal(m.Payload[10:], c.last.Payload[10:]), "P-RT-22",
		"repeats its message with changes beside secs")
	if m.Kind == dhcp4.KindSelecting {
		must(m.Secs == c.last.Secs, "R2131-3.1-02", "secs changed from %d (RFC 2131 section 3.1)", c.last.Secs)
		return
	}
	want := min(int64(first.secs)+int64((m.Time-first.time)/time.Second), 0xffff)
	must(int64(m.Secs) >= want-1 && int64(m.Secs) <= want+1, "R1542-3.2-01", "secs is %d, %d have passed", m.Secs, want)
}

// hear notes the offers among the replies that reach the link.
func (c *conversation) hear(payload []byte) {
	if len(payload) < 240 {
		return
	}
	options, _, err := readOptions(payload[240:])
	if err != nil {
		return
	}
	m := Message{Payload: payload, Options: options}
	if t := m.Option(dhcp4.DHCPMessageType); len(t) == 1 && dhcp4.MessageType(t[0]) == dhcp4.Offer {
		xid := uint32(payload[4])<<24 | uint32(payload[5])<<16 | uint32(payload[6])<<8 | uint32(payload[7])
		c.offers[offer{xid, addrOf(payload[16:20]), m.Addr(dhcp4.ServerIdentifier)}] = true
	}
}
