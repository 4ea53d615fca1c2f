package packet

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
	"github.com/dhclient-lws/dhclient-lws/pkg/internal/sockfilter"
)

// Watch makes Receive deliver the ARP packets in which somebody else could claim
// one of these addresses, IPv4 all, and with probes those that ask whether one is
// free; and Send able to send ARP. Without addresses nothing is delivered. It
// replaces what an earlier call said.
func (s *Sockets) Watch(addrs []netip.Addr, probes bool) error {
	filter := claimsOf(addrs, probes)
	if s.arp < 0 {
		if len(addrs) == 0 {
			return nil
		}
		fd, err := openPacket(unix.ETH_P_ARP, filter)
		if err == nil {
			err = s.watchOrClose(fd)
		}
		if err != nil {
			return wrap.In("ARP socket", err)
		}
		s.arp = fd
		return nil
	}
	// Not closed when nothing is watched: that takes 10 ms, and an open socket that
	// hears nothing costs nothing.
	if err := sockfilter.Attach(s.arp, filter); err != nil {
		return wrap.In("ARP socket", err)
	}
	return nil
}

// maxWatched is how many addresses fit into a filter that every kernel takes: it
// may use 20 KB, at 16 bytes to an address. With more all ARP is delivered.
const maxWatched = 1000

// Where the IP addresses stand in an ARP frame, in bytes.
const (
	arpSenderIP = ethernet + 14
	arpTargetIP = ethernet + 24
)

// claimsOf passes ARP that came in for this machine, whose sender has one of
// these addresses. Who only asks whether it may have one has no address yet (RFC
// 5227 section 2.1.1). Nothing else on a busy network wakes us.
func claimsOf(addrs []netip.Addr, probes bool) []sockfilter.Instruction {
	switch {
	case len(addrs) == 0:
		return dropAll
	case len(addrs) > maxWatched:
		return acceptAll
	}
	program := []sockfilter.Instruction{
		sockfilter.LoadPacketType(),
		sockfilter.UnlessGreater(unix.PACKET_MULTICAST, 1),
		sockfilter.Drop(),
		sockfilter.Load32(arpSenderIP),
		sockfilter.UnlessEqual(0, 1),
		sockfilter.Load32(arpTargetIP),
	}
	if !probes {
		program[len(program)-1] = sockfilter.Drop()
	}
	for _, a := range addrs {
		ip := a.As4()
		program = append(program,
			sockfilter.UnlessEqual(binary.BigEndian.Uint32(ip[:]), 1),
			sockfilter.Pass())
	}
	return append(program, sockfilter.Drop())
}
