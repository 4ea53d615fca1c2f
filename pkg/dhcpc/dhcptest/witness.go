package dhcptest

import (
	"fmt"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// Witness reads the frames of a real Ethernet and holds what clients say there
// against RFC 2131, as a [LAN] does on a virtual one. The zero value is ready
// for use; it is not safe for concurrent use.
type Witness struct {
	clients map[dhcp4.HardwareAddr]*Link
}

// See takes in a frame and when it was seen. It returns the message in it if it
// is one from a client, and an error if that is not as it should be. Any other
// traffic is nobody's business.
func (w *Witness) See(now time.Duration, f Frame) (*Message, error) {
	d, err := parseDatagram(f.Data, f.Partial)
	switch {
	case err != nil:
		return nil, nil
	case d.src.Port() == serverPort && d.dst.Port() == clientPort && len(d.payload) >= 240:
		w.client(dhcp4.HardwareAddr(d.payload[28:])).conversation.hear(d.payload)
		return nil, nil
	case d.dst.Port() != serverPort:
		return nil, nil
	}
	link := w.client(d.hwSrc)
	m := &Message{
		Time: now, Link: link, Raw: d.dst.Addr() == limitedBroadcast,
		HWDst: d.hwDst, Src: d.src, Dst: d.dst, Payload: d.payload,
	}
	if err := m.decode(); err != nil {
		return nil, fmt.Errorf("%s: %w", link.name, err)
	}
	if err := m.check(); err != nil {
		return m, err
	}
	return m, link.conversation.say(m)
}

func (w *Witness) client(hw dhcp4.HardwareAddr) *Link {
	if w.clients == nil {
		w.clients = map[dhcp4.HardwareAddr]*Link{}
	}
	l := w.clients[hw]
	if l == nil {
		l = &Link{name: fmt.Sprintf("%x", hw[:]), hw: hw, conversation: newConversation()}
		w.clients[hw] = l
	}
	return l
}
