package netns

import (
	"testing"

	"github.com/vishvananda/netlink"
)

// Link is the link of that name as the kernel knows it now.
func (ns *NS) Link(t testing.TB, name string) netlink.Link {
	t.Helper()
	link, err := ns.LinkByName(name)
	if err != nil {
		t.Fatalf("link %s: %v", name, err)
	}
	return link
}

// Up sets links up.
func (ns *NS) Up(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := ns.LinkSetUp(ns.Link(t, name)); err != nil {
			t.Fatalf("link %s up: %v", name, err)
		}
	}
}

// Down sets links down.
func (ns *NS) Down(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := ns.LinkSetDown(ns.Link(t, name)); err != nil {
			t.Fatalf("link %s down: %v", name, err)
		}
	}
}

// Address adds an address such as "192.0.2.1/24" to a link.
func (ns *NS) Address(t testing.TB, name, cidr string) {
	t.Helper()
	addr, err := netlink.ParseAddr(cidr)
	if err != nil {
		t.Fatal(err)
	}
	if err := ns.AddrAdd(ns.Link(t, name), addr); err != nil {
		t.Fatalf("address %s on %s: %v", cidr, name, err)
	}
}

// Veth joins two namespaces, or one with itself, by a cable with an end in
// each. Both ends are down.
func Veth(t testing.TB, a *NS, aName string, b *NS, bName string) {
	t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = aName
	cable := &netlink.Veth{LinkAttrs: attrs, PeerName: bName, PeerNamespace: netlink.NsFd(b.fd)}
	if err := a.LinkAdd(cable); err != nil {
		t.Fatalf("veth %s to %s: %v", aName, bName, err)
	}
}

// Bridge makes a bridge of ports, all of them up. The ports are isolated from
// one another: each sees the bridge itself and nothing else, like the clients of
// one server on as many cables.
func (ns *NS) Bridge(t testing.TB, name string, ports ...string) {
	t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = name
	bridge := &netlink.Bridge{LinkAttrs: attrs}
	if err := ns.LinkAdd(bridge); err != nil {
		t.Fatalf("bridge %s: %v", name, err)
	}
	ns.Up(t, name)
	for _, port := range ports {
		link := ns.Link(t, port)
		if err := ns.LinkSetMaster(link, bridge); err != nil {
			t.Fatalf("bridge %s: port %s: %v", name, port, err)
		}
		if err := ns.LinkSetIsolated(link, true); err != nil {
			t.Fatalf("bridge %s: port %s: %v", name, port, err)
		}
	}
	ns.Up(t, ports...)
}
