package dhcpc_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// These were found by the simulation in package sim.

// Who got no answer by unicast listens to the packet socket, if there is one. If
// there cannot be one, what does come by unicast is still heard.
func TestNoPacketSocketLeavesTheUDPSocket(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.Lose = func(m *dhcptest.Message) bool { // the first REQUEST of RENEWING
		return m.Kind == dhcp4.KindRenewing && len(ofKind(o.lan.Sent, dhcp4.KindRenewing)) == 1
	}
	o.lan.At(time.Minute, func() {
		o.lan.RefuseListen = func(raw, _ bool) error {
			if raw {
				return syscall.EMFILE
			}
			return nil
		}
	})
	o.run(t, 50*time.Minute)
	renewals := ofKind(o.lan.Sent, dhcp4.KindRenewing)
	if len(renewals) != 2 {
		t.Fatalf("sent %v", o.lan.Sent)
	}
	if ev := o.once(t, dhcpc.Renewed); ev.Time != renewals[1].Time+2*oneWay {
		t.Errorf("renewed at %v, want it with the answer to the second try at %v", ev.Time, renewals[1].Time)
	}
}

// A kernel counts lifetimes in whole seconds, so that an address may be gone up to
// a second before its lease ends. Nothing is sent from it then: of these leases
// some have a REQUEST of REBINDING fall due in that second.
func TestNothingIsSentInTheLastSecond(t *testing.T) {
	for lease := 380 * time.Second; lease < 480*time.Second; lease += time.Second {
		o := newOffice(dhcpc.Config{})
		o.server.Lease = lease
		o.lan.At(30*time.Second, func() { o.server.Silent = true })
		o.run(t, lease+time.Second) // the LAN knows what the kernel holds
	}
}

// A machine sleeps until its lease is over. Meanwhile its link is set down and
// renamed: all that it hears of at once, and the address has to go all the same.
func TestWhatEndedIsWithdrawnFromALinkThatIsAnotherNow(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.server.Lease = 10 * time.Minute
	o.lan.At(time.Minute, func() {
		lifetime := o.eth0.Config().Lifetime
		o.lan.Suspend(20 * time.Minute)
		o.eth0.SetUp(false)
		o.eth0.Rename("uplink")
		if held := o.eth0.Config(); held.Lifetime != lifetime {
			t.Errorf("the kernel has %+v; it does not count while it sleeps", held)
		}
	})
	o.run(t, 22*time.Minute)
	if n := len(o.eth0.Applied); n != 2 || o.eth0.Applied[1].Config.Addr.IsValid() {
		t.Errorf("applied %+v, want the address and its end", o.eth0.Applied)
	}
}
