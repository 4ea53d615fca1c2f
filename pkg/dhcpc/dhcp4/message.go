package dhcp4

import "net/netip"

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
}

// Decode reads the payload of one UDP datagram. On refusal the Message holds
// nothing of use, except the header fields when they could be read.
func (m *Message) Decode(payload []byte) Refusal { return ShortMessage }

// ServerName is sname, or option 66 when sname carries options (RFC 2132 section 9.4).
func (m *Message) ServerName() Text { return Text{} }

// BootFile is file, or option 67 when file carries options or is empty (RFC 2132 section 9.5).
func (m *Message) BootFile() Text { return Text{} }

// Options is the linearised option list of one message: the pieces of each
// option joined in the order options field, file, sname (RFC 3396, RFC 2131
// section 4.1). A malformed value reads as absent.
type Options struct{}

// Has reports whether the option was there at all, even empty or malformed.
func (o *Options) Has(c Code) bool { return false }

// Bytes is the joined value, valid until the next Decode; nil if absent.
func (o *Options) Bytes(c Code) []byte { return nil }

// All yields every option that was there with its joined value, in ascending
// order of code, for a debug dump. The values are valid until the next Decode.
func (o *Options) All(yield func(Code, []byte) bool) {}

// Addr reads an option of exactly one IPv4 address.
func (o *Options) Addr(c Code) (a netip.Addr, ok bool) { return }

// AppendAddrs reads a list of addresses in order of preference and appends it
// to dst, at most max of them.
func (o *Options) AppendAddrs(dst []netip.Addr, c Code, max int) []netip.Addr { return dst }

// Uint32 reads an option of exactly four bytes, such as a time in seconds.
func (o *Options) Uint32(c Code) (v uint32, ok bool) { return }

// Uint16 reads an option of exactly two bytes.
func (o *Options) Uint16(c Code) (v uint16, ok bool) { return }

// Text reads a text option, without trailing NULs (RFC 2132 section 2).
func (o *Options) Text(c Code) Text { return Text{} }

// AppendClasslessRoutes decodes option 121 (RFC 3442). ok is false if it is
// absent or malformed in any entry: then none of it is used.
func (o *Options) AppendClasslessRoutes(dst []Route, max int) (routes []Route, ok bool) {
	return dst, false
}

// AppendStaticRoutes decodes option 33 with its classful masks (RFC 2132 section 5.8).
func (o *Options) AppendStaticRoutes(dst []Route, max int) (routes []Route, ok bool) {
	return dst, false
}

// AppendDomainSearch decodes option 119 (RFC 3397), at most max names, each
// checked like Text.Domain.
func (o *Options) AppendDomainSearch(dst []string, max int) []string { return dst }

// Text is text from the wire. It is hostile until one of its methods has
// checked it: String only ever yields a quoted, shortened form for log lines.
type Text struct{ b []byte }

// String is the text quoted and cut for a log line; never the text itself.
func (t Text) String() string { return "" }

// IsZero reports whether there is no text.
func (t Text) IsZero() bool { return len(t.b) == 0 }

// Domain is the text if it is a domain name that may stand in resolv.conf:
// letters, digits, hyphen, underscore and dots, labels of at most 63 bytes,
// at most 253 in all.
func (t Text) Domain() (string, bool) { return "", false }

// HostName is the text if it is a host name by RFC 1123 of at most 64 bytes and not "localhost".
func (t Text) HostName() (string, bool) { return "", false }

// Printable is the text if every byte of it is printable ASCII without quotes,
// backslash, backtick, dollar, semicolon or spaces: fit for a boot file, a path or a URL.
func (t Text) Printable() (string, bool) { return "", false }

// Append writes the message, padded to the 300 bytes of a BOOTP packet, to dst.
// It fails if the message would make a datagram larger than 576 bytes, or if an
// option of the Identity is out of its range.
func (out *Outgoing) Append(dst []byte, id *Identity) ([]byte, error) { return dst, nil }

// Datagram is what ParseFrame found around a payload.
type Datagram struct {
	Src, Dst         netip.AddrPort // IP source and destination with UDP ports
	HWSrc, HWDst     HardwareAddr
	Payload          []byte // part of the frame
	PartialChecksums bool   // the UDP checksum was left to hardware that does not exist
}

// ParseFrame walks an Ethernet frame down to the payload of a UDP datagram for
// port 68. Padding after the datagram is ignored. partial says that the kernel
// marked the frame's checksum as not yet filled in (TP_STATUS_CSUMNOTREADY), as
// veth and virtio deliver it.
func ParseFrame(frame []byte, partial bool) (Datagram, Refusal) { return Datagram{}, ShortFrame }

// AppendFrame writes Ethernet, IPv4 and UDP headers, with checksums, and payload to dst.
// src and dst must be IPv4.
func AppendFrame(dst []byte, hwSrc, hwDst HardwareAddr, src, to netip.AddrPort, payload []byte) []byte {
	return dst
}
