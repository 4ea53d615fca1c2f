package packet

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	batchSize   = 32
	controlSize = 64 // bytes; more than struct tpacket_auxdata or in_pktinfo need
)

// batch is the memory of one sendmmsg or recvmmsg, allocated once. Pages that
// no message ever reaches are never touched.
type batch struct {
	msgs    [batchSize]mmsghdr
	iovs    [batchSize]unix.Iovec
	names   [batchSize]unix.RawSockaddrAny
	control [batchSize][controlSize]byte
	frames  [batchSize][MaxFrame]byte
}

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

var errClosed = errors.New("socket is not open")

// Send sends all messages in as few system calls as possible and sets Err in each.
func (s *Sockets) Send(out []Out) {
	for len(out) > 0 {
		n := 1
		if out[0].Frame == nil {
			out[0].Err = s.sendUDP(&out[0])
		} else {
			for n < len(out) && n < batchSize && out[n].Frame != nil && out[n].ARP == out[0].ARP {
				n++
			}
			if out[0].ARP {
				s.sendFrames(s.arp, unix.ETH_P_ARP, out[:n])
			} else {
				s.sendFrames(s.raw, unix.ETH_P_IP, out[:n])
			}
		}
		out = out[n:]
	}
}

func (s *Sockets) sendFrames(fd int, protocol uint16, out []Out) {
	b := s.io
	for i := range out {
		name := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(&b.names[i]))
		*name = unix.RawSockaddrLinklayer{Family: unix.AF_PACKET, Protocol: networkOrder(protocol), Ifindex: int32(out[i].Index)}
		b.set(i, out[i].Frame, unix.SizeofSockaddrLinklayer, 0)
	}
	for done := 0; done < len(out); {
		if fd < 0 {
			out[done].Err = errClosed
			done++
			continue
		}
		n, errno := mmsg(unix.SYS_SENDMMSG, fd, b.msgs[done:len(out)])
		if errno == unix.EINTR {
			continue
		}
		for range n { // at least one, or an error
			out[done].Err = nil
			done++
		}
		if errno != 0 {
			out[done].Err = errno
			done++
		}
	}
}

// sendUDP sends one message from Src through the link, whatever the routing
// table prefers.
func (s *Sockets) sendUDP(out *Out) error {
	if s.udp < 0 {
		return errClosed
	}
	info := unix.Inet4Pktinfo{Ifindex: int32(out.Index), Spec_dst: out.Src.As4()}
	to := unix.SockaddrInet4{Port: int(out.Dst.Port()), Addr: out.Dst.Addr().As4()}
	return unix.Sendmsg(s.udp, out.Payload, unix.PktInfo4(&info), &to, 0)
}

// Receive calls fn for what has arrived and returns when nothing is left.
func (s *Sockets) Receive(fn func(*In)) {
	if s.rawReady {
		s.rawReady = false
		s.receive(s.raw, fn, parseFrame)
	}
	if s.udpReady {
		s.udpReady = false
		s.receive(s.udp, fn, parseDatagram)
	}
	if s.arpReady {
		s.arpReady = false
		s.receive(s.arp, fn, parseARP)
	}
}

// maxBatches bounds how long one Receive may take under a flood; epoll, being
// level-triggered, brings us back to what is left.
const maxBatches = 64

func (s *Sockets) receive(fd int, fn func(*In), parse func(in *In, name *unix.RawSockaddrAny, control, data []byte)) {
	b := s.io
	var in In
	for range maxBatches {
		for i := range b.msgs {
			b.set(i, b.frames[i][:], unix.SizeofSockaddrAny, controlSize)
		}
		n, errno := mmsg(unix.SYS_RECVMMSG, fd, b.msgs[:])
		if errno == unix.EINTR {
			continue
		}
		// Any other error (nothing left; a link went down under a bound socket)
		// has been reported by being read, and leaves nothing to do.
		for i := range n {
			m := &b.msgs[i]
			in = In{}
			parse(&in, &b.names[i], b.control[i][:min(int(m.hdr.Controllen), controlSize)], b.frames[i][:m.len])
			fn(&in)
		}
		if n < batchSize {
			return
		}
	}
}

// set prepares message i to carry data, with a name and control data of the given sizes.
func (b *batch) set(i int, data []byte, name, control int) {
	b.iovs[i].Base = unsafe.SliceData(data)
	b.iovs[i].SetLen(len(data))
	h := &b.msgs[i].hdr
	*h = unix.Msghdr{Name: (*byte)(unsafe.Pointer(&b.names[i])), Namelen: uint32(name), Iov: &b.iovs[i]}
	h.SetIovlen(1)
	if control > 0 {
		h.Control = &b.control[i][0]
		h.SetControllen(control)
	}
}

func mmsg(trap uintptr, fd int, msgs []mmsghdr) (int, unix.Errno) {
	// The sockets do not block, so the scheduler need not know.
	n, _, errno := unix.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(&msgs[0])), uintptr(len(msgs)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}

// parseFrame reads what came with a frame of the packet socket.
func parseFrame(in *In, name *unix.RawSockaddrAny, control, data []byte) {
	ll := (*unix.RawSockaddrLinklayer)(unsafe.Pointer(name))
	in.Index, in.Frame = int(ll.Ifindex), data
	in.Outgoing = ll.Pkttype == unix.PACKET_OUTGOING
	aux := find(control, unix.SOL_PACKET, unix.PACKET_AUXDATA)
	if len(aux) < auxLen {
		return
	}
	status := binary.NativeEndian.Uint32(aux)
	in.Partial = status&unix.TP_STATUS_CSUMNOTREADY != 0
	// VLAN 0 only gives the frame a priority: it is meant for us.
	in.VLAN = status&unix.TP_STATUS_VLAN_VALID != 0 && binary.NativeEndian.Uint16(aux[auxVLAN:])&0xfff != 0
}

// parseARP reads what came with a frame of the socket for ARP.
func parseARP(in *In, name *unix.RawSockaddrAny, control, data []byte) {
	parseFrame(in, name, control, data)
	in.ARP = true
}

// Of struct tpacket_auxdata: its size and where the VLAN tag stands, in bytes.
const (
	auxLen  = 20
	auxVLAN = 16
)

// parseDatagram reads what came with a datagram of the UDP socket.
func parseDatagram(in *In, name *unix.RawSockaddrAny, control, data []byte) {
	from := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
	port := (*[2]byte)(unsafe.Pointer(&from.Port))
	in.Src = netip.AddrPortFrom(netip.AddrFrom4(from.Addr), binary.BigEndian.Uint16(port[:]))
	in.Payload = data
	if info := find(control, unix.SOL_IP, unix.IP_PKTINFO); len(info) >= unix.SizeofInet4Pktinfo {
		in.Index = int(int32(binary.NativeEndian.Uint32(info)))
		in.Dst = netip.AddrPortFrom(netip.AddrFrom4([4]byte(info[pktinfoAddr:])), clientPort)
	}
}

// Where struct in_pktinfo has the address that a datagram was sent to, in bytes.
const pktinfoAddr = 8

// find is the data of one kind of control message. The kernel sends us one.
func find(control []byte, level, kind int32) []byte {
	if len(control) < unix.CmsgLen(0) {
		return nil
	}
	h := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
	if h.Level != level || h.Type != kind || int(h.Len) < unix.CmsgLen(0) || int(h.Len) > len(control) {
		return nil
	}
	return control[unix.CmsgLen(0):h.Len]
}

func networkOrder(v uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], v)
	return binary.NativeEndian.Uint16(b[:])
}
