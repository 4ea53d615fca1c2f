package dhcpc_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

func TestALinkThatAppearsLater(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.request("eth1")
	o.lan.At(time.Minute, func() { o.lan.Plug("eth1", o.network) })
	o.run(t, 2*time.Minute)
	bound := o.told(dhcpc.Bound)
	if len(bound) != 2 || bound[1].Interface != "eth1" || bound[1].Time != time.Minute+fourWays {
		t.Errorf("bound %+v, want eth1 at %v", bound, time.Minute+fourWays)
	}
}

func TestALinkThatWasNeverPluggedIsWaitedForQuietly(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.client.Remove("")
	o.request("usb0")
	o.run(t, 24*time.Hour)
	if st := statusOf(t, o.client, "usb0"); st.Index != 0 || st.State != machine.Down {
		t.Errorf("status is %+v", st)
	}
	if len(o.lan.Wakeups) > 3 || len(o.lan.Sockets) > 0 {
		t.Errorf("%d wake-ups and sockets %v for nothing", len(o.lan.Wakeups), o.lan.Sockets)
	}
}

func TestALinkThatVanishesMidExchange(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.At(oneWay, func() { o.eth0.Unplug() }) // the DISCOVER is out
	back := o.eth0
	o.lan.At(10*time.Second, func() { back = o.lan.Plug("eth0", o.network) })
	o.run(t, time.Minute)
	o.once(t, dhcpc.LinkGone)
	if bound := o.once(t, dhcpc.Bound); bound.Time != 10*time.Second+fourWays {
		t.Errorf("bound at %v, want %v", bound.Time, 10*time.Second+fourWays)
	}
	if !back.Config().Addr.IsValid() || len(o.eth0.Applied) != 0 {
		t.Errorf("configured %v and %v", back.Applied, o.eth0.Applied)
	}
	wantKinds(t, between(o.lan.Sent, oneWay, 10*time.Second))
}

func TestALinkThatVanishesWithItsLease(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.eth0.Unplug() })
	o.run(t, 2*time.Minute)
	if lost := o.once(t, dhcpc.Lost); lost.Time != time.Minute || lost.Lease == nil {
		t.Errorf("lost %+v", lost)
	}
	o.once(t, dhcpc.LinkGone)
	st := o.status(t)
	if st.Index != 0 || st.Lease != nil || o.client.Status().Bound {
		t.Errorf("status is %+v", st)
	}
	if st.Why != machine.ReasonGone || st.Since != time.Minute || st.Lost.Reason != machine.ReasonGone || st.Lost.At != time.Minute || st.Sent != 2 {
		t.Errorf("the status does not say what happened: %+v", st)
	}
}

func TestRequestsGoByName(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	eth5 := o.lan.Plug("eth5", o.network)
	o.request("lan0")
	o.lan.At(time.Minute, func() { eth5.Rename("lan0") })    // as udev does
	o.lan.At(2*time.Minute, func() { o.eth0.Rename("wan") }) // nobody asked for that
	o.lan.At(3*time.Minute, func() { o.eth0.Rename("eth0") })
	o.run(t, 4*time.Minute)

	bound := o.told(dhcpc.Bound)
	if len(bound) != 3 || bound[1].Interface != "lan0" || bound[1].Time != time.Minute+fourWays ||
		bound[2].Interface != "eth0" || bound[2].Time < 3*time.Minute {
		t.Errorf("bound %+v", bound)
	}
	lost := o.once(t, dhcpc.Lost)
	if lost.Interface != "eth0" || lost.Time != 2*time.Minute || lost.Reason != machine.ReasonGone {
		t.Errorf("lost %+v", lost)
	}
	if withdrawn := o.eth0.Applied[1]; withdrawn.Time != 2*time.Minute || withdrawn.Config.Addr.IsValid() {
		t.Errorf("when it lost its name, eth0 got %+v", withdrawn)
	}
}

