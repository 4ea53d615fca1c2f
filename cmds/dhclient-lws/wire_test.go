package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// discover starts the command on a link that nobody answers on, and returns the
// first message that it sends, read by somebody else's code.
func discover(t *testing.T, args ...string) *dhcpv4.DHCPv4 {
	t.Helper()
	b, lan := newBox(t), netns.New(t)
	netns.Veth(t, b.NS, "eth0", lan, "lan0")
	lan.Up(t, "lan0")
	fd, networkOrderIP := -1, int(binary.NativeEndian.Uint16([]byte{8, 0}))
	lan.Do(t, func() {
		var err error
		if fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, networkOrderIP); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() { unix.Close(fd) })
	timeout := unix.NsecToTimeval(patienceOfTests.Nanoseconds())
	if err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &timeout); err != nil {
		t.Fatal(err)
	}
	b.start(t, append(args, "eth0")...)
	buf := make([]byte, 2000)
	n, _, err := unix.Recvfrom(fd, buf, 0)
	if err != nil {
		t.Fatalf("no message: %v", err)
	}
	const headers = 20 + 8 // of IP and UDP
	m, err := dhcpv4.FromBytes(buf[min(headers, n):n])
	if err != nil {
		t.Fatalf("%v: % x", err, buf[:n])
	}
	return m
}

func TestSaysWhatItIsTold(t *testing.T) {
	rfc.Shows(t, "R4361-6.1-03", "R8910-2-01")
	m := discover(t, "-client-id", "00666f6f", "-hostname", "box-1", "-vendor-class", "a boot image", "-request", "66,67,114", "-rapid-commit", "-broadcast")
	if id := m.Options.Get(dhcpv4.OptionClientIdentifier); string(id) != "\x00foo" {
		t.Errorf("client identifier % x", id)
	}
	if m.HostName() != "box-1" || m.ClassIdentifier() != "a boot image" || !m.IsBroadcast() || !m.Options.Has(dhcpv4.OptionRapidCommit) {
		t.Error(m.Summary())
	}
	for _, code := range []dhcpv4.OptionCode{dhcpv4.OptionTFTPServerName, dhcpv4.OptionBootfileName, dhcpv4.GenericOptionCode(114), dhcpv4.OptionRouter} {
		if !m.IsOptionRequested(code) {
			t.Errorf("option %s is not requested", code)
		}
	}
}

func TestSaysNoMore(t *testing.T) {
	m := discover(t, "-client-id", "none", "-hostname=")
	for _, code := range []dhcpv4.OptionCode{dhcpv4.OptionClientIdentifier, dhcpv4.OptionHostName, dhcpv4.OptionClassIdentifier, dhcpv4.OptionRapidCommit} {
		if m.Options.Has(code) {
			t.Errorf("option %s is sent", code)
		}
	}
	if m.IsBroadcast() {
		t.Error("the broadcast flag is set")
	}
}

// A DUID, and in front of it what tells the links of the machine apart.
func TestSaysItsDUID(t *testing.T) {
	rfc.Shows(t, "R4361-6.1-01", "R4361-6.1-02")
	m := discover(t, "-client-id", "duid")
	id, hw := m.Options.Get(dhcpv4.OptionClientIdentifier), m.ClientHWAddr
	if len(id) < 15 || id[0] != 255 || !bytes.Equal(id[1:5], hw[2:]) || id[5] != 0 || id[6] != duidUUID && id[6] != duidLL {
		t.Errorf("client identifier % x of % x", id, hw)
	}
}

func TestAppliesWhatItIsTold(t *testing.T) {
	metrics := func(t *testing.T, b *box) map[string]int {
		routes, err := b.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{LinkIndex: b.Link(t, "eth0").Attrs().Index}, netlink.RT_FILTER_OIF)
		if err != nil {
			t.Fatal(err)
		}
		list := map[string]int{}
		for _, r := range routes {
			list[r.Dst.String()] = r.Priority
		}
		return list
	}
	t.Run("metric", func(t *testing.T) {
		b := newServedBox(t, "eth0")
		b.start(t, "-metric", "500", "eth0").prints("1 of 1 links bound")
		if m := metrics(t, b); len(m) != 2 || m["0.0.0.0/0"] != 500 || m["10.77.0.0/24"] != 500 {
			t.Errorf("routes and metrics: %v", m)
		}
	})
	t.Run("no routes, no DNS, no state", func(t *testing.T) {
		b := newServedBox(t, "eth0")
		p := b.start(t, "-no-routes", "-no-dns", "-state-dir=", "eth0")
		p.prints("1 of 1 links bound")
		if m := metrics(t, b); len(m) != 1 || m["10.77.0.0/24"] != 1024 {
			t.Errorf("routes and metrics: %v", m)
		}
		p.signal(unix.SIGTERM)
		p.end()
		for _, file := range []string{b.resolv, b.state} {
			if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s was written: %v", file, err)
			}
		}
	})
}

// An address that somebody else has is given up, whether it is in use already or
// not, and the server learns of it.
func TestAddressOfSomebodyElse(t *testing.T) {
	for _, how := range []string{"optimistic", "strict"} {
		b, lan := newBox(t), netns.New(t)
		netns.Veth(t, b.NS, "eth0", lan, "lan0")
		lan.Up(t, "lan0")
		lan.Address(t, "lan0", "10.77.0.1/24")
		lan.Address(t, "lo", "10.77.0.50/32") // Linux answers for all its addresses on all its links
		server := netns.Dnsmasq{
			Interfaces: []string{"lan0"}, Ranges: []string{"10.77.0.50,10.77.0.50,255.255.255.0,1h"},
		}.Start(t, lan)
		b.start(t, "-acd", how, "eth0")
		eventually(t, "decline it", func() bool { return strings.Contains(server.Log(), "DHCPDECLINE(lan0) 10.77.0.50") })
		eventually(t, "have no address", func() bool {
			addrs, err := b.AddrList(b.Link(t, "eth0"), unix.AF_INET)
			return err == nil && len(addrs) == 0
		})
	}
}
