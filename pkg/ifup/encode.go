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
	q.bytes = append(q.bytes, value...) // all of ours are multiples of 4 long
}

func (q *queue) attr32(typ uint16, value uint32) {
	q.attrHeader(typ, 4)
	q.bytes = binary.NativeEndian.AppendUint32(q.bytes, value)
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