func TestTwoLinksSwapNames(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	eth1 := o.lan.Plug("eth1", o.network)
	o.request("eth1")
	o.lan.At(time.Minute, func() {
		o.eth0.Rename("tmp")
		eth1.Rename("eth0")
		o.eth0.Rename("eth1")
	})
	o.run(t, 2*time.Minute)
	if got := len(o.told(dhcpc.Bound)); got != 4 {
		t.Errorf("bound %d times, want each link twice", got)
	}
	if m0, m1 := o.eth0.Config().Metric, eth1.Config().Metric; m0 != 1040 || m1 != 1024 {
		t.Errorf("metrics are %d and %d: they belong to the names", m0, m1)
	}
}

func TestAnotherHardwareAddressIsAnotherHost(t *testing.T) {
	rfc.Shows(t, "P-IR-02", "P-DN-03")
	o := newOffice(dhcpc.Config{})
	hw := dhcp4.HardwareAddr{2, 7, 7, 7, 7, 7}
	o.lan.At(time.Minute, func() { o.eth0.SetHardwareAddr(hw) })
	o.run(t, 2*time.Minute)
	if lost := o.once(t, dhcpc.Lost); lost.Time != time.Minute {
		t.Errorf("lost %+v", lost)
	}
	again := between(o.lan.Sent, time.Minute, 2*time.Minute)
	wantKinds(t, again, dhcp4.KindDiscover, dhcp4.KindSelecting)
	if again[0].HardwareAddr != hw || string(again[0].Option(dhcp4.ClientIdentifier)) != "\x01\x02\x07\x07\x07\x07\x07" {
		t.Errorf("asks as %x with identifier %x", again[0].HardwareAddr, again[0].Option(dhcp4.ClientIdentifier))
	}
	if got := o.eth0.Config().Addr; got != netip.MustParsePrefix("192.0.2.11/24") {
		t.Errorf("got %v", got)
	}
}

// A loopback, a tunnel, an InfiniBand port: whoever names one is told once, and it
// is left alone.
func TestALinkThatIsNotEthernet(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.Type = 32 // ARPHRD_INFINIBAND
	o.lan.At(time.Minute, func() { o.eth0.SetCarrier(false) })
	o.run(t, time.Hour)
	if failed := o.once(t, dhcpc.Failed); failed.Err.Error() != "not an Ethernet link" || len(o.events) != 1 {
		t.Errorf("told %+v", o.events)
	}
	if len(o.lan.Sent)+len(o.eth0.Raised) > 0 || o.status(t).LastErr == "" {
		t.Errorf("sent %v, set up at %v, status %+v", o.lan.Sent, o.eth0.Raised, o.status(t))
	}
}

// What a link can take may change with the lease.
func TestTheLargestMessageFollowsTheMTU(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.server.Options = []dhcptest.Option{{Code: dhcp4.InterfaceMTU, Data: []byte{0x05, 0x00}}}
	o.run(t, 40*time.Minute)
	var sizes []string
	for _, m := range o.lan.Sent {
		sizes = append(sizes, fmt.Sprintf("%x", m.Option(dhcp4.MaxMessageSize)))
	}
	if !slices.Equal(sizes, []string{"05dc", "05dc", "0500"}) {
		t.Errorf("option 57 of %v: %v", o.lan.Sent, sizes)
	}
}

