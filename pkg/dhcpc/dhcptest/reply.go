package dhcptest

import (
	"encoding/binary"
	"net/netip"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// An Option is one piece of the options field as it goes on the wire.
type Option struct {
	Code dhcp4.Code
	Data []byte
}

// Reply is a server's message. Its fields are written as they stand, so that a
// test can also say what no server should.
type Reply struct {
	Type         dhcp4.MessageType // option 53; 0 for none
	Op           uint8             // 0 means BOOTREPLY
	Xid          uint32
	Secs, Flags  uint16
	ClientAddr   netip.Addr
	YourAddr     netip.Addr
	NextServer   netip.Addr
	RelayAddr    netip.Addr
	HardwareAddr dhcp4.HardwareAddr
	ServerName   []byte     // sname, up to 64 bytes
	BootFile     []byte     // file, up to 128 bytes
	ServerID     netip.Addr // option 54; invalid for none
	Lease        uint32     // option 51, seconds; 0 for none
	Options      []Option   // after those above, in this order
	NoEnd        bool       // leave out the end option
}

// Append writes the message, padded to 300 bytes, to dst.
func (r *Reply) Append(dst []byte) []byte {
	b := make([]byte, 240, 1500)
	b[0], b[1], b[2] = 2, 1, 6
	if r.Op != 0 {
		b[0] = r.Op
	}
	binary.BigEndian.PutUint32(b[4:], r.Xid)
	binary.BigEndian.PutUint16(b[8:], r.Secs)
	binary.BigEndian.PutUint16(b[10:], r.Flags)
	for i, a := range []netip.Addr{r.ClientAddr, r.YourAddr, r.NextServer, r.RelayAddr} {
		if a.IsValid() {
			copy(b[12+4*i:], a.AsSlice())
		}
	}
	copy(b[28:], r.HardwareAddr[:])
	copy(b[44:108], r.ServerName)
	copy(b[108:236], r.BootFile)
	copy(b[236:], "\x63\x82\x53\x63")
	if r.Type != 0 {
		b = append(b, byte(dhcp4.DHCPMessageType), 1, byte(r.Type))
	}
	if r.ServerID.IsValid() {
		b = append(b, byte(dhcp4.ServerIdentifier), 4)
		b = append(b, r.ServerID.AsSlice()...)
	}
	if r.Lease != 0 {
		b = append(b, byte(dhcp4.LeaseTime), 4)
		b = binary.BigEndian.AppendUint32(b, r.Lease)
	}
	for _, o := range r.Options {
		b = append(b, byte(o.Code), byte(len(o.Data)))
		b = append(b, o.Data...)
	}
	if !r.NoEnd {
		b = append(b, byte(dhcp4.End))
	}
	for len(b) < 300 {
		b = append(b, 0)
	}
	return append(dst, b...)
}

// Addrs is the value of an option that lists IPv4 addresses.
func Addrs(list ...string) []byte {
	var b []byte
	for _, s := range list {
		b = append(b, netip.MustParseAddr(s).AsSlice()...)
	}
	return b
}

// Uint32 is the value of an option of four bytes.
func Uint32(v uint32) []byte { return binary.BigEndian.AppendUint32(nil, v) }

// ReadReply takes apart what a client reads from a socket, a frame or a datagram,
// if it is a reply that a client could use, by plain byte reading. Overloaded
// fields are not read.
func ReadReply(in *packet.In) (r Reply, ok bool) {
	b := in.Payload
	if in.Frame != nil {
		d, err := parseDatagram(in.Frame, in.Partial)
		if err != nil || in.ARP || in.VLAN || in.Outgoing || d.dst.Port() != clientPort {
			return r, false
		}
		b = d.payload
	}
	if len(b) < 240 || b[0] != 2 || b[1] != 1 || b[2] != 6 || string(b[236:240]) != "\x63\x82\x53\x63" {
		return r, false
	}
	options, _, err := readOptions(b[240:])
	t := find(options, dhcp4.DHCPMessageType)
	if err != nil || len(t) != 1 {
		return r, false
	}
	r = Reply{
		Type: dhcp4.MessageType(t[0]), Op: b[0],
		Xid:      binary.BigEndian.Uint32(b[4:]),
		YourAddr: addrOf(b[16:20]), HardwareAddr: dhcp4.HardwareAddr(b[28:]),
		ServerID: addrOf(find(options, dhcp4.ServerIdentifier)),
		Options:  options,
	}
	if l := find(options, dhcp4.LeaseTime); len(l) == 4 {
		r.Lease = binary.BigEndian.Uint32(l)
	}
	return r, true
}

// Option is the value of the first option of that code among Options, or nil.
func (r *Reply) Option(c dhcp4.Code) []byte { return find(r.Options, c) }
