package dhcpc_test

import (
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

// The server is named in option 54, not by siaddr, nor by where frames come from.
func TestRenewalGoesToTheServerByUDP(t *testing.T) {
	rfc.Shows(t, "R2131-F5-21", "R2131-F5-22", "R2131-T4-01", "R2131-T5-16", "R2131-4.1-08", "R2131-4.4.1-03", "R2131-4.4.5-12", "P-ST-05", "R1542-3.3-01")
	o := newOffice(dhcpc.Config{})
	o.server.T1, o.server.T2 = 10*time.Minute, 50*time.Minute
	o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
		r.NextServer = netip.MustParseAddr("192.0.2.9")
		return []dhcptest.Frame{o.server.Frame(m, r)}
	}
	o.run(t, 15*time.Minute)

	wantKinds(t, o.lan.Sent, dhcp4.KindDiscover, dhcp4.KindSelecting, dhcp4.KindRenewing)
	m := o.lan.Sent[2]
	if m.Raw || m.Dst.Addr() != o.server.ID || m.Src.Addr() != netip.MustParseAddr("192.0.2.10") {
		t.Errorf("sent raw %v from %v to %v", m.Raw, m.Src, m.Dst)
	}
	within(t, "T1", m.Time, 9*time.Minute+30*time.Second, 10*time.Minute+fourWays)
	if m.Xid == o.lan.Sent[1].Xid {
		t.Error("the renewal has the xid of the exchange before it")
	}
	if renewed := o.once(t, dhcpc.Renewed); renewed.Time != m.Time+2*oneWay || renewed.State != machine.Bound {
		t.Errorf("renewed %+v", renewed)
	}
	if st := o.status(t); st.Why != machine.ReasonRenewed || st.Since != m.Time+2*oneWay {
		t.Errorf("%v since %v: %v", st.State, st.Since, st.Why)
	}
	o.once(t, dhcpc.Bound)
	first, last := o.eth0.Applied[0].Config, o.eth0.Applied[1].Config
	if first.Addr != last.Addr || first.Lifetime != last.Lifetime || first.Metric != last.Metric || !slices.Equal(first.Routes, last.Routes) {
		t.Errorf("configured %+v, then %+v", first, last)
	}
}

func TestNoUnicastAnswerFallsBackToThePacketSocket(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.NoUDP = true // a strict reverse path filter
	o.run(t, time.Hour)
	renewals := ofKind(o.lan.Sent, dhcp4.KindRenewing)
	if len(renewals) < 2 {
		t.Fatalf("sent %v", o.lan.Sent)
	}
	if renewed := o.told(dhcpc.Renewed); len(renewed) == 0 || renewed[0].Time != renewals[1].Time+2*oneWay {
		t.Errorf("renewed %+v, want the answer to the second try at %v", renewed, renewals[1].Time)
	}
	if n := len(ofKind(o.lan.Sent, dhcp4.KindRebinding)); n > 0 {
		t.Errorf("%d broadcasts", n)
	}
}

// Linux answers ARP for all its addresses on all its links. A server on the same
// network may have learned the address of one link with the hardware address of
// another, and answers there: by UDP to a renewal, and to the packet socket later.
func TestAnswerThroughTheOtherLink(t *testing.T) {
	for _, kind := range []dhcp4.Kind{dhcp4.KindRenewing, dhcp4.KindRebinding} {
		o := newOffice(dhcpc.Config{})
		eth1 := o.lan.Plug("eth1", o.network)
		o.request("eth1")
		o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
			if r == nil {
				return nil
			}
			f := o.server.Frame(m, r)
			if m.Link == eth1 && !m.ClientAddr.IsUnspecified() {
				if m.Kind != kind {
					return nil
				}
				hw := o.eth0.HardwareAddr()
				copy(f.Data, hw[:])
			}
			return []dhcptest.Frame{f}
		}
		o.run(t, 3*time.Hour)
		renewed := slices.DeleteFunc(o.told(dhcpc.Renewed), func(ev dhcpc.Event) bool { return ev.Interface != "eth1" })
		if lost := o.told(dhcpc.Lost); len(lost) > 0 || len(renewed) < 3 {
			t.Errorf("kind %d: eth1 renewed %d times, lost %+v", kind, len(renewed), lost)
		}
		if st := o.status(t); st.Refused != [dhcp4.NumRefusals]uint32{} {
			t.Errorf("kind %d: eth0 refused %v", kind, st.Refused)
		}
	}
}

