package main

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// crowd is a box with many links, each on a cable of its own to one kea. It tells
// the two kinds of links of different name servers. The bridge at its end takes no
// more than 1023 cables. There is another, on another network of the same kea's.
type crowd struct {
	*box
	t      *testing.T
	lan    *netns.NS
	bridge int
	other  int
	serial uint32 // of the last link
	group  uint32 // of the last links that were plugged in together
}

// newCrowd is a crowd without links yet. timers are those of kea's leases.
func newCrowd(t *testing.T, timers string) *crowd {
	c := &crowd{box: newBox(t), t: t, lan: netns.New(t)}
	netns.Tmpfs(t, filepath.Dir(c.resolv), "size=64m") // as /run and /etc are in an image
	c.lan.Bridge(t, "br0")
	c.lan.Address(t, "br0", "10.77.0.1/16")
	c.lan.Bridge(t, "br1")
	c.lan.Address(t, "br1", "10.88.0.1/16")
	c.bridge, c.other = c.lan.Link(t, "br0").Attrs().Index, c.lan.Link(t, "br1").Attrs().Index
	class := func(name string, n int) string {
		return fmt.Sprintf(`{ "name": %q, "test": "substring(pkt4.mac, 1, 1) == 0x%02x", "option-data": [
			{ "name": "domain-name-servers", "data": "10.77.%d.53" }, { "name": "domain-name", "data": "%s.example" } ] }`, name, n, n, name)
	}
	subnet := func(n int) string {
		return fmt.Sprintf(`{ "id": %[1]d, "subnet": "10.%[1]d.0.0/16", "pools": [ { "pool": "10.%[1]d.4.0 - 10.%[1]d.200.255" } ],
			"option-data": [ { "name": "routers", "data": "10.%[1]d.0.1" } ] }`, n)
	}
	netns.Kea{Interfaces: []string{"br0", "br1"}, Lines: []string{
		timers,
		`"client-classes": [` + class("lan", kindLAN) + "," + class("usb", kindUSB) + `]`,
		`"subnet4": [ ` + subnet(77) + "," + subnet(88) + ` ]`,
	}}.Start(t, c.lan)
	return c
}

// Lease times, for kea.
const (
	anHour = `"valid-lifetime": 3600`
	// Renewed every five seconds, in a test that takes several times as long.
	halfAMinute = `"valid-lifetime": 30, "renew-timer": 5, "rebind-timer": 20`
)

// The second byte of a hardware address tells what kind of link it is.
const (
	kindLAN = 1
	kindUSB = 2
)

// plug adds links by name, with carrier, not set up. unplug takes them away.
func (c *crowd) plug(kind byte, names ...string) (unplug func()) {
	c.t.Helper()
	c.group++
	group := c.group
	for _, name := range names {
		c.serial++
		cable := &netlink.Veth{LinkAttrs: netlink.NewLinkAttrs(), PeerName: name, PeerNamespace: netlink.NsFd(c.FD())}
		cable.Name, cable.Group, cable.MasterIndex = "p."+name, group, c.bridge
		cable.PeerHardwareAddr = net.HardwareAddr{2, kind, 0, 0, byte(c.serial >> 8), byte(c.serial)}
		if err := c.lan.LinkAdd(cable); err != nil {
			c.t.Fatalf("%s: %v", name, err)
		}
		if err := c.lan.LinkSetIsolated(cable, true); err != nil {
			c.t.Fatal(err)
		}
		if err := c.lan.LinkSetUp(cable); err != nil {
			c.t.Fatal(err)
		}
	}
	return func() { c.unplug(group) }
}

// unplug removes a group of links with one request.
func (c *crowd) unplug(group uint32) {
	c.t.Helper()
	c.lan.Do(c.t, func() {
		r := nl.NewNetlinkRequest(unix.RTM_DELLINK, unix.NLM_F_ACK)
		r.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
		r.AddData(nl.NewRtAttr(unix.IFLA_GROUP, nl.Uint32Attr(group)))
		if _, err := r.Execute(unix.NETLINK_ROUTE, 0); err != nil {
			c.t.Fatal(err)
		}
	})
}

// numbered is the names prefix0, prefix1 and so on.
func numbered(prefix string, from, to int) []string {
	var names []string
	for i := from; i < to; i++ {
		names = append(names, prefix+strconv.Itoa(i))
	}
	return names
}

// place is where a link stands in the order of default routes.
type place struct {
	name   string
	metric int
}

// places is the default routes in the order in which the kernel prefers them.
func (c *crowd) places() []place {
	c.t.Helper()
	routes, err := c.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_MAIN}, netlink.RT_FILTER_TABLE)
	if err != nil {
		return nil // disturbed: something is going on
	}
	links, err := c.LinkList()
	if err != nil {
		return nil
	}
	names := map[int]string{}
	for _, l := range links {
		names[l.Attrs().Index] = l.Attrs().Name
	}
	var list []place
	for _, r := range routes {
		if r.Gw != nil {
			list = append(list, place{names[r.LinkIndex], r.Priority})
		}
	}
	slices.SortStableFunc(list, func(a, b place) int { return cmp.Compare(a.metric, b.metric) })
	return list
}

// slots is where links stand that have the first metrics in this order.
func slots(names ...string) []place {
	list := make([]place, len(names))
	for i, name := range names {
		list[i] = place{name, 1024 + 16*i}
	}
	return list
}

// wantPlaces waits until there is one default route for each of these links, with
// this metric, and no other.
func (c *crowd) wantPlaces(want []place) {
	c.t.Helper()
	var got []place
	defer func() {
		for i := range got {
			if c.t.Failed() && i < len(want) && got[i] != want[i] {
				c.t.Logf("%d places, want %d; place %d is %v, want %v", len(got), len(want), i, got[i], want[i])
				return
			}
		}
	}()
	eventually(c.t, "put every link in its place", func() bool {
		got = c.places()
		return slices.Equal(got, want)
	})
}

// wantAddresses fails unless n links have one address each, all different.
func (c *crowd) wantAddresses(n int) {
	c.t.Helper()
	list, err := c.AddrList(nil, netlink.FAMILY_V4)
	if err != nil {
		c.t.Fatal(err)
	}
	links, addrs := map[int]bool{}, map[netip.Addr]bool{}
	for _, a := range list {
		if addr, _ := netip.AddrFromSlice(a.IP.To4()); !addr.IsLoopback() {
			links[a.LinkIndex], addrs[addr] = true, true
		}
	}
	if len(list) != n+1 || len(links) != n || len(addrs) != n { // and that of lo
		c.t.Errorf("%d addresses, %d of them different, on %d links; want %d", len(list)-1, len(addrs), len(links), n)
	}
}
