package dhcpc_test

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// Lease one interface, with the real kernel's sockets and links. Run stays to
// renew the lease for as long as the program lives; the network is usable from
// the Bound event on.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	c := dhcpc.New(dhcpc.Config{})
	err := c.Request("eth0", dhcpc.IPv4, func(ev dhcpc.Event) {
		if ev.Kind == dhcpc.Bound {
			log.Println("eth0 has", ev.Lease.Addr, "by", ev.Lease.Routers)
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	log.Println(c.Run(ctx))
}

// Watch what happens, here on a virtual network: the server falls silent after
// a minute, and comes back when the lease ends.
func ExampleClient_Request() {
	lan := dhcptest.NewLAN(1)
	office := lan.Segment()
	server := office.Serve(&dhcptest.Server{
		ID:     netip.MustParseAddr("192.0.2.1"),
		Subnet: netip.MustParsePrefix("192.0.2.0/24"),
	})
	lan.Plug("eth0", office)
	lan.At(time.Minute, func() { server.Silent = true })
	lan.At(time.Hour, func() { server.Silent = false })

	c := dhcpc.New(dhcpc.Config{Net: lan, Kernel: lan.Kernel, Rand: rand.New(rand.NewPCG(1, 2)).Uint32})
	err := c.Request("eth0", dhcpc.IPv4, func(ev dhcpc.Event) {
		at := ev.Time.Round(time.Minute)
		switch ev.Kind {
		case dhcpc.Bound:
			fmt.Println(at, "bound to", ev.Lease.Addr)
		case dhcpc.Lost:
			fmt.Println(at, "lost", ev.Lease.Addr, "because of:", ev.Reason)
		case dhcpc.Failed:
			fmt.Println(at, "failed:", ev.Err)
		}
	})
	if err != nil {
		fmt.Println(err)
	}
	if err := lan.Run(c, 75*time.Minute); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 0s bound to 192.0.2.10/24
	// 1h0m0s lost 192.0.2.10/24 because of: lease expired
	// 1h0m0s bound to 192.0.2.10/24
}

// Bring your own kernel side: a program that only wants to know what it could
// have, and lets the links be.
func ExampleKernel() {
	lan := dhcptest.NewLAN(1)
	office := lan.Segment()
	office.Serve(&dhcptest.Server{
		ID:     netip.MustParseAddr("192.0.2.1"),
		Subnet: netip.MustParsePrefix("192.0.2.0/24"),
	})
	lan.Plug("eth0", office).SetUp(true)

	c := dhcpc.New(dhcpc.Config{Net: lan, Kernel: &dryRun{Kernel: lan.Kernel}})
	if err := c.Request("eth0", dhcpc.IPv4, nil); err != nil {
		fmt.Println(err)
	}
	if err := lan.Run(c, time.Minute); err != nil {
		fmt.Println(err)
	}
	fmt.Println(c.Status().Bound)
	// Output:
	// link 1 would have 192.0.2.10/24
	// link 1 would have the route 0.0.0.0/0 by 192.0.2.1
	// true
}

// dryRun reads the links of a kernel and changes none.
type dryRun struct {
	dhcpc.Kernel
	asked []int
}

func (d *dryRun) Up(index int) { d.asked = append(d.asked, index) }

func (d *dryRun) Apply(index int, c ifup.Config) {
	d.asked = append(d.asked, index)
	fmt.Println("link", index, "would have", c.Addr)
	for _, r := range c.Routes {
		fmt.Println("link", index, "would have the route", r.Dst, "by", r.Gateway)
	}
}

func (d *dryRun) Flush(fn func(index int, err error)) {
	for _, index := range d.asked {
		fn(index, nil)
	}
	d.asked = nil
}