func TestRebindingAsksEveryServer(t *testing.T) {
	rfc.Shows(t, "R2131-F5-24", "R2131-F5-25", "R2131-T5-17", "R2131-4.3.2-01", "R2131-4.4.5-02", "R2131-4.4.5-20", "R2131-4.4.5-17")
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() {
		o.server.Silent = true
		// Its partner keeps the same records.
		partner := o.network.Serve(newServer())
		partner.ID = netip.MustParseAddr("192.0.2.2")
		partner.Respond = func(m *dhcptest.Message, _ *dhcptest.Reply) []dhcptest.Frame {
			r := &dhcptest.Reply{
				Type: dhcp4.Ack, Xid: m.Xid, HardwareAddr: m.HardwareAddr, ClientAddr: m.ClientAddr,
				YourAddr: m.ClientAddr, ServerID: partner.ID, Lease: 3600,
				Options: []dhcptest.Option{{Code: dhcp4.SubnetMask, Data: dhcptest.Addrs("255.255.255.0")}},
			}
			return []dhcptest.Frame{partner.Frame(m, r)}
		}
	})
	o.run(t, 53*time.Minute+30*time.Minute)

	var times []time.Duration
	for _, m := range between(ofKind(o.lan.Sent, dhcp4.KindRenewing), 0, 53*time.Minute) {
		times = append(times, m.Time)
	}
	// T1 may come up to a few per cent early; each gap is half of what is left to
	// T2, and no less than a minute.
	if len(times) < 4 || len(times) > 7 {
		t.Fatalf("renewals at %v", times)
	}
	t2 := 52*time.Minute + 30*time.Second
	for i := range times[1:] {
		within(t, "gap to the next renewal", times[i+1]-times[i], min(max((t2-times[i])/2*75/100, 45*time.Second), time.Minute), (t2-times[i])/2*125/100+time.Minute)
	}
	rebinding := ofKind(o.lan.Sent, dhcp4.KindRebinding)
	if len(rebinding) != 1 {
		t.Fatalf("sent %v", o.lan.Sent)
	}
	within(t, "T2", rebinding[0].Time, 50*time.Minute, t2+fourWays)
	renewed := o.told(dhcpc.Renewed)
	if len(renewed) == 0 || renewed[0].Time != rebinding[0].Time+2*oneWay || renewed[0].Lease.Server != netip.MustParseAddr("192.0.2.2") {
		t.Fatalf("renewed %+v", renewed)
	}
	next := ofKind(between(o.lan.Sent, rebinding[0].Time, 2*time.Hour), dhcp4.KindRenewing)
	if len(next) != 1 || next[0].Dst.Addr() != netip.MustParseAddr("192.0.2.2") {
		t.Errorf("the next renewal is %v, want one to the partner", next)
	}
	for _, a := range o.eth0.Applied {
		if !a.Config.Addr.IsValid() {
			t.Errorf("withdrawn at %v", a.Time)
		}
	}
}

func TestTheLeaseEnds(t *testing.T) {
	rfc.Shows(t, "R2131-F5-27", "R2131-3.7-01", "R2131-4.4.5-16", "R2131-4.4.1-10", "H-LEAK-01")
	o := newOffice(dhcpc.Config{})
	o.network.Latency = time.Second // the end counts from the REQUEST
	o.lan.At(time.Minute, func() { o.server.Silent = true })
	o.run(t, 61*time.Minute)

	request := ofKind(o.lan.Sent, dhcp4.KindSelecting)[0].Time
	lost := o.once(t, dhcpc.Lost)
	if lost.Time != request+time.Hour || lost.Lease == nil {
		t.Errorf("lost at %v, an hour after the REQUEST is %v", lost.Time, request+time.Hour)
	}
	if last := o.eth0.Applied[len(o.eth0.Applied)-1]; last.Time != lost.Time || last.Config.Addr.IsValid() || len(last.Config.Routes) > 0 {
		t.Errorf("the end is %+v", last)
	}
	after := between(o.lan.Sent, lost.Time, 61*time.Minute)
	if len(after) == 0 || after[0].Kind != dhcp4.KindDiscover || after[0].Time > lost.Time+time.Second {
		t.Errorf("after the end: %v", after)
	}
	if o.client.Status().Bound {
		t.Error("the status says bound")
	}
	if got, want := o.status(t).Lost, (dhcpc.Loss{Addr: lost.Lease.Addr, Reason: machine.ReasonExpiry, At: lost.Time}); got != want {
		t.Errorf("the status says lost: %+v, want %+v", got, want)
	}
}

