// Package packet holds the Linux sockets of the client and the one place where
// its loop sleeps: a packet socket for links without an address, a UDP socket
// for renewals, another packet socket for ARP about the addresses in use, a
// CLOCK_BOOTTIME timer and a wake-up descriptor.
//
// One packet socket of a kind serves all links. It is created with protocol 0 and bound
// with the protocol, because the other order waits for an RCU grace period of
// 10 ms; so does closing, which is therefore left for later by the caller.
// Messages leave and arrive in batches through static buffers: in the moment
// when hundreds of links ask at once, system calls are what the time goes to.
package packet

import "net/netip"

// Out is one message to send. With a Frame it leaves by the packet socket as it
// is; with a Payload, by the UDP socket from Src through the link Index to Dst.
type Out struct {
	Index   int    // link
	Frame   []byte // a whole Ethernet frame
	ARP     bool   // that holds ARP, and leaves by the socket for that
	Payload []byte // of a UDP datagram from port 68
	Src     netip.Addr
	Dst     netip.AddrPort
	Err     error // set by Send
}

// In is one message received; its bytes are valid during the call only. Src and
// Dst are those of a Payload.
type In struct {
	Index    int    // link
	Frame    []byte // from a packet socket: a whole Ethernet frame
	ARP      bool   // it came by the socket for ARP
	Payload  []byte // from the UDP socket
	Src, Dst netip.AddrPort
	Partial  bool // the UDP checksum is not yet filled in
	Outgoing bool // a copy of a frame that this machine sent
	VLAN     bool // the frame carried a VLAN tag with a VLAN number
}

// MaxFrame is the largest Ethernet frame, in bytes, that Receive delivers
// whole. What is larger arrives cut off, and its IP length tells.
const MaxFrame = 2048
