package dhcp4_test

import (
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/insomniacslk/dhcp/dhcpv4"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// Beside the two libraries that are used most: what is received of an ACK, from its
// bytes to the values that a lease needs, and the bytes of a REQUEST. Each returns
// whether it has done it.

type codec struct {
	name          string
	decode, write func() bool
}

func codecs() []codec {
	payload := usualACK()
	var m dhcp4.Message
	var layer layers.DHCPv4
	addrs := make([]netip.Addr, 0, 8)

	id, out, ours := talkative(), full(dhcp4.KindSelecting), make([]byte, 0, 600)
	request, err := dhcpv4.New(
		dhcpv4.WithTransactionID(dhcpv4.TransactionID{1, 2, 3, 4}), dhcpv4.WithHwAddr(net.HardwareAddr(clientMAC[:])),
		dhcpv4.WithMessageType(dhcpv4.MessageTypeRequest))
	if err != nil {
		return nil
	}
	list := []byte{121, 1, 3, 58}
	clientID := append([]byte{1}, clientMAC[:]...)
	buffer := gopacket.NewSerializeBuffer()

	return []codec{
		{"ours", func() bool {
			if m.Decode(payload) != dhcp4.Accepted {
				return false
			}
			o := &m.Options
			_, server := o.Addr(dhcp4.ServerIdentifier)
			_, mask := o.Addr(dhcp4.SubnetMask)
			_, time := o.Uint32(dhcp4.LeaseTime)
			routers := o.AppendAddrs(addrs[:0], dhcp4.Router, 1)
			return server && mask && time && m.Type == dhcp4.Ack && len(o.AppendAddrs(routers, dhcp4.DNSServer, 3)) == 3
		}, func() bool {
			b, err := out.Append(ours, id)
			return err == nil && len(b) > 240
		}},
		{"insomniacslk", func() bool {
			m, err := dhcpv4.FromBytes(payload)
			return err == nil && m.ServerIdentifier() != nil && m.SubnetMask() != nil && m.IPAddressLeaseTime(0) == time.Hour &&
				m.MessageType() == dhcpv4.MessageTypeAck && len(m.Router())+len(m.DNS()) == 3
		}, func() bool {
			// The message is there already, and its options are set each time.
			m := request
			m.UpdateOption(dhcpv4.OptServerIdentifier(net.IP(serverAddr.AsSlice())))
			m.UpdateOption(dhcpv4.OptRequestedIPAddress(net.IP(clientAddr.AsSlice())))
			m.UpdateOption(dhcpv4.OptMaxMessageSize(1500))
			m.UpdateOption(dhcpv4.OptHostName("host"))
			m.UpdateOption(dhcpv4.OptClassIdentifier("v1"))
			m.UpdateOption(dhcpv4.OptClientIdentifier(clientID))
			m.UpdateOption(dhcpv4.OptGeneric(dhcpv4.OptionParameterRequestList, list))
			return len(m.ToBytes()) > 240
		}},
		{"gopacket", func() bool {
			m, ok := gopacket.NewPacket(payload, layers.LayerTypeDHCPv4, gopacket.NoCopy).Layer(layers.LayerTypeDHCPv4).(*layers.DHCPv4)
			return ok && len(m.Options) > 10
		}, nil},
		// Into a layer that is used again and again, and without a look at the values.
		{"gopacket-reused", func() bool {
			if layer.DecodeFromBytes(payload, gopacket.NilDecodeFeedback) != nil {
				return false
			}
			found := 0
			for _, o := range layer.Options { // values as bytes: it has no more to offer
				switch o.Type {
				case layers.DHCPOptServerID, layers.DHCPOptSubnetMask, layers.DHCPOptLeaseTime, layers.DHCPOptMessageType, layers.DHCPOptRouter, layers.DHCPOptDNS:
					found++
				}
			}
			return found == 6
		}, func() bool {
			m := layers.DHCPv4{
				Operation: layers.DHCPOpRequest, HardwareType: layers.LinkTypeEthernet, Xid: xid, ClientHWAddr: clientMAC[:],
				Options: layers.DHCPOptions{
					layers.NewDHCPOption(layers.DHCPOptMessageType, []byte{byte(layers.DHCPMsgTypeRequest)}),
					layers.NewDHCPOption(layers.DHCPOptServerID, serverAddr.AsSlice()),
					layers.NewDHCPOption(layers.DHCPOptRequestIP, clientAddr.AsSlice()),
					layers.NewDHCPOption(layers.DHCPOptMaxMessageSize, []byte{5, 220}),
					layers.NewDHCPOption(layers.DHCPOptHostname, []byte("host")),
					layers.NewDHCPOption(layers.DHCPOptClassID, []byte("v1")),
					layers.NewDHCPOption(layers.DHCPOptClientID, clientID),
					layers.NewDHCPOption(layers.DHCPOptParamsRequest, list),
				},
			}
			return buffer.Clear() == nil && m.SerializeTo(buffer, gopacket.SerializeOptions{FixLengths: true}) == nil && len(buffer.Bytes()) > 240
		}},
	}
}

// All of them do what is measured, and ours without an allocation.
func TestCodecsBesideEachOther(t *testing.T) {
	for _, c := range codecs() {
		if !c.decode() {
			t.Errorf("%s does not decode the ACK", c.name)
		}
		if c.write != nil && !c.write() {
			t.Errorf("%s does not write the REQUEST", c.name)
		}
		if c.name == "ours" {
			if n := testing.AllocsPerRun(100, func() { c.decode(); c.write() }); n != 0 {
				t.Errorf("ours: %v allocations, want none", n)
			}
		}
	}
}

func BenchmarkDecodeACK(b *testing.B)    { each(b, func(c codec) func() bool { return c.decode }) }
func BenchmarkWriteRequest(b *testing.B) { each(b, func(c codec) func() bool { return c.write }) }
func BenchmarkDecodeRatios(b *testing.B) { ratios(b, func(c codec) func() bool { return c.decode }) }

func BenchmarkRequestRatios(b *testing.B) { ratios(b, func(c codec) func() bool { return c.write }) }

func each(b *testing.B, what func(codec) func() bool) {
	for _, c := range codecs() {
		if what(c) == nil {
			continue
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for do := what(c); b.Loop(); {
				do()
			}
		})
	}
}

// ratios reports how many times as long the others take. They take turns, of which the
// fastest counts: the least disturbed one on a busy machine.
func ratios(b *testing.B, what func(codec) func() bool) {
	const turn = 20
	list := slices.DeleteFunc(codecs(), func(c codec) bool { return what(c) == nil })
	best := make([]time.Duration, len(list))
	for b.Loop() {
		for i, c := range list {
			do, start := what(c), time.Now()
			for range turn {
				do()
			}
			if spent := time.Since(start); best[i] == 0 || spent < best[i] {
				best[i] = spent
			}
		}
	}
	b.ReportMetric(0, "ns/op") // of all together, which says nothing
	for i, c := range list[1:] {
		b.ReportMetric(float64(best[i+1])/float64(best[0]), c.name+"/ours")
	}
}
