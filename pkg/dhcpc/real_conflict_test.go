package dhcpc_test

import (
	"strings"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// A living host has the address that the server gives, as after a server has
// lost its leases: its kernel answers our probe, and we take another address.
func TestConflictWithALivingHost(t *testing.T) {
	rfc.Shows(t, "R2131-3.1-10", "R5227-2.1.1-04", "P-AC-05")
	h := newHouse(t, 1)
	r := h.run(t)
	addr := r.await(t, dhcpc.Bound).Lease.Addr
	r.end()

	other := netns.New(t)
	netns.Veth(t, other, "eth0", h.lan, "port9")
	h.lan.Do(t, func() {
		if err := netlink.LinkSetMaster(h.lan.Link(t, "port9"), h.lan.Link(t, "br0")); err != nil {
			t.Fatal(err)
		}
	})
	h.lan.Up(t, "port9")
	other.Up(t, "eth0")
	other.Address(t, "eth0", addr.String())
	mac := other.Link(t, "eth0").Attrs().HardwareAddr.String()

	r = h.runWith(t, dhcpc.Config{})
	if bound := r.await(t, dhcpc.Bound); bound.Lease.Addr != addr {
		t.Fatalf("the server gives %v, it gave %v before", bound.Lease.Addr, addr)
	}
	if failed := r.await(t, dhcpc.Failed); !strings.Contains(failed.Err.Error(), mac) {
		t.Errorf("%v, want it to name %s", failed.Err, mac)
	}
	if lost := r.await(t, dhcpc.Lost); lost.Reason != machine.ReasonConflict || lost.Lease.Addr != addr {
		t.Errorf("lost %v: %v", lost.Lease.Addr, lost.Reason)
	}
	bound := r.await(t, dhcpc.Bound)
	if bound.Lease.Addr == addr || h.addr(t, "eth0").IP.String() != bound.Lease.Addr.Addr().String() {
		t.Errorf("now %v, in the kernel %v", bound.Lease.Addr, h.addr(t, "eth0"))
	}
}
