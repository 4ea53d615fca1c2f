package dhcpc_test

import (
	"encoding/binary"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// losses counts the addresses and routes that a namespace loses from now on.
func losses(t *testing.T, ns *netns.NS) (count func() int) {
	t.Helper()
	fd := -1
	ns.Do(t, func() {
		var err error
		if fd, err = unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE); err != nil {
			t.Fatal(err)
		}
		if err = unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV4_ROUTE}); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() { unix.Close(fd) })
	buf, n := make([]byte, 64<<10), 0
	return func() int {
		for {
			size, err := unix.Read(fd, buf)
			if err != nil { // nothing more has happened
				return n
			}
			messages, err := syscall.ParseNetlinkMessage(buf[:size])
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range messages {
				if m.Header.Type == unix.RTM_DELADDR || m.Header.Type == unix.RTM_DELROUTE {
					n++
				}
			}
		}
	}
}

// recalling is the configuration of a client that remembers leases by name.
func recalling(c dhcpc.Config, remembered map[string]*machine.Lease) dhcpc.Config {
	c.Recall = func(l ifup.Link) *machine.Lease { return remembered[l.Name] }
	return c
}

// remembered is what the next life should know.
func (r *running) remembered() map[string]*machine.Lease {
	m := map[string]*machine.Lease{}
	for _, l := range r.Status().Links {
		m[l.Interface] = l.Remembered
	}
	return m
}

// A client that dies leaves everything in place; the next one takes it over with
// one REQUEST, and nothing is lost in between, be it limited or for ever.
func TestTheNextLifeOnARealKernel(t *testing.T) {
	rfc.Shows(t, "H-CRASH-01", "R2131-4.4.2-10")
	for name, c := range map[string]dhcpc.Config{"limited": {}, "for ever": {KeepForever: true}} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, 2)
			r := h.runWith(t, c)
			for range h.names {
				r.await(t, dhcpc.Bound)
			}
			h.awaitRunning(t)
			r.end()
			lost := losses(t, h.home)
			before := h.addr(t, "eth0")

			next := h.runWith(t, recalling(c, r.remembered()))
			for range h.names {
				bound := next.await(t, dhcpc.Bound)
				if old := r.remembered()[bound.Interface]; old.Addr != bound.Lease.Addr || old.Expiry >= bound.Lease.Expiry {
					t.Errorf("bound to %+v, was %+v", bound.Lease, old)
				}
			}
			for _, l := range next.Status().Links {
				if l.Sent != 1 {
					t.Errorf("%s has sent %d messages", l.Interface, l.Sent)
				}
			}
			if n := lost(); n > 0 {
				t.Errorf("%d addresses and routes were lost on the way", n)
			}
			if after := h.addr(t, "eth0"); !after.Equal(*before) || after.Flags != before.Flags {
				t.Errorf("before %v, after %v", before, after)
			}
			if got := h.defaults(t); len(got) != 2 {
				t.Errorf("default routes %v", got)
			}
		})
	}
}

// awaitRunning waits for the kernel to say that the links have carrier, which it
// may do late.
func (h *house) awaitRunning(t *testing.T) {
	t.Helper()
	for _, name := range h.names {
		for end := time.Now().Add(patience); h.home.Link(t, name).Attrs().RawFlags&unix.IFF_RUNNING == 0; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s has no carrier", name)
			}
		}
	}
}

// RELEASE reaches the server although its hardware address has to be asked for
// first, twice even, and then all that the lease brought is gone.
func TestReleaseReachesTheServer(t *testing.T) {
	rfc.Shows(t, "P-DR-04", "R2131-4.4.6-01", "H-LEAK-01")
	h := newHouse(t, 1)
	r := h.run(t)
	lease := r.await(t, dhcpc.Bound).Lease
	h.home.Sysctl(t, "net/ipv4/neigh/eth0/retrans_time_ms", "50")
	h.lan.Sysctl(t, "net/ipv4/conf/br0/arp_ignore", "8") // answer no question
	messages, wire := h.capture(t, "port0"), h.rawSocket(t, "port0")
	r.Release("eth0")
	for frame, question := make([]byte, packet.MaxFrame), false; !question; {
		n, err := unix.Read(wire, frame)
		if err != nil {
			t.Fatal(err)
		}
		question = n >= 42 && binary.BigEndian.Uint16(frame[12:]) == unix.ETH_P_ARP
	}
	h.lan.Sysctl(t, "net/ipv4/conf/br0/arp_ignore", "0")
	if lost := r.await(t, dhcpc.Lost); lost.Reason != machine.ReasonRelease || lost.State != machine.Stopped {
		t.Errorf("lost %+v", lost)
	}
	select {
	case frame := <-messages:
		var w dhcptest.Witness
		if m, err := w.See(0, dhcptest.Frame{Data: frame, Partial: true}); err != nil || m.Kind != dhcp4.KindRelease || m.ClientAddr != lease.Addr.Addr() {
			t.Errorf("sent %v, %v", m, err)
		}
	case <-time.After(patience):
		t.Fatal("nothing has come through")
	}
	if list, err := h.home.AddrList(h.home.Link(t, "eth0"), unix.AF_INET); err != nil || len(list) > 0 {
		t.Errorf("addresses %v, %v", list, err)
	}
	if got := h.defaults(t); len(got) > 0 {
		t.Errorf("default routes %v", got)
	}
}

func TestBounceOnARealKernel(t *testing.T) {
	h := newHouse(t, 1)
	h.home.Up(t, "eth0")
	h.home.Address(t, "eth0", "198.51.100.7/24")
	route := netlink.Route{LinkIndex: h.home.Link(t, "eth0").Attrs().Index, Gw: net.IPv4(198, 51, 100, 1)}
	if err := h.home.RouteAdd(&route); err != nil {
		t.Fatal(err)
	}
	h.runWith(t, dhcpc.Config{Bounce: true}).await(t, dhcpc.Bound)
	if got := h.defaults(t); len(got) != 1 || got[0].Gw.String() != "10.77.0.1" {
		t.Errorf("default routes are %v: the link never went down", got)
	}
}
