package moments

import (
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

func TestMain(m *testing.M) { netns.Main(m) }

// The kernel tells when an address came, by the clock that all moments are of, and
// loopback is left as it was.
func TestWhenAnAddressCame(t *testing.T) {
	if at, err := Address(); at != 0 || err != nil {
		t.Fatalf("without an address: %v, %v", at, err)
	}
	link := &netlink.Veth{LinkAttrs: netlink.LinkAttrs{Name: "m0"}, PeerName: "m1"}
	if err := netlink.LinkAdd(link); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = netlink.LinkDel(link) }()
	addr, err := netlink.ParseAddr("10.77.0.1/24")
	if err != nil {
		t.Fatal(err)
	}
	before := packet.Now()
	if err := netlink.AddrAdd(link, addr); err != nil {
		t.Fatal(err)
	}
	after := packet.Now()
	lo, err := netlink.LinkByIndex(loopback)
	if err != nil {
		t.Fatal(err)
	}
	had, err := netlink.AddrList(lo, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	const grain = 20 * time.Millisecond // of two notes
	if at, err := Address(); err != nil || at < before-grain || at > after+grain {
		t.Errorf("came at %v, %v; was given between %v and %v", at, err, before, after)
	}
	if has, err := netlink.AddrList(lo, netlink.FAMILY_V4); err != nil || len(has) != len(had) {
		t.Errorf("loopback had %v and has %v, %v", had, has, err)
	}
}
