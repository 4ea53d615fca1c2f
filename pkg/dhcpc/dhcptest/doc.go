// Package dhcptest tests DHCP clients without a network and without waiting: a
// virtual machine with links, Ethernet segments and scripted servers, all in
// virtual time. A dhcpc.Client runs on it unchanged:
//
//	lan := dhcptest.NewLAN(1)
//	office := lan.Segment()
//	server := office.Serve(&dhcptest.Server{
//		ID:     netip.MustParseAddr("192.0.2.1"),
//		Subnet: netip.MustParsePrefix("192.0.2.0/24"),
//	})
//	eth0 := lan.Plug("eth0", office)
//
//	c := dhcpc.New(dhcpc.Config{Net: lan, Kernel: lan.Kernel})
//	c.Request("eth0", dhcpc.IPv4, func(ev dhcpc.Event) { ... })
//
//	lan.At(10*time.Minute, func() { eth0.SetCarrier(false) })
//	lan.At(11*time.Minute, func() { eth0.SetCarrier(true); server.Silent = true })
//	if err := lan.Run(c, 2*time.Hour); err != nil {
//		t.Error(err)
//	}
//
// A [LAN] judges what it carries: each client message is read independently of
// package dhcp4 and held against RFC 2131 (tables 1, 4 and 5), against the
// messages before it, and against what the kernel has; a loop that does not
// sleep is stopped. [LAN.Run] returns what was wrong, so that every test is a
// conformance test, whatever else it looks at.
//
// A [Server] is honest until its Respond hook makes it otherwise. [Hostiles] is
// a list of replies that are wrong in one way each, with the reason for which a
// client must refuse them; [Reply] writes any message, right or wrong.
//
// Several machines share a [World], in which their clients run one after another:
// see package sim, where everything goes wrong in one.
//
// Tests that need a real kernel find network namespaces in package netns below.
package dhcptest
