package dhcptest_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// What a client says to a server that is away for half an hour.
func ExampleLAN() {
	lan := dhcptest.NewLAN(1)
	office := lan.Segment()
	server := office.Serve(&dhcptest.Server{
		ID:     netip.MustParseAddr("192.0.2.1"),
		Subnet: netip.MustParsePrefix("192.0.2.0/24"),
		Lease:  10 * time.Minute,
	})
	eth0 := lan.Plug("eth0", office)
	lan.At(time.Minute, func() { server.Silent = true })
	lan.At(30*time.Minute, func() { fmt.Println("after half an hour:", eth0.Config().Addr) })
	lan.At(31*time.Minute, func() { server.Silent = false })

	client := dhcpc.New(dhcpc.Config{Net: lan, Kernel: lan.Kernel})
	if err := client.Request("eth0", dhcpc.IPv4, nil); err != nil {
		fmt.Println(err)
	}
	if err := lan.Run(client, 33*time.Minute); err != nil {
		fmt.Println(err)
	}
	fmt.Println("in the end:", eth0.Config().Addr)
	// Output:
	// after half an hour: invalid Prefix
	// in the end: 192.0.2.10/24
}

// A server whose offers lack the lease time, in front of an honest one.
func ExampleServer_respond() {
	lan := dhcptest.NewLAN(1)
	office := lan.Segment()
	broken := office.Serve(&dhcptest.Server{
		ID:     netip.MustParseAddr("192.0.2.2"),
		Subnet: netip.MustParsePrefix("192.0.2.0/24"),
	})
	broken.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
		if r == nil {
			return nil
		}
		r.Lease = 0
		return []dhcptest.Frame{broken.Frame(m, r)}
	}
	office.Serve(&dhcptest.Server{
		ID:     netip.MustParseAddr("192.0.2.1"),
		Subnet: netip.MustParsePrefix("192.0.2.0/24"),
	})
	lan.Plug("eth0", office)

	client := dhcpc.New(dhcpc.Config{Net: lan, Kernel: lan.Kernel})
	if err := client.Request("eth0", dhcpc.IPv4, nil); err != nil {
		fmt.Println(err)
	}
	if err := lan.Run(client, time.Minute); err != nil {
		fmt.Println(err)
	}
	eth0 := client.Status().Links[0]
	fmt.Println("bound to", eth0.Lease.Addr, "by", eth0.Lease.Server)
	fmt.Println("refused for want of a lease time:", eth0.Refused[dhcp4.NoLeaseTime])
	// Output:
	// bound to 192.0.2.10/24 by 192.0.2.1
	// refused for want of a lease time: 1
}
