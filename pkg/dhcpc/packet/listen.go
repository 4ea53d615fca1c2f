package packet

import (
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
	"github.com/dhclient-lws/dhclient-lws/pkg/internal/sockfilter"
)

// receiveBuffer is how much may wait in a socket, in bytes of kernel memory.
// The answers to a full window of exchanges fit several times over.
const receiveBuffer = 1 << 20

// Listen opens what is missing and closes what is not wanted. On error the
// sockets that are open stay open.
//
// Closing the packet socket takes 10 ms, so it should be called with raw false
// only when nothing is urgent. From then on the UDP socket is held open even if
// it is not wanted, but deaf: a late answer to our port is then neither a
// wake-up for us nor an ICMP error for the server.
func (s *Sockets) Listen(raw, udp bool) error {
	if raw && s.raw < 0 {
		fd, err := openRaw()
		if err == nil {
			err = s.watchOrClose(fd)
		}
		if err != nil {
			return wrap.In("packet socket", err)
		}
		s.raw = fd
	}
	if (udp || !raw) && s.udp < 0 {
		fd, err := openUDP()
		if err == nil {
			err = s.watchOrClose(fd)
		}
		if err != nil {
			return wrap.In("UDP port 68", err)
		}
		s.udp, s.udpHears = fd, false
	}
	if s.udp >= 0 && udp != s.udpHears {
		program := dropAll
		if udp {
			program = acceptAll
		}
		if err := sockfilter.Attach(s.udp, program); err != nil {
			return wrap.In("UDP port 68", err)
		}
		s.udpHears = udp
	}
	if !raw && s.raw >= 0 {
		_ = unix.Close(s.raw)
		s.raw, s.rawReady = -1, false
	}
	return nil
}

func (s *Sockets) watchOrClose(fd int) error {
	err := s.watch(fd, unix.EPOLLIN)
	if err != nil {
		_ = unix.Close(fd)
	}
	return err
}

// openRaw opens the packet socket for the Ethernet frames of all links.
func openRaw() (int, error) {
	fd, err := openPacket(unix.ETH_P_IP, repliesOnly)
	if err == nil {
		growReceiveBuffer(fd)
	}
	return fd, err
}

// openPacket opens a packet socket for frames of all links that carry a protocol
// and pass a filter.
func openPacket(protocol uint16, filter []sockfilter.Instruction) (int, error) {
	// No protocol yet: given here, the later bind would wait for RCU.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, err
	}
	if err = sockfilter.Attach(fd, filter); err == nil {
		if err = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1); err == nil {
			err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: networkOrder(protocol)})
		}
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// openUDP opens port 68 of all links, deaf. A program that does the same beside
// us is not disturbed.
func openUDP() (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_UDP)
	if err != nil {
		return -1, err
	}
	err = sockfilter.Attach(fd, dropAll)
	for _, opt := range []struct{ level, name int }{
		{unix.SOL_SOCKET, unix.SO_REUSEADDR},
		{unix.SOL_SOCKET, unix.SO_BROADCAST},
		{unix.SOL_IP, unix.IP_PKTINFO},
	} {
		if err == nil {
			err = unix.SetsockoptInt(fd, opt.level, opt.name, 1)
		}
	}
	if err == nil {
		growReceiveBuffer(fd)
		err = unix.Bind(fd, &unix.SockaddrInet4{Port: clientPort})
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// growReceiveBuffer asks past the system's limit where we may.
func growReceiveBuffer(fd int) {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		// The default will do: what is lost is asked for again.
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	}
}

const clientPort = 68

var (
	acceptAll = []sockfilter.Instruction{sockfilter.Pass()}
	dropAll   = []sockfilter.Instruction{sockfilter.Drop()}

	// repliesOnly passes UDP to port 68 that came in for this machine, so that
	// nothing else on a busy network wakes us. Later fragments have no port and
	// fall through; whether the rest is well-formed is not the filter's business.
	repliesOnly = []sockfilter.Instruction{
		sockfilter.LoadPacketType(),
		sockfilter.IfGreater(unix.PACKET_MULTICAST, 8),
		sockfilter.Load8(ethernet + 9),
		sockfilter.UnlessEqual(unix.IPPROTO_UDP, 6),
		sockfilter.Load16(ethernet + 6),
		sockfilter.IfAnyOf(0x1fff, 4),
		sockfilter.IndexHeader(ethernet),
		sockfilter.Load16Indexed(ethernet + 2),
		sockfilter.UnlessEqual(clientPort, 1),
		sockfilter.Pass(),
		sockfilter.Drop(),
	}
)

const ethernet = 14 // bytes before the IP header
