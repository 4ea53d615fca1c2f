package servers

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// scripted is the server of an office that says what no real one can be made to:
// edit changes each OFFER and ACK.
func (s *site) scripted(t *testing.T, edit func(r *dhcptest.Reply)) *traffic {
	t.Helper()
	server := &dhcptest.Server{
		ID:     netip.MustParseAddr("10.77.0.1"),
		Subnet: netip.MustParsePrefix("10.77.0.0/16"),
		First:  netip.MustParseAddr("10.77.1.0"),
	}
	server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
		if r == nil {
			return nil
		}
		edit(r)
		return []dhcptest.Frame{server.Frame(m, r)}
	}
	return listen(t, s.lan, "br0", server.Answer)
}

// Server and file name carry options, and one option is spread over all three
// fields: it is read in their order of interpretation, which is not that on the wire.
func TestOptionSpreadOverThreeFields(t *testing.T) {
	rfc.Shows(t, "R2131-4.1-30", "R2131-4.1-31", "R3396-7-01")
	t.Parallel()
	s := newSite(t, 1)
	tr := s.scripted(t, func(r *dhcptest.Reply) {
		r.Options = append(r.Options,
			dhcptest.Option{Code: dhcp4.Overload, Data: []byte{3}},
			dhcptest.Option{Code: dhcp4.DNSServer, Data: []byte{10, 77}})
		r.BootFile = []byte{6, 5, 0, 51, 10, 77, 0, 255}
		r.ServerName = []byte{6, 5, 52, 10, 77, 0, 53, 255}
	})
	c := s.run(t, dhcpc.Config{})
	lease := c.bound(t, s)[0]
	want := []netip.Addr{netip.MustParseAddr("10.77.0.51"), netip.MustParseAddr("10.77.0.52"), netip.MustParseAddr("10.77.0.53")}
	if !slices.Equal(lease.DNS, want) {
		t.Errorf("DNS %v, want %v", lease.DNS, want)
	}
	// The same by unicast, over the UDP socket.
	c.Renew("")
	if again := c.await(t, dhcpc.Renewed).Lease; !slices.Equal(again.DNS, want) {
		t.Errorf("renewed with DNS %v, want %v", again.DNS, want)
	}
	if n := len(tr.saidSoFar(dhcp4.KindRenewing)); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// A reply of exactly the size that the client said it takes arrives whole: its last
// option is the one that counts.
func TestReplyOf1500Bytes(t *testing.T) {
	rfc.Shows(t, "R2132-9.10-01")
	t.Parallel()
	s := newSite(t, 1)
	const datagram, headers = 1500, 20 + 8
	s.scripted(t, func(r *dhcptest.Reply) {
		fill := func(n int) {
			r.Options = append(r.Options, dhcptest.Option{Code: 224, Data: make([]byte, n)})
		}
		fill(200) // from here on no padding hides the size
		mtu := dhcptest.Option{Code: dhcp4.InterfaceMTU, Data: []byte{1400 >> 8, 1400 & 0xff}}
		for room := datagram - headers - 2 - len(mtu.Data) - len(r.Append(nil)); room > 0; {
			n := room - 2
			if n > 255 {
				n = 200
			}
			fill(n)
			room -= 2 + n
		}
		r.Options = append(r.Options, mtu)
	})
	tr := watch(t, s.lan, "port0")
	s.run(t, dhcpc.Config{}).bound(t, s)
	if mtu := s.home.Link(t, "eth0").Attrs().MTU; mtu != 1400 {
		t.Errorf("MTU %d", mtu)
	}
	for _, r := range tr.replied(t) {
		if r.size != datagram {
			t.Errorf("%v has %d bytes, the test needs %d", r.MessageType(), r.size, datagram)
		}
	}
}