func TestALossIsShownUntilThereIsALeaseAgain(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.server.Silent = true })
	o.lan.At(62*time.Minute, func() { o.server.Silent = false })
	o.run(t, 70*time.Minute)
	o.once(t, dhcpc.Lost)
	if st := o.status(t); st.State != machine.Bound || st.Why != machine.ReasonInstalled || st.Lost != (dhcpc.Loss{}) {
		t.Errorf("with a lease again: %+v", st)
	}
}

func TestARefusedRenewal(t *testing.T) {
	rfc.Shows(t, "R2131-F5-23", "H-LEAK-01")
	o := newOffice(dhcpc.Config{})
	o.server.Authoritative = true
	o.lan.At(time.Minute, func() {
		o.server.Forget()
		o.server.First = netip.MustParseAddr("192.0.2.100")
	})
	o.run(t, 35*time.Minute)
	lost := o.once(t, dhcpc.Lost)
	wantKinds(t, o.lan.Sent, dhcp4.KindDiscover, dhcp4.KindSelecting, dhcp4.KindRenewing, dhcp4.KindDiscover, dhcp4.KindSelecting)
	again := o.lan.Sent[3]
	if lost.Time != o.lan.Sent[2].Time+2*oneWay || again.Time != lost.Time || again.Has(dhcp4.RequestedAddress) {
		t.Errorf("lost at %v, then %v asking for %v", lost.Time, again, again.Option(dhcp4.RequestedAddress))
	}
	if a := o.eth0.Applied[1]; a.Time != lost.Time || a.Config.Addr.IsValid() {
		t.Errorf("withdrawn: %+v", a)
	}
	if got := o.eth0.Config().Addr; got != netip.MustParsePrefix("192.0.2.100/24") {
		t.Errorf("in the end %v", got)
	}
}

func TestARefusedRebinding(t *testing.T) {
	rfc.Shows(t, "R2131-F5-26")
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.server.Silent = true })
	o.lan.At(51*time.Minute+30*time.Second, func() {
		o.server.Forget()
		o.server.Authoritative, o.server.Silent = true, false
		o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
			if m.Kind == dhcp4.KindRenewing {
				return nil
			}
			return []dhcptest.Frame{o.server.Frame(m, r)}
		}
	})
	o.run(t, 54*time.Minute)
	rebinding := ofKind(o.lan.Sent, dhcp4.KindRebinding)
	if lost := o.once(t, dhcpc.Lost); len(rebinding) != 1 || lost.Time != rebinding[0].Time+2*oneWay {
		t.Errorf("lost at %v after %v", lost.Time, rebinding)
	}
}

func TestARenewalChangesTheConfiguration(t *testing.T) {
	rfc.Shows(t, "P-ST-03", "P-ST-04")
	o := newOffice(dhcpc.Config{})
	o.server.Options = []dhcptest.Option{{Code: dhcp4.ClasslessRoute, Data: []byte{8, 10, 192, 0, 2, 7}}}
	o.lan.At(time.Minute, func() {
		o.server.Options, o.server.Router = nil, netip.MustParseAddr("192.0.2.254")
		o.server.DNS = []netip.Addr{netip.MustParseAddr("192.0.2.54")}
	})
	o.run(t, 35*time.Minute)
	renewed := o.once(t, dhcpc.Renewed)
	if !slices.Equal(renewed.Lease.DNS, o.server.DNS) || o.client.Status().DNS != o.server.DNS[0] {
		t.Errorf("DNS is %v", renewed.Lease.DNS)
	}
	got := o.eth0.Config()
	if want := []ifup.Route{{Dst: defaultRoute, Gateway: o.server.Router}}; !slices.Equal(got.Routes, want) {
		t.Errorf("routes are %v, want %v", got.Routes, want)
	}
	if len(o.eth0.Applied) != 2 {
		t.Errorf("configured %d times, want once for each ACK", len(o.eth0.Applied))
	}
}