func TestCarrierComesAndGoes(t *testing.T) {
	rfc.Shows(t, "P-ST-06", "R2131-3.7-02", "R2131-F5-17", "R2131-F5-18", "R2131-T5-15", "R2131-4.4.2-10")
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.eth0.SetCarrier(false) })
	o.lan.At(2*time.Minute, func() { o.eth0.SetCarrier(true) })
	o.run(t, 3*time.Minute)

	o.once(t, dhcpc.LinkDown)
	if lost := o.told(dhcpc.Lost); len(lost) > 0 {
		t.Errorf("lost the lease at %v", lost[0].Time)
	}
	a := o.eth0.Applied
	if len(a) < 3 || a[1].Time != time.Minute || a[1].Config.Metric != 1024+65536 ||
		a[1].Config.Addr != a[0].Config.Addr || len(a[1].Config.Routes) != 1 {
		t.Fatalf("configured %+v, want the same behind all living links while there is no carrier", a)
	}
	if last := o.eth0.Config(); last.Metric != 1024 || len(last.Routes) != 1 {
		t.Errorf("in the end configured %+v", last)
	}
	back := between(o.lan.Sent, time.Minute, 3*time.Minute)
	wantKinds(t, back, dhcp4.KindInitReboot)
	if back[0].Time != 2*time.Minute || back[0].Addr(dhcp4.RequestedAddress) != netip.MustParseAddr("192.0.2.10") {
		t.Errorf("asked %v for %v", back[0], back[0].Addr(dhcp4.RequestedAddress))
	}
	if st := o.status(t); st.State != machine.Bound || st.Why != machine.ReasonConfirmed {
		t.Errorf("state is %v: %v", st.State, st.Why)
	}
}

// A cable that is moved quickly, or while the kernel's news is lost: nothing tells of
// it but the count of losses.
func TestCarrierThatWasAwayUnseen(t *testing.T) {
	rfc.Shows(t, "R2131-F5-19", "R2131-3.7-02")
	for name, move := range map[string]func(o *office){
		"too quickly": func(o *office) { o.eth0.Flap() },
		"news is lost": func(o *office) {
			o.eth0.SetCarrier(false)
			o.eth0.SetCarrier(true)
			o.lan.Kernel.Overrun()
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(dhcpc.Config{})
			o.lan.At(time.Minute, func() {
				o.server.Forget()
				o.server.ID, o.server.Router = netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.1")
				o.server.Subnet = netip.MustParsePrefix("10.0.0.0/24")
				move(o)
			})
			o.run(t, 2*time.Minute)
			wantKinds(t, between(o.lan.Sent, time.Minute, 2*time.Minute), dhcp4.KindInitReboot, dhcp4.KindDiscover, dhcp4.KindSelecting)
			if got := o.eth0.Config().Addr; got != netip.MustParsePrefix("10.0.0.10/24") {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestCarrierLostWhileAsking(t *testing.T) {
	rfc.Shows(t, "P-ST-06")
	o := newOffice(dhcpc.Config{})
	o.server.Silent = true
	o.lan.At(2*time.Second, func() { o.eth0.SetCarrier(false) })
	o.lan.At(time.Hour, func() {
		o.server.Silent = false
		o.eth0.SetCarrier(true)
	})
	o.run(t, time.Hour+time.Minute)
	wantKinds(t, between(o.lan.Sent, 2*time.Second, time.Hour))
	if bound := o.once(t, dhcpc.Bound); bound.Time != time.Hour+fourWays {
		t.Errorf("bound at %v", bound.Time)
	}
}

// The cable comes back on another network, where a server knows its own subnet.
func TestTheCableIsMovedToAnotherNetwork(t *testing.T) {
	rfc.Shows(t, "R2131-F5-19", "R2131-3.2-12")
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.eth0.SetCarrier(false) })
	o.lan.At(2*time.Minute, func() {
		o.server.Forget()
		o.server.ID, o.server.Router = netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.1")
		o.server.Subnet = netip.MustParsePrefix("10.0.0.0/24")
		o.eth0.SetCarrier(true)
	})
	o.run(t, 3*time.Minute)
	back := between(o.lan.Sent, time.Minute, 3*time.Minute)
	wantKinds(t, back, dhcp4.KindInitReboot, dhcp4.KindDiscover, dhcp4.KindSelecting)
	if back[1].Has(dhcp4.RequestedAddress) {
		t.Error("the DISCOVER hints at an address that was refused")
	}
	if lost := o.once(t, dhcpc.Lost); lost.Time != 2*time.Minute+2*oneWay {
		t.Errorf("lost %+v", lost)
	}
	if got := o.eth0.Config().Addr; got != netip.MustParsePrefix("10.0.0.10/24") {
		t.Errorf("got %v", got)
	}
}

func TestTheLeaseEndsWithoutCarrier(t *testing.T) {
	rfc.Shows(t, "R2131-3.7-04", "R2131-4.4.1-10")
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.eth0.SetCarrier(false) })
	o.run(t, 2*time.Hour)
	lost := o.once(t, dhcpc.Lost)
	if lost.Time != time.Hour+2*oneWay {
		t.Errorf("lost at %v, an hour after the REQUEST is %v", lost.Time, time.Hour+2*oneWay)
	}
	if last := o.eth0.Applied[len(o.eth0.Applied)-1]; last.Time != lost.Time || last.Config.Addr.IsValid() {
		t.Errorf("the end is %+v", last)
	}
	wantKinds(t, between(o.lan.Sent, time.Minute, 2*time.Hour))
}

