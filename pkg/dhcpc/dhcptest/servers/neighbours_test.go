package servers

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// ask sends a frame, again every second, until a frame comes that is meant.
func (w *wire) ask(t *testing.T, question []byte, meant func(frame []byte) bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		w.send(t, dhcptest.Frame{Data: question})
		if w.hear(t, time.Second, meant) {
			return
		}
	}
	t.Fatal("nobody answers")
}

// hear reads frames until one is meant, or none comes for a time.
func (w *wire) hear(t *testing.T, patience time.Duration, meant func(frame []byte) bool) bool {
	t.Helper()
	for {
		if err := w.file.SetReadDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		switch f, _, err := w.read(&mu); {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return false
		case err != nil:
			t.Fatal(err)
		case meant(f.Data):
			return true
		}
	}
}

// While an address is leased whoever asks for it is answered, and so is whoever
// only asks whether anybody has it.
func TestProbesAreAnswered(t *testing.T) {
	rfc.Shows(t, "R5227-2.5-01")
	t.Parallel()
	s := newSite(t, 1)
	startDnsmasq(t, s.lan, "br0", office())
	addr := s.run(t, dhcpc.Config{}).bound(t, s)[0].Addr.Addr()
	hw := s.home.Link(t, "eth0").Attrs().HardwareAddr
	w := openWire(t, s.lan, "br0")
	defer w.file.Close()
	for _, sender := range []string{"0.0.0.0", "10.77.0.1"} {
		question := dhcp4.AppendARP(nil, &dhcp4.ARP{
			SenderHW: dhcp4.HardwareAddr(s.lan.Link(t, "br0").Attrs().HardwareAddr),
			SenderIP: netip.MustParseAddr(sender), TargetIP: addr,
		})
		w.ask(t, question, func(b []byte) bool {
			const arp, reply = 14, 2
			return len(b) >= 42 && binary.BigEndian.Uint16(b[12:]) == unix.ETH_P_ARP && b[arp+7] == reply &&
				bytes.Equal(b[arp+8:arp+14], hw) && netip.AddrFrom4([4]byte(b[arp+14:])) == addr
		})
	}
}

// rom takes a lease as the ROM of a network card does, which names itself by its
// hardware address, and keeps quiet then.
func (s *site) rom(t *testing.T) net.IP {
	t.Helper()
	s.home.Up(t, "eth0")
	hw := s.home.Link(t, "eth0").Attrs().HardwareAddr
	w := openWire(t, s.home, "eth0")
	defer w.file.Close()
	id := dhcpv4.WithOption(dhcpv4.OptClientIdentifier(append([]byte{1}, hw...)))
	exchange := func(m *dhcpv4.DHCPv4, err error) (answer *dhcpv4.DHCPv4) {
		if err != nil {
			t.Fatal(err)
		}
		from, to := netip.MustParseAddrPort("0.0.0.0:68"), netip.MustParseAddrPort("255.255.255.255:67")
		question := dhcp4.AppendFrame(nil, dhcp4.HardwareAddr(hw), dhcp4.Broadcast, from, to, m.ToBytes())
		w.ask(t, question, func(b []byte) bool {
			if len(b) > 42 && binary.BigEndian.Uint16(b[36:]) == 68 {
				answer, err = dhcpv4.FromBytes(b[42:])
			}
			return answer != nil && answer.TransactionID == m.TransactionID
		})
		return answer
	}
	offer := exchange(dhcpv4.NewDiscovery(hw, id, dhcpv4.WithBroadcast(true)))
	ack := exchange(dhcpv4.NewRequestFromOffer(offer, id, dhcpv4.WithBroadcast(true)))
	if ack.MessageType() != dhcpv4.MessageTypeAck {
		t.Fatal(ack.Summary())
	}
	return ack.YourIPAddr
}

// The client goes by the name that the ROM had before it, and is given the ROM's
// address, not a second one.
func TestAfterABootROM(t *testing.T) {
	rfc.Shows(t, "R4361-P-01")
	with(t, servers, func(t *testing.T, srv server) {
		s := newSite(t, 1)
		srv.start(t, s.lan, "br0", office())
		had := s.rom(t)
		if got := s.run(t, dhcpc.Config{}).bound(t, s)[0].Addr.Addr(); got.String() != had.String() {
			t.Errorf("the ROM had %v, the client has %v", had, got)
		}
	})
}

// Servers for the time and for the next stage of a boot are written down for
// others. The client itself speaks to nobody but DHCP servers.
func TestSpeaksToNobodyElse(t *testing.T) {
	rfc.Shows(t, "H-NTP-01", "H-BOOT-01")
	t.Parallel()
	s := newSite(t, 1)
	p := office()
	p.dnsmasq = []string{"dhcp-option=42,10.77.0.1", "dhcp-boot=http://10.77.0.1/boot.efi,next,10.77.0.1"}
	startDnsmasq(t, s.lan, "br0", p)
	w := openWire(t, s.lan, "port0")
	defer w.file.Close()
	tr := watch(t, s.lan, "br0")
	c := &command{s, build(t), t.TempDir()}
	resident := c.start(t)
	c.bound(t, resident)
	var first []byte
	eventually(t, func() string {
		lease, err := os.ReadFile(filepath.Join(c.dir, "eth0.json"))
		if err != nil || !strings.Contains(string(lease), `"http://10.77.0.1/boot.efi"`) {
			return fmt.Sprintf("what to boot is not in the lease: %v\n%s", err, lease)
		}
		first = lease
		return ""
	})
	if err := resident.Process.Signal(unix.SIGHUP); err != nil {
		t.Fatal(err)
	}
	tr.await(t, dhcp4.KindRenewing, 1)
	eventually(t, func() string { // the answer has come; what comes to a dead client is the kernel's to refuse
		if lease, err := os.ReadFile(filepath.Join(c.dir, "eth0.json")); err != nil || bytes.Equal(lease, first) {
			return fmt.Sprintf("the renewed lease is not written down: %v", err)
		}
		return ""
	})
	end(t, resident, unix.SIGTERM)

	hw := s.home.Link(t, "eth0").Attrs().HardwareAddr
	heard := 0
	w.hear(t, 100*time.Millisecond, func(b []byte) bool {
		if bytes.Equal(b[6:12], hw) && binary.BigEndian.Uint16(b[12:]) == unix.ETH_P_IP {
			if heard++; b[23] != unix.IPPROTO_UDP || binary.BigEndian.Uint16(b[36:]) != 67 {
				t.Errorf("the client sends % x", b)
			}
		}
		return false
	})
	if heard < 3 {
		t.Errorf("%d messages of the client were heard", heard)
	}
}
