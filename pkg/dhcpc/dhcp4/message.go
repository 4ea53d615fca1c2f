package dhcp4

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// MaxMessage is the largest message that Decode reads, in bytes. It is more
// than fits into an Ethernet frame of usual size, and than we ever invite a
// server to send (option 57).
const MaxMessage = 2000

// Message is a decoded server message. It owns its bytes: nothing in it refers
// to the buffer that was decoded, and everything in it is overwritten by the
// next Decode. The zero value is ready for use.
type Message struct {
	Type         MessageType // option 53
	HType, HLen  uint8
	Xid          uint32
	Secs, Flags  uint16
	ClientAddr   netip.Addr   // ciaddr
	YourAddr     netip.Addr   // yiaddr
	NextServer   netip.Addr   // siaddr; the next boot stage, not the DHCP server
	RelayAddr    netip.Addr   // giaddr
	HardwareAddr HardwareAddr // first six bytes of chaddr
	Options      Options

	sname [atFile - atSName]byte // zero if it carried options
	file  [atCookie - atFile]byte
}

// Decode reads the payload of one UDP datagram. On refusal the Message holds
// nothing of use, except the header fields when they could be read.
func (m *Message) Decode(payload []byte) Refusal {
	m.Type, m.sname, m.file = 0, [atFile - atSName]byte{}, [atCookie - atFile]byte{}
	m.Options.seen = [256]bool{} // what is not seen counts for nothing, and need not be cleared
	if len(payload) < atOptions {
		*m = Message{}
		return ShortMessage
	}
	m.HType, m.HLen = payload[atHType], payload[atHLen]
	m.Xid = binary.BigEndian.Uint32(payload[atXid:])
	m.Secs = binary.BigEndian.Uint16(payload[atSecs:])
	m.Flags = binary.BigEndian.Uint16(payload[atFlags:])
	m.ClientAddr = addr4(payload[atCIAddr:])
	m.YourAddr = addr4(payload[atYIAddr:])
	m.NextServer = addr4(payload[atSIAddr:])
	m.RelayAddr = addr4(payload[atGIAddr:])
	m.HardwareAddr = HardwareAddr(payload[atCHAddr:])
	switch {
	case len(payload) > MaxMessage:
		return LongMessage
	case payload[atOp] != bootReply:
		return NotReply
	case binary.BigEndian.Uint32(payload[atCookie:]) != cookie:
		return BadCookie
	case !m.readOptions(payload):
		return BadOption
	}
	t := m.Options.Bytes(DHCPMessageType)
	if len(t) != 1 {
		return NoMessageType
	}
	m.Type = MessageType(t[0])
	return Accepted
}

// Addressee is the hardware address in a payload, without a look at anything
// else in it; ok is false if the payload is too short to be a message.
func Addressee(payload []byte) (hw HardwareAddr, ok bool) {
	if len(payload) < atOptions {
		return hw, false
	}
	return HardwareAddr(payload[atCHAddr:]), true
}

// readOptions finds the fields that carry options and keeps the others as text.
func (m *Message) readOptions(payload []byte) bool {
	if m.Options.readPlain(payload[atOptions:]) {
		copy(m.sname[:], payload[atSName:])
		copy(m.file[:], payload[atFile:])
		return true
	}
	m.Options = Options{}
	// The order of interpretation, which is not that on the wire (RFC 2131 section 4.1).
	fields := [...][]byte{payload[atOptions:], payload[atFile:atCookie], payload[atSName:atFile]}
	overloaded := overload(fields[0])
	if !overloaded.file {
		copy(m.file[:], fields[1])
		fields[1] = nil
	}
	if !overloaded.sname {
		copy(m.sname[:], fields[2])
		fields[2] = nil
	}
	return m.Options.read(&fields)
}

// ServerName is sname, or option 66 when sname carries options or is empty
// (RFC 2132 section 9.4). It is valid until the next Decode.
func (m *Message) ServerName() Text { return m.text(m.sname[:], TFTPServerName) }

// BootFile is file, or option 67 when file carries options or is empty
// (RFC 2132 section 9.5). It is valid until the next Decode.
func (m *Message) BootFile() Text { return m.text(m.file[:], BootFileName) }

func (m *Message) text(field []byte, instead Code) Text {
	field, _, _ = bytes.Cut(field, []byte{0})
	if len(field) == 0 {
		return m.Options.Text(instead)
	}
	return Text{field}
}