func TestAFlappingLink(t *testing.T) {
	rfc.Shows(t, "P-RT-23")
	o := newOffice(dhcpc.Config{})
	for i := range 100 {
		at := time.Minute + time.Duration(i)*10*time.Millisecond
		o.lan.At(at, func() { o.eth0.SetCarrier(false) })
		o.lan.At(at+5*time.Millisecond, func() { o.eth0.SetCarrier(true) })
	}
	o.run(t, 2*time.Minute)
	if n := len(between(o.lan.Sent, time.Minute, time.Minute+time.Second)); n > 2 {
		t.Errorf("%d messages in a second of flapping", n)
	}
	if st := o.status(t); st.State != machine.Bound || !st.Carrier {
		t.Errorf("after the flapping: %+v", st)
	}
}

func TestTheKernelLosesNews(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.request("eth1")
	o.lan.At(time.Minute, func() {
		o.eth0.Unplug()
		o.lan.Plug("eth1", o.network)
		o.lan.Kernel.Overrun()
	})
	o.run(t, 2*time.Minute)
	if gone := o.once(t, dhcpc.LinkGone); gone.Interface != "eth0" || gone.Time != time.Minute {
		t.Errorf("gone: %+v", gone)
	}
	if bound := o.told(dhcpc.Bound); len(bound) != 2 || bound[1].Interface != "eth1" {
		t.Errorf("bound %+v", bound)
	}
}

// Whoever sets a link down has a reason. When it is up again, it has lost its
// routes.
func TestALinkSetDownByAnother(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.eth0.SetUp(false) })
	o.lan.At(10*time.Minute, func() { o.eth0.SetUp(true) })
	o.run(t, 20*time.Minute)
	if len(o.eth0.Raised) != 1 {
		t.Errorf("set up at %v, want at the start only", o.eth0.Raised)
	}
	if got := o.eth0.Config(); len(got.Routes) != 1 || got.Metric != 1024 {
		t.Errorf("in the end configured %+v", got)
	}
	if failed := o.told(dhcpc.Failed); len(failed) > 0 {
		t.Errorf("told of %v", failed[0].Err)
	}
}

func TestOnLinkTellsOfEveryLink(t *testing.T) {
	var o *office
	seen := map[string]int{}
	o = newOffice(dhcpc.Config{OnLink: func(ev ifup.Event) {
		seen[ev.Link.Name]++
		if ev.Link.Name == "usb0" && !ev.Gone {
			o.request("usb0") // as the command does for every eligible link
		}
	}})
	o.client.Remove("eth0")
	o.lan.At(time.Minute, func() { o.lan.Plug("usb0", o.network) })
	o.run(t, 2*time.Minute)
	if bound := o.once(t, dhcpc.Bound); bound.Interface != "usb0" || bound.Time != time.Minute+fourWays {
		t.Errorf("bound %+v", bound)
	}
	if seen["eth0"] == 0 || seen["usb0"] < 2 {
		t.Errorf("told of %v", seen)
	}
}

