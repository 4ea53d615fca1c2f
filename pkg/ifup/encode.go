package ifup

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// begin starts a message. There is no NLM_F_ACK: the kernel answers refusals only.
func (q *queue) begin(typ, flags uint16) {
	q.start = len(q.bytes)
	q.seq++
	q.bytes = binary.NativeEndian.AppendUint32(q.bytes, 0) // the length, by finish
	q.bytes = binary.NativeEndian.AppendUint16(q.bytes, typ)
	q.bytes = binary.NativeEndian.AppendUint16(q.bytes, flags|unix.NLM_F_REQUEST)
	q.bytes = binary.NativeEndian.AppendUint32(q.bytes, q.seq)
	q.bytes = binary.NativeEndian.AppendUint32(q.bytes, 0) // the sender's port, by the kernel
}

func (q *queue) finish() {
	binary.NativeEndian.PutUint32(q.bytes[q.start:], uint32(len(q.bytes)-q.start))
}

func (q *queue) end(r request) {
	q.finish()
	r.end = len(q.bytes)
	q.requests = append(q.requests, r)
}

func (q *queue) attr(typ uint16, value []byte) {
	q.attrHeader(typ, len(value))
	q.bytes = append(q.bytes, value...)
	q.bytes = append(q.bytes, make([]byte, align(len(value))-len(value))...)
}

func (q *queue) attr32(typ uint16, value uint32) {
	q.attrHeader(typ, 4)
	q.u32(value)
}

func (q *queue) attrAddr(typ uint16, a netip.Addr) {
	b := a.As4()
	q.attr(typ, b[:])
}

func (q *queue) attrHeader(typ uint16, size int) {
	q.bytes = binary.NativeEndian.AppendUint16(q.bytes, uint16(unix.SizeofRtAttr+size))
	q.bytes = binary.NativeEndian.AppendUint16(q.bytes, typ)
}

// nest begins an attribute of attributes and returns what close takes.
func (q *queue) nest(typ uint16) int {
	q.attrHeader(typ|unix.NLA_F_NESTED, 0)
	return len(q.bytes) - unix.SizeofRtAttr
}

func (q *queue) close(start int) {
	binary.NativeEndian.PutUint16(q.bytes[start:], uint16(len(q.bytes)-start))
}

// link is a struct ifinfomsg that changes flags. Nobody looks at its type.
func (q *queue) link(index int, flags, change uint32) {
	q.u32(unix.AF_UNSPEC, uint32(index), flags, change)
}

// addrHeader is a struct ifaddrmsg. The flags that matter have an attribute.
func (q *queue) addrHeader(index, bits int) {
	q.bytes = append(q.bytes, unix.AF_INET, byte(bits), 0, unix.RT_SCOPE_UNIVERSE)
	q.u32(uint32(index))
}

// routeHeader is a struct rtmsg of IPv4.
func (q *queue) routeHeader(m unix.RtMsg) {
	q.bytes = append(q.bytes, unix.AF_INET, m.Dst_len, m.Src_len, m.Tos, m.Table, m.Protocol, m.Scope, m.Type)
	q.u32(m.Flags)
}

func (q *queue) u32(values ...uint32) {
	for _, v := range values {
		q.bytes = binary.NativeEndian.AppendUint32(q.bytes, v)
	}
}