func TestTheConfigurationIsThatOfTheAck(t *testing.T) {
	rfc.Shows(t, "R2131-4.3.2-02", "R2131-4.3.1-01")
	o := newOffice(dhcpc.Config{})
	o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
		if r.Type == dhcp4.Offer {
			r.Options = slices.DeleteFunc(r.Options, func(o dhcptest.Option) bool { return o.Code == dhcp4.DNSServer })
			r.Options = append(r.Options, dhcptest.Option{Code: dhcp4.DNSServer, Data: dhcptest.Addrs("192.0.2.66")})
		}
		return []dhcptest.Frame{o.server.Frame(m, r)}
	}
	o.run(t, time.Minute)
	if got := o.once(t, dhcpc.Bound).Lease.DNS; !slices.Equal(got, o.server.DNS) {
		t.Errorf("DNS is %v, the ACK says %v", got, o.server.DNS)
	}
}

func TestAnInfiniteLeaseIsNeverThoughtOfAgain(t *testing.T) {
	rfc.Shows(t, "R2131-3.3-02")
	o := newOffice(dhcpc.Config{})
	o.server.Lease = dhcptest.Forever
	const year = 365 * 24 * time.Hour
	o.run(t, 100*year) // 2^32-1 s would be 136
	if len(o.lan.Sent) != 2 || len(o.eth0.Applied) != 1 {
		t.Errorf("sent %v, configured %v", o.lan.Sent, o.eth0.Applied)
	}
	if last := o.lan.Wakeups[len(o.lan.Wakeups)-2]; last > time.Minute {
		t.Errorf("woken at %v", last)
	}
}

func TestAnAddressForEverIsNeverWithdrawn(t *testing.T) {
	o := newOffice(dhcpc.Config{KeepForever: true})
	o.lan.At(time.Minute, func() { o.server.Silent = true })
	o.run(t, 3*time.Hour)
	o.once(t, dhcpc.Lost)
	if got := o.eth0.Config(); !got.Addr.IsValid() || got.Lifetime != ifup.Forever {
		t.Errorf("configured %+v", got)
	}
}

// A lease runs on while the machine is suspended.
func TestTheLeaseEndsInSuspend(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.5-03", "P-TM-11")
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.lan.Suspend(2 * time.Hour) })
	const woken = 2*time.Hour + time.Minute
	o.run(t, woken+time.Minute)
	if lost := o.once(t, dhcpc.Lost); lost.Time != woken {
		t.Errorf("lost at %v, woken at %v", lost.Time, woken)
	}
	if a := o.eth0.Applied[1]; a.Time != woken || a.Config.Addr.IsValid() {
		t.Errorf("after the sleep configured %+v", a)
	}
	after := between(o.lan.Sent, time.Minute, woken+time.Minute)
	wantKinds(t, after, dhcp4.KindDiscover, dhcp4.KindSelecting)
	if bound := o.told(dhcpc.Bound); len(bound) != 2 || bound[1].Time > woken+time.Second {
		t.Errorf("bound %+v", bound)
	}
}

func TestTheRenewalIsDueAfterSuspend(t *testing.T) {
	rfc.Shows(t, "P-TM-11")
	for slept, kind := range map[time.Duration]dhcp4.Kind{
		40 * time.Minute: dhcp4.KindRenewing,
		55 * time.Minute: dhcp4.KindRebinding,
	} {
		o := newOffice(dhcpc.Config{})
		o.lan.At(time.Minute, func() { o.lan.Suspend(slept) })
		o.run(t, slept+2*time.Minute)
		after := between(o.lan.Sent, time.Minute, slept+2*time.Minute)
		wantKinds(t, after, kind)
		if at := o.once(t, dhcpc.Renewed).Time; at != slept+time.Minute+2*oneWay {
			t.Errorf("after %v of sleep renewed at %v", slept, at)
		}
	}
}