func TestALinkSetDownAndUpWithoutCarrier(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.eth0.SetCarrier(false) })
	o.lan.At(2*time.Minute, func() { o.eth0.SetUp(false) })
	o.lan.At(3*time.Minute, func() { o.eth0.SetUp(true) })
	o.run(t, 4*time.Minute)
	if got := o.eth0.Config(); len(got.Routes) != 1 || got.Metric != 1024+65536 {
		t.Errorf("in the end configured %+v", got)
	}
}

// The kernel may hold back the news that a link is running for a second; the
// driver's word is there at once.
func TestCarrierThatIsAnnouncedLate(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.UpDelay, o.eth0.Late = time.Second, true
	o.run(t, time.Minute)
	const soon = 20 * time.Millisecond
	if bound := o.once(t, dhcpc.Bound); bound.Time != soon+fourWays {
		t.Errorf("bound at %v, want %v", bound.Time, soon+fourWays)
	}
	// The announcement, when it comes, is no news.
	if up := o.told(dhcpc.LinkUp); len(up) != 1 {
		t.Errorf("told of carrier %d times", len(up))
	}
	wantKinds(t, o.lan.Sent, dhcp4.KindDiscover, dhcp4.KindSelecting)
}

// A cable that is pulled before the presumption is none.
func TestCarrierThatGoesBeforeItIsAnnounced(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.UpDelay, o.eth0.Late = time.Second, true
	o.lan.At(10*time.Millisecond, func() { o.eth0.SetCarrier(false) })
	o.run(t, time.Minute)
	if len(o.lan.Sent) != 0 || len(o.told(dhcpc.LinkUp)) != 0 {
		t.Errorf("sent %v", o.lan.Sent)
	}
}

// If the other side of the cable hears of the carrier as late as the kernel
// tells us, what was sent before is lost, and is sent again at once.
func TestFirstFrameBeforeTheAnnouncementIsLost(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	const announced = time.Second // the repetition would come 200 ms after it at the earliest
	o.eth0.UpDelay, o.eth0.Late = announced, true
	o.eth0.Lose = func(*dhcptest.Message) bool { return o.lan.Now() < announced }
	o.run(t, time.Minute)
	if bound := o.once(t, dhcpc.Bound); bound.Time < announced || bound.Time > announced+100*time.Millisecond {
		t.Errorf("bound at %v, want soon after %v", bound.Time, announced)
	}
}

// While news was lost a link may have been down, and lost its routes.
func TestLostNewsAreMadeUpFor(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() {
		o.eth0.SetUp(false)
		o.eth0.SetUp(true)
		o.lan.Kernel.Overrun()
	})
	o.run(t, 2*time.Minute)
	if got := o.eth0.Config().Routes; len(got) != 1 {
		t.Errorf("routes %v", got)
	}
}

func TestAnAddressToKeepOutlivesTheName(t *testing.T) {
	o := newOffice(dhcpc.Config{KeepForever: true})
	o.lan.At(time.Minute, func() { o.eth0.Rename("lan0") })
	o.run(t, 2*time.Minute)
	if !o.eth0.Config().Addr.IsValid() {
		t.Error("withdrawn")
	}
}

// A link that became part of something larger is let go: what it brought is taken
// away, and the server is not told, since somebody will ask with its hardware
// address.
func TestWithdraw(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.client.Withdraw("eth0") })
	o.run(t, time.Hour)
	wantKinds(t, o.lan.Sent, dhcp4.KindDiscover, dhcp4.KindSelecting)
	if last := o.eth0.Applied[len(o.eth0.Applied)-1]; last.Time != time.Minute || last.Config.Addr.IsValid() || len(o.client.Status().Links) > 0 {
		t.Errorf("last configured %+v, status %+v", last, o.client.Status())
	}

	o = newOffice(dhcpc.Config{KeepForever: true})
	o.lan.At(time.Minute, func() { o.client.Withdraw("eth0") })
	o.run(t, time.Hour)
	if !o.eth0.Config().Addr.IsValid() {
		t.Error("what is to stay for ever was withdrawn")
	}
}
