package dhcptest_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// village is a world of machines with an eth0 each on one network with a server,
// and a client on each.
func village(t *testing.T, n int) (*dhcptest.World, []*dhcptest.Link) {
	w := dhcptest.NewWorld(1)
	net := w.Segment()
	net.Serve(&dhcptest.Server{
		ID:     netip.MustParseAddr("192.0.2.1"),
		Subnet: netip.MustParsePrefix("192.0.2.0/24"),
		Lease:  10 * time.Minute,
	})
	var links []*dhcptest.Link
	for range n {
		l := w.Machine()
		links = append(links, l.Plug("eth0", net))
		c := dhcpc.New(dhcpc.Config{Net: l, Kernel: l.Kernel})
		if err := c.Request("eth0", dhcpc.IPv4, nil); err != nil {
			t.Fatal(err)
		}
		w.Start(l, c)
	}
	return w, links
}

// Machines that share a network are different hosts to its server.
func TestMachinesShareANetwork(t *testing.T) {
	w, links := village(t, 3)
	w.Run(time.Hour)
	seen := map[netip.Prefix]bool{}
	for _, l := range links {
		if err := l.LAN().Err(); err != nil {
			t.Error(err)
		}
		seen[l.Config().Addr] = true
	}
	if len(seen) != 3 || seen[netip.Prefix{}] {
		t.Errorf("addresses %v, want three", seen)
	}
}

// A client that is killed within a turn does nothing more, whatever it was about to
// do; its kernel keeps what it has until the lease is over.
func TestKillWithinATurn(t *testing.T) {
	w, links := village(t, 1)
	l, eth0 := links[0].LAN(), links[0]
	w.At(time.Minute, func() { l.KillIn(0) })
	sent := 0
	w.At(5*time.Minute-time.Second, func() { // before T1 at the latest
		sent = len(l.Sent)
	})
	w.At(9*time.Minute, func() {
		if l.Runs() || len(l.Sent) != sent || !eth0.Config().Addr.IsValid() {
			t.Errorf("runs %v, sent %v, has %+v", l.Runs(), l.Sent[sent:], eth0.Config())
		}
	})
	w.Run(11 * time.Minute)
	if eth0.Config().Addr.IsValid() {
		t.Errorf("the lease is over, and there is still %+v", eth0.Config())
	}
}

// A machine that sleeps neither hears nor counts: when it wakes its kernel still has
// the address, and the client, whose clock went on, takes it away at once.
func TestSuspendedMachine(t *testing.T) {
	w, links := village(t, 2)
	asleep, eth0 := links[0].LAN(), links[0]
	w.At(time.Minute, func() { asleep.Suspend(time.Hour) })
	w.At(time.Hour, func() {
		if !asleep.Suspended() || !eth0.Config().Addr.IsValid() {
			t.Errorf("asleep %v with %+v", asleep.Suspended(), eth0.Config())
		}
	})
	w.At(time.Hour+time.Minute+100*time.Microsecond, func() {
		if eth0.Config().Addr.IsValid() {
			t.Errorf("awake with %+v", eth0.Config())
		}
	})
	w.Run(2 * time.Hour)
	for _, l := range links {
		if err := l.LAN().Err(); err != nil || !l.Config().Addr.IsValid() {
			t.Errorf("%+v: %v", l.Config(), err)
		}
	}
}
