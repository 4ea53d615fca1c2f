package rig

import (
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// NoisePerSecond is how many frames for others each link hears of in Noise.
const NoisePerSecond = 100

// Noise makes each link hear, for a while, what is not for it: ARP requests of other
// hosts, and ACKs that another client is sent by broadcast. It returns how many frames
// there were.
func (r *Rig) Noise(t testing.TB, d time.Duration) (frames int) {
	t.Helper()
	stranger, server := dhcp4.HardwareAddr{2, 0x99, 0, 0, 0, 1}, dhcp4.HardwareAddr{2, 0x99, 0, 0, 0, 2}
	other := netip.MustParseAddr("10.77.200.1")
	arp := dhcp4.AppendARP(nil, &dhcp4.ARP{SenderHW: stranger, SenderIP: other, TargetIP: other.Next()})
	ack := dhcp4.AppendFrame(nil, server, dhcp4.HardwareAddr{255, 255, 255, 255, 255, 255},
		netip.AddrPortFrom(Router, 67), netip.MustParseAddrPort("255.255.255.255:68"), strangersACK(stranger, other))
	var fd int
	var err error
	r.Server.Do(t, func() {
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	to := &unix.SockaddrLinklayer{Ifindex: r.Server.Link(t, bridge).Attrs().Index}
	tick := time.NewTicker(time.Second / NoisePerSecond)
	defer tick.Stop()
	for end := time.Now().Add(d); time.Now().Before(end); frames++ {
		<-tick.C
		if err := unix.Sendto(fd, [][]byte{arp, ack}[frames%2], 0, to); err != nil {
			t.Fatal(err)
		}
	}
	return frames
}

// strangersACK is an ACK for another client, as its server writes it.
func strangersACK(client dhcp4.HardwareAddr, addr netip.Addr) []byte {
	m := make([]byte, 300)
	copy(m, []byte{2, 1, 6, 0, 0xde, 0xad, 0xbe, 0xef, 0, 0, 0x80})
	copy(m[16:], addr.AsSlice())
	copy(m[28:], client[:])
	copy(m[236:], []byte{0x63, 0x82, 0x53, 0x63, 53, 1, 5, 51, 4, 0, 0, 14, 16, 54, 4})
	copy(m[251:], Router.AsSlice())
	m[255] = 255
	return m
}
