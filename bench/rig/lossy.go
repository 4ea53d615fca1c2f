package rig

import (
	"encoding/binary"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// LoseFirst makes the ports lose the first frame of DHCP that comes from each link.
// They pass on what comes next.
func (r *Rig) LoseFirst(t testing.TB) {
	t.Helper()
	var tap, stop int
	var err error
	r.Server.Do(t, func() {
		for _, port := range r.ports {
			if err = setPort(port, learning); err != nil {
				return
			}
		}
		tap, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, int(networkOrder(unix.ETH_P_ALL)))
	})
	if err != nil {
		t.Fatal(err)
	}
	if stop, err = unix.Eventfd(0, unix.EFD_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	var opened sync.WaitGroup
	opened.Go(func() { r.open(t, tap, stop) })
	t.Cleanup(func() {
		_, _ = unix.Write(stop, binary.NativeEndian.AppendUint64(nil, 1))
		opened.Wait()
		r.Server.Do(t, func() {
			for _, port := range r.ports {
				if err := setPort(port, forwarding); err != nil {
					t.Error(err)
				}
			}
		})
		unix.Close(stop)
		unix.Close(tap)
	})
}

// open opens each port when a frame has come through it. A tap sees it before the
// bridge has it.
func (r *Rig) open(t testing.TB, tap, stop int) {
	closed := map[int]bool{}
	for _, port := range r.ports {
		closed[port] = true
	}
	buffer := make([]byte, 1<<11)
	fds := []unix.PollFd{{Fd: int32(tap), Events: unix.POLLIN}, {Fd: int32(stop), Events: unix.POLLIN}}
	r.Server.Do(t, func() {
		for len(closed) > 0 {
			if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
				t.Error(err)
				return
			}
			if fds[1].Revents != 0 {
				return
			}
			n, from, err := unix.Recvfrom(tap, buffer, unix.MSG_DONTWAIT)
			link, ok := from.(*unix.SockaddrLinklayer)
			if err != nil || !ok || !closed[link.Ifindex] || !toServer(buffer[:n]) {
				continue
			}
			delete(closed, link.Ifindex)
			if err := setPort(link.Ifindex, forwarding); err != nil {
				t.Error(err)
			}
		}
	})
}

// toServer tells whether a packet is a client's for a DHCP server.
func toServer(ip []byte) bool {
	const udp, port = 17, 67
	return len(ip) > 28 && ip[0] == 0x45 && ip[9] == udp && binary.BigEndian.Uint16(ip[22:]) == port
}

func networkOrder(v uint16) uint16 { return uint16(swapped(v)) }