func TestLinksOfOneSubnetRenewThroughOneSocket(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.plug(1, 9)
	o.run(t, 35*time.Minute)
	renewed := o.told(dhcpc.Renewed)
	if len(renewed) != 10 {
		t.Errorf("%d of 10 renewed", len(renewed))
	}
	for _, m := range ofKind(o.lan.Sent, dhcp4.KindRenewing) {
		if m.Src.Addr() != m.Link.Config().Addr.Addr() {
			t.Errorf("%v asks for %v, the link has %v", m, m.Src.Addr(), m.Link.Config().Addr)
		}
	}
}

// While another link keeps the packet socket open, an answer by UDP comes twice.
// One of the two is not looked at.
func TestAnAnswerThatComesTwiceCountsOnce(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.Plug("eth1", o.lan.Segment()) // nobody there
	o.request("eth1")
	o.run(t, 35*time.Minute)
	o.once(t, dhcpc.Renewed)
	st := o.status(t)
	if st.State != machine.Bound || st.Received != 3 || st.Refused != [dhcp4.NumRefusals]uint32{} {
		t.Errorf("received %d, refused %v, state %v", st.Received, st.Refused, st.State)
	}
}

func TestRenewNow(t *testing.T) {
	rfc.Shows(t, "R2131-4.3.2-04")
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.client.Renew("") })
	o.run(t, 2*time.Minute)
	wantKinds(t, o.lan.Sent, dhcp4.KindDiscover, dhcp4.KindSelecting, dhcp4.KindRenewing)
	if at := o.once(t, dhcpc.Renewed).Time; at != time.Minute+2*oneWay {
		t.Errorf("renewed at %v", at)
	}
}

func TestRapidCommit(t *testing.T) {
	rfc.Shows(t, "R4039-4-02", "R4039-3-02", "R4039-3-03", "R4039-01", "R2131-4.4.1-10")
	o := newOffice(dhcpc.Config{RapidCommit: true})
	o.server.RapidCommit = true
	o.run(t, time.Minute)
	wantKinds(t, o.lan.Sent, dhcp4.KindDiscover)
	bound := o.once(t, dhcpc.Bound)
	if bound.Time != 2*oneWay || bound.Lease.Expiry != time.Hour {
		t.Errorf("bound %+v, lease %+v", bound, bound.Lease)
	}
}

// A month on a network that loses every tenth frame, doubles some and lets
// them overtake each other.
func TestALeaseLivesForAMonth(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.5-17")
	o := newOffice(dhcpc.Config{})
	o.network.Loss, o.network.Duplicate, o.network.Jitter = 0.1, 0.1, 5*time.Millisecond
	const month = 30 * 24 * time.Hour
	o.run(t, month)
	renewed := o.told(dhcpc.Renewed)
	if n := len(renewed); n < int(month/time.Hour) {
		t.Errorf("renewed %d times in a month", n)
	}
	if lost := o.told(dhcpc.Lost); len(lost) > 0 {
		t.Errorf("lost %+v", lost[0])
	}
	for i := range renewed[1:] {
		if gap := renewed[i+1].Time - renewed[i].Time; gap > time.Hour {
			t.Errorf("%v without a valid lease", gap-time.Hour)
		}
	}
}

// What comes in through a link on another network is not believed, whatever
// address it was sent to: who is there could speak for any server.
func TestAnswerThroughAnotherNetwork(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	guests := o.lan.Segment()
	other := newServer()
	other.ID, other.Subnet = netip.MustParseAddr("198.51.100.1"), netip.MustParsePrefix("198.51.100.0/24")
	guests.Serve(other)
	eth1 := o.lan.Plug("eth1", guests)
	o.request("eth1")
	astray := 0
	o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
		if r == nil {
			return nil
		}
		if f := o.server.Frame(m, r); m.ClientAddr.IsUnspecified() {
			return []dhcptest.Frame{f}
		} else {
			astray++
			eth1.Receive(f)
		}
		return nil
	}
	o.run(t, 50*time.Minute)
	for _, ev := range o.told(dhcpc.Renewed) {
		if ev.Interface == "eth0" {
			t.Errorf("renewed at %v", ev.Time)
		}
	}
	if astray == 0 {
		t.Error("no answer came through eth1")
	}
}
