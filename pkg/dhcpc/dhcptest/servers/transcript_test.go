package servers

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/insomniacslk/dhcp/dhcpv4"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// transcript is all that was said in DHCP on the cable of one client, a line to a
// message, as decoders of other people read it. No byte of a client's frame is left
// unread: what a line does not say, [transcript.say] requires.
//
// Repetitions are no line of their own, so that a busy machine makes no difference;
// they must be true to what they repeat.
type transcript struct {
	wire *wire
	hw   net.HardwareAddr // of the client

	mu    sync.Mutex
	lines []string
	xids  []dhcpv4.TransactionID // of the exchanges so far
	began time.Duration          // when the last of them did
	secs  uint16                 // of the client's last message
	kind  dhcpv4.MessageType     // of it
}

// record begins a transcript of what passes the cable of a link of the site. The link
// is up then, and the kernel has said so: else a client may begin before it has, and
// once more when it does.
func (s *site) record(t *testing.T, link, port string) *transcript {
	t.Helper()
	wholeChecksums(t, s.home, link)
	s.home.Up(t, link)
	eventually(t, func() string {
		if s.home.Link(t, link).Attrs().RawFlags&unix.IFF_RUNNING == 0 {
			return link + " has no carrier"
		}
		return ""
	})
	tr := &transcript{wire: openWire(t, s.lan, port), hw: s.home.Link(t, link).Attrs().HardwareAddr}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			f, at, err := tr.wire.read(&tr.mu)
			if err != nil {
				return
			}
			if err := tr.take(f.Data, at); err != nil {
				t.Errorf("after\n%s\n%v\n% x", strings.Join(tr.lines, "\n"), err, f.Data)
			}
			tr.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		tr.wire.file.Close()
		<-ended
	})
	return tr
}

// wholeChecksums has the kernel compute the checksums of what a UDP socket sends
// through a virtual cable. As it is, it leaves that to the hardware, of which there
// is none.
func wholeChecksums(t *testing.T, ns *netns.NS, link string) {
	t.Helper()
	setting := struct{ command, value uint32 }{unix.ETHTOOL_STXCSUM, 0}
	request := struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}{data: unsafe.Pointer(&setting)}
	copy(request.name[:], link)
	ns.Do(t, func() {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request))); errno != 0 {
			t.Fatalf("%s: checksums: %v", link, errno)
		}
	})
}

// take adds a frame to the transcript, if it is one of DHCP.
func (tr *transcript) take(frame []byte, at time.Duration) error {
	p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default)
	ether, _ := p.Layer(layers.LayerTypeEthernet).(*layers.Ethernet)
	ip, _ := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
	udp, _ := p.Layer(layers.LayerTypeUDP).(*layers.UDP)
	if ether == nil {
		return errors.New("not an Ethernet frame")
	}
	ours := bytes.Equal(ether.SrcMAC, tr.hw)
	switch {
	case ours && udp == nil && ether.EthernetType != layers.EthernetTypeARP && p.Layer(layers.LayerTypeICMPv4) == nil: // the kernel's
		return fmt.Errorf("the client sends what is neither DHCP nor ARP: %v", p)
	case udp == nil || udp.SrcPort != 67 && udp.DstPort != 67:
		return nil
	}
	m, err := dhcpv4.FromBytes(udp.Payload)
	if err != nil {
		return err
	}
	if !ours {
		if bytes.Equal(m.ClientHWAddr, tr.hw) {
			tr.add(m, m.MessageType().String())
		}
		return nil
	}
	if err := udp.SetNetworkLayerForChecksum(ip); err != nil {
		return err
	}
	if err, bad := p.VerifyChecksums(); err != nil || len(bad) > 0 || udp.Checksum == 0 {
		return fmt.Errorf("checksums: %v %+v, of UDP %#x", err, bad, udp.Checksum)
	}
	return tr.say(m, ether, ip, udp, len(frame), at)
}

