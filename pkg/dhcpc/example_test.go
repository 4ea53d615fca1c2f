package dhcpc_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// anOffice is a virtual network with a server on it; eth0 of a virtual machine
// is plugged in. Without Net and Kernel in its Config a client has the real ones,
// and instead of lan.Run, which lets virtual time pass, one calls its Run.
func anOffice() (*dhcptest.LAN, *dhcptest.Server, *dhcptest.Link) {
	lan := dhcptest.NewLAN(1)
	network := lan.Segment()
	server := network.Serve(&dhcptest.Server{
		ID:     netip.MustParseAddr("192.0.2.1"),
		Subnet: netip.MustParsePrefix("192.0.2.0/24"),
		DNS:    []netip.Addr{netip.MustParseAddr("192.0.2.53")},
	})
	return lan, server, lan.Plug("eth0", network)
}

// Lease one interface. The lease is renewed for as long as Run runs.
func Example() {
	lan, _, _ := anOffice()
	c := dhcpc.New(dhcpc.Config{Net: lan, Kernel: lan.Kernel})
	err := c.Request("eth0", dhcpc.IPv4, func(ev dhcpc.Event) {
		if ev.Kind == dhcpc.Bound { // address and routes are there
			fmt.Println(ev.Interface, "has", ev.Lease.Addr, "router", ev.Lease.Routers[0], "DNS", ev.Lease.DNS[0])
		}
	})
	if err != nil {
		fmt.Println(err)
	}
	if err := lan.Run(c, 24*time.Hour); err != nil {
		fmt.Println(err)
	}
	// Output:
	// eth0 has 192.0.2.10/24 router 192.0.2.1 DNS 192.0.2.53
}

// Watch what happens: the server falls silent after a minute, and is back when
// the lease ends.
func ExampleClient_Request() {
	lan, server, _ := anOffice()
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

// Look at it from outside, at any time and from any goroutine.
func ExampleClient_Status() {
	lan, _, _ := anOffice()
	c := dhcpc.New(dhcpc.Config{Net: lan, Kernel: lan.Kernel})
	for _, iface := range []string{"eth0", "usb0"} { // there is no usb0 yet
		if err := c.Request(iface, dhcpc.IPv4, nil); err != nil {
			fmt.Println(err)
		}
	}
	if err := lan.Run(c, time.Minute); err != nil {
		fmt.Println(err)
	}
	for _, l := range c.Status().Links {
		fmt.Println(l.Interface, l.State)
		for _, m := range l.Timeline {
			fmt.Println(m.At, m.What)
		}
	}
	// Output:
	// eth0 BOUND
	// 0s up
	// 0s carrier
	// 0s DISCOVER
	// 400µs OFFER
	// 400µs REQUEST
	// 800µs ACK
	// 800µs installed
	// usb0 DOWN
}

// Give a lease back, and wait for the end of it.
func ExampleClient_Release() {
	lan, server, eth0 := anOffice()
	c := dhcpc.New(dhcpc.Config{Net: lan, Kernel: lan.Kernel})
	err := c.Request("eth0", dhcpc.IPv4, func(ev dhcpc.Event) {
		switch ev.Kind {
		case dhcpc.Bound:
			c.Release("eth0")
		case dhcpc.Lost:
			fmt.Println(ev.Reason, ev.State)
		}
	})
	if err != nil {
		fmt.Println(err)
	}
	if err := lan.Run(c, time.Minute); err != nil {
		fmt.Println(err)
	}
	fmt.Println("the server heard", server.Received[len(server.Received)-1].Kind.Type(), "and eth0 has", eth0.Config().Addr)
	// Output:
	// release asked for STOPPED
	// the server heard RELEASE and eth0 has invalid Prefix
}

// Go on over a restart of the program: the address stays where it is, and one
// message confirms it. A real program keeps its leases in a file.
func ExampleConfig_recall() {
	lan, server, _ := anOffice()
	remembered := map[string]*machine.Lease{}
	for range 2 {
		c := dhcpc.New(dhcpc.Config{
			Net: lan, Kernel: lan.Kernel,
			Recall: func(l ifup.Link) *machine.Lease { return remembered[l.Name] },
		})
		if err := c.Request("eth0", dhcpc.IPv4, nil); err != nil {
			fmt.Println(err)
		}
		if err := lan.Run(c, lan.Now()+time.Minute); err != nil {
			fmt.Println(err)
		}
		for _, l := range c.Status().Links {
			remembered[l.Interface] = l.Remembered
			fmt.Println(l.Interface, l.State, l.Lease.Addr)
		}
	}
	for _, m := range server.Received {
		fmt.Println(m.Kind.Type(), m.Time.Round(time.Second))
	}
	// Output:
	// eth0 BOUND 192.0.2.10/24
	// eth0 BOUND 192.0.2.10/24
	// DISCOVER 0s
	// REQUEST 0s
	// REQUEST 1m0s
}

// Bring a kernel side of your own: this one looks at the links of a real one and
// only says what it would do to them.
func ExampleKernel() {
	lan, _, eth0 := anOffice()
	eth0.SetUp(true) // printing does not
	c := dhcpc.New(dhcpc.Config{
		Net: lan, Kernel: &printing{links: lan.Kernel},
		Conflicts: dhcpc.DetectOff, // an address that is only printed is not to be announced
	})
	if err := c.Request("eth0", dhcpc.IPv4, nil); err != nil {
		fmt.Println(err)
	}
	if err := lan.Run(c, time.Minute); err != nil {
		fmt.Println(err)
	}
	fmt.Println(c.Status().Bound, eth0.Config().Addr)
	// Output:
	// link 1: 192.0.2.10/24 for 59m59s
	// link 1: 0.0.0.0/0 via 192.0.2.1
	// true invalid Prefix
}

// printing is a Kernel that changes nothing.
type printing struct {
	links interface {
		FD() int
		Poll(func(ifup.Event)) error
	}
	asked []int
}

func (p *printing) FD() int                        { return p.links.FD() }
func (p *printing) Poll(fn func(ifup.Event)) error { return p.links.Poll(fn) }
func (p *printing) Holds(int, netip.Prefix) bool   { return false }
func (p *printing) Up(index int)                   { p.asked = append(p.asked, index) }
func (p *printing) Down(index int)                 { p.asked = append(p.asked, index) }
func (p *printing) Close() error                   { return nil }

// Apply is asked for the whole configuration each time; the zero Config is nothing.
func (p *printing) Apply(index int, c ifup.Config) {
	p.asked = append(p.asked, index)
	fmt.Printf("link %d: %v for %v\n", index, c.Addr, c.Lifetime)
	for _, r := range c.Routes {
		fmt.Printf("link %d: %v via %v\n", index, r.Dst, r.Gateway)
	}
}

// Flush answers for every link that was asked about: what it was asked was done.
func (p *printing) Flush(fn func(index int, err error)) {
	for _, index := range p.asked {
		fn(index, nil)
	}
	p.asked = nil
}