// say checks a message of the client, and adds it unless it repeats the one before.
func (tr *transcript) say(m *dhcpv4.DHCPv4, ether *layers.Ethernet, ip *layers.IPv4, udp *layers.UDP, frame int, at time.Duration) error {
	var errs []error
	must := func(name string, got, want any) {
		if fmt.Sprint(got) != fmt.Sprint(want) {
			errs = append(errs, fmt.Errorf("%s: %v, want %v", name, got, want))
		}
	}
	must("bytes after the Ethernet header", ip.Length, frame-14)
	must("bytes after the IP header", udp.Length, ip.Length-20)
	must("IP version, header length, fragment", []any{ip.Version, ip.IHL, ip.FragOffset, ip.Flags & layers.IPv4MoreFragments}, []any{4, 5, 0, ""})
	must("a TTL that reaches the server", ip.TTL >= 16, true)
	must("ports", []any{udp.SrcPort, udp.DstPort}, "[68(bootpc) 67(bootps)]")
	must("op, htype, hops", []any{m.OpCode, m.HWType, m.HopCount}, "[BootRequest Ethernet 0]")
	must("chaddr", m.ClientHWAddr, tr.hw)
	if len(tr.xids) <= 1 { // a client that nobody answers may ask for broadcast
		must("flags", m.Flags, 0)
	}
	must("yiaddr, siaddr, giaddr", []any{m.YourIPAddr, m.ServerIPAddr, m.GatewayIPAddr}, "[0.0.0.0 0.0.0.0 0.0.0.0]")
	must("sname, file", m.ServerHostName+m.BootFileName, "")
	must("client identifier", m.Options.Get(dhcpv4.OptionClientIdentifier), append([]byte{1}, tr.hw...))
	must("the first option", udp.Payload[240], dhcpv4.OptionDHCPMessageType.Code())
	var others []uint8
	for code := range m.Options {
		if code != dhcpv4.OptionRequestedIPAddress.Code() && code != dhcpv4.OptionServerIdentifier.Code() { // a line tells of those
			others = append(others, code)
		}
	}
	slices.Sort(others)
	must("options", others, []uint8{53, 55, 57, 61})

	// The exchange, and how long it has been going on.
	line := fmt.Sprintf("%v %v > %v, %v > %v, ciaddr %v", m.MessageType(), ether.SrcMAC, ether.DstMAC, ip.SrcIP, ip.DstIP, m.ClientIPAddr)
	for _, code := range []dhcpv4.OptionCode{dhcpv4.OptionRequestedIPAddress, dhcpv4.OptionServerIdentifier} {
		if m.Options.Has(code) {
			line += fmt.Sprintf(", %d is %v", code.Code(), net.IP(m.Options.Get(code)))
		}
	}
	isNew := len(tr.xids) == 0 || m.TransactionID != tr.xids[len(tr.xids)-1]
	if isNew && tr.kind == dhcpv4.MessageTypeDiscover && m.MessageType() == tr.kind { // nobody has answered, and it goes on in another way
		tr.xids = append(tr.xids, m.TransactionID)
	} else if isNew {
		must("a transaction ID that was used before", slices.Contains(tr.xids, m.TransactionID), false)
		tr.xids, tr.began = append(tr.xids, m.TransactionID), at
	}
	if m.MessageType() == dhcpv4.MessageTypeRequest && m.Options.Has(dhcpv4.OptionServerIdentifier) {
		must("secs, as in the DISCOVER", m.NumSeconds, tr.secs)
	} else {
		passed := int((at - tr.began) / time.Second)
		must("secs, which have passed", int(m.NumSeconds) == passed || int(m.NumSeconds) == passed+1, true)
	}
	tr.secs, tr.kind = m.NumSeconds, m.MessageType()
	tr.add(m, line)
	return errors.Join(errs...)
}

// add adds a line, unless it is there.
func (tr *transcript) add(m *dhcpv4.DHCPv4, line string) {
	line = fmt.Sprintf("x%d %s", 1+slices.Index(tr.xids, m.TransactionID), line)
	if !slices.Contains(tr.lines, line) {
		tr.lines = append(tr.lines, line)
	}
}

// reads waits until the transcript reads so, from its beginning on. Each name stands
// for an address, of whatever kind.
func (tr *transcript) reads(t *testing.T, names map[string]string, want ...string) {
	t.Helper()
	pairs := []string{tr.hw.String(), "us", "ff:ff:ff:ff:ff:ff", "all", "255.255.255.255", "all", "0.0.0.0", "none"}
	for name, address := range names {
		pairs = append(pairs, address, name)
	}
	replace := strings.NewReplacer(pairs...).Replace
	var got []string
	eventually(t, func() string {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		got = nil
		for _, line := range tr.lines {
			got = append(got, replace(line))
		}
		return cmp.Diff(want, got[:min(len(want), len(got))])
	})
}
