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

func TestOneLinkGetsALeaseInFourFrames(t *testing.T) {
	rfc.Shows(t, "R2131-4.1-03", "R2131-4.1-04", "R2131-4.4.1-02", "R2131-3.1-01", "R2131-T5-05", "R2131-F5-13", "R2131-4.4.1-04", "R2131-4.4.1-10")
	o := newOffice(dhcpc.Config{})
	o.run(t, time.Minute)

	wantKinds(t, o.lan.Sent, dhcp4.KindDiscover, dhcp4.KindSelecting)
	bound := o.once(t, dhcpc.Bound)
	if bound.Time != fourWays {
		t.Errorf("bound after %v, want the %v that four frames take", bound.Time, fourWays)
	}
	if bound.Interface != "eth0" || bound.Family != dhcpc.IPv4 || bound.State != machine.Bound {
		t.Errorf("event is %+v", bound)
	}
	if len(o.eth0.Applied) != 1 {
		t.Fatalf("configured %d times, want once", len(o.eth0.Applied))
	}
	got := o.eth0.Config()
	want := ifup.Config{
		Addr:     netip.MustParsePrefix("192.0.2.10/24"),
		Lifetime: time.Hour - time.Second, // what is left of the lease, in whole seconds
		Metric:   1024,
		Routes:   []ifup.Route{{Dst: netip.MustParsePrefix("0.0.0.0/0"), Gateway: netip.MustParseAddr("192.0.2.1")}},
	}
	if got.Addr != want.Addr || got.Lifetime != want.Lifetime || got.Metric != want.Metric || !slices.Equal(got.Routes, want.Routes) || got.MTU != 0 {
		t.Errorf("configured %+v, want %+v", got, want)
	}
}

func TestStatusTellsTheStory(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.UpDelay = time.Second
	o.run(t, time.Minute)

	st := o.client.Status()
	if !st.Bound || st.DNS != netip.MustParseAddr("192.0.2.53") {
		t.Errorf("bound %v, DNS %v", st.Bound, st.DNS)
	}
	l := o.status(t)
	if l.State != machine.Bound || !l.Carrier || l.Lease == nil || l.Sent != 2 || l.Received != 2 || l.LastErr != "" {
		t.Errorf("status is %+v", l)
	}
	if l.Refused != [dhcp4.NumRefusals]uint32{} {
		t.Errorf("refused %v, want nothing", l.Refused)
	}
	want := []dhcpc.Mark{
		{What: "up", At: 0},
		{What: "carrier", At: time.Second},
		{What: "DISCOVER", At: time.Second},
		{What: "OFFER", At: time.Second + 2*oneWay},
		{What: "REQUEST", At: time.Second + 2*oneWay},
		{What: "ACK", At: time.Second + fourWays},
		{What: "installed", At: time.Second + fourWays},
	}
	if !slices.Equal(l.Timeline, want) {
		t.Errorf("timeline is %v\nwant %v", l.Timeline, want)
	}
}

func TestALinkThatIsUpIsLeftAlone(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.SetUp(true)
	o.run(t, time.Minute)
	if len(o.eth0.Raised) != 0 {
		t.Errorf("set up at %v, it was up", o.eth0.Raised)
	}
	o.once(t, dhcpc.Bound)
}

func TestNothingIsSentBeforeTheLinkRuns(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.UpDelay = 2 * time.Second
	o.run(t, time.Minute)
	if first := o.lan.Sent[0].Time; first != 2*time.Second {
		t.Errorf("first frame at %v, the link runs from 2s", first)
	}
	if up := o.once(t, dhcpc.LinkUp); up.Time != 2*time.Second {
		t.Errorf("told of the link at %v", up.Time)
	}
}

func TestALostFirstFrameIsRepeatedEarly(t *testing.T) {
	rfc.Shows(t, "R2131-4.1-20", "R2131-4.1-10", "P-RT-22", "R2131-T5-03", "R2131-3.1-02")
	o := newOffice(dhcpc.Config{})
	o.eth0.ForwardDelay = 100 * time.Millisecond
	o.run(t, time.Minute)

	wantKinds(t, o.lan.Sent, dhcp4.KindDiscover, dhcp4.KindDiscover, dhcp4.KindSelecting)
	again := o.lan.Sent[1]
	within(t, "second DISCOVER", again.Time, 1200*time.Millisecond, 1800*time.Millisecond)
	if again.Xid != o.lan.Sent[0].Xid || again.Secs != 1 {
		t.Errorf("the repetition is %v, its first was %v", again, o.lan.Sent[0])
	}
}

func TestAPortThatForwardsLateCostsNoMoreThanAGap(t *testing.T) {
	rfc.Shows(t, "P-RT-02")
	o := newOffice(dhcpc.Config{})
	o.eth0.ForwardDelay = 30 * time.Second // spanning tree
	o.run(t, 2*time.Minute)
	within(t, "bound", o.once(t, dhcpc.Bound).Time, 30*time.Second, 36*time.Second+fourWays)
}

func TestASilentNetworkIsAskedForEver(t *testing.T) {
	rfc.Shows(t, "R2131-4.1-20", "R2131-4.1-21", "P-RT-02")
	o := newOffice(dhcpc.Config{})
	o.server.Silent = true
	const answer = 24 * time.Hour
	o.lan.At(answer, func() { o.server.Silent = false })
	o.run(t, answer+2*time.Minute)

	within(t, "bound", o.once(t, dhcpc.Bound).Time, answer, answer+64*time.Second*12/10+fourWays)
	discovers := ofKind(o.lan.Sent, dhcp4.KindDiscover)
	for i := range discovers[1:] {
		gap := discovers[i+1].Time - discovers[i].Time
		nominal := []time.Duration{1500 * time.Millisecond, 1750 * time.Millisecond, 5 * time.Second}[min(i, 2)]
		if discovers[i].Time > time.Minute {
			nominal = 64 * time.Second
		}
		if gap > nominal*12/10 {
			t.Errorf("gap %d is %v, want at most %v + 20%%", i, gap, nominal)
		}
	}
	late := between(discovers, time.Hour, answer)
	for i := range late[1:] {
		within(t, "gap after an hour", late[i+1].Time-late[i].Time, 64*time.Second*8/10, 64*time.Second*12/10)
	}
}

func TestLinksAreIndependent(t *testing.T) {
	rfc.Shows(t, "R2131-3.6-01")
	o := newOffice(dhcpc.Config{})
	var links []*dhcptest.Link
	for i := 1; i < 8; i++ {
		network := o.lan.Segment()
		server := newServer()
		server.Subnet = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i), 0, 0}), 16)
		server.ID = server.Subnet.Addr().Next()
		network.Serve(server)
		server.Silent = i == 3
		name := fmt.Sprint("eth", i)
		link := o.lan.Plug(name, network)
		link.SetUp(true)
		link.SetCarrier(i != 5)
		links = append(links, link)
		o.request(name)
	}
	o.run(t, time.Minute)

	xids := map[uint32]string{}
	for _, m := range o.lan.Sent {
		if other := xids[m.Xid]; other != "" && other != m.Link.Name() {
			t.Errorf("%s and %s share xid %08x", other, m.Link.Name(), m.Xid)
		}
		xids[m.Xid] = m.Link.Name()
	}
	for i, l := range links {
		name, slot := l.Name(), i+1
		switch st := statusOf(t, o.client, name); name {
		case "eth3":
			if st.State != machine.Selecting {
				t.Errorf("%s without a server is in state %v", name, st.State)
			}
		case "eth5":
			if st.State != machine.Down || st.Sent != 0 {
				t.Errorf("%s without carrier sent %d, state %v", name, st.Sent, st.State)
			}
		default:
			if got := l.Config(); got.Addr.Addr().As4()[1] != byte(slot) || got.Metric != 1024+16*uint32(slot) {
				t.Errorf("%s has %v with metric %d", name, got.Addr, got.Metric)
			}
			if at := l.Applied[0].Time; at != fourWays {
				t.Errorf("%s was configured at %v, alone it would be %v", name, at, fourWays)
			}
		}
	}
}

func TestTheMetricFollowsTheOrderOfRequests(t *testing.T) {
	o := newOffice(dhcpc.Config{Metric: 100})
	eth1, eth2 := o.lan.Plug("eth1", o.network), o.lan.Plug("eth2", o.network)
	o.request("eth2")
	o.lan.At(time.Minute, func() {
		o.client.Remove("eth0")
		o.request("eth1") // takes the free slot
	})
	o.run(t, 2*time.Minute)
	if m := eth2.Config().Metric; m != 116 {
		t.Errorf("the second request has metric %d, want 116", m)
	}
	if m := eth1.Applied[0].Config.Metric; m != 100 {
		t.Errorf("the request in the free slot has metric %d, want 100", m)
	}
}

func TestLinksAreRaisedAFewAtATime(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	const n = 21
	for i := 1; i < n; i++ {
		name := fmt.Sprint("eth", i)
		o.lan.Plug(name, o.network)
		o.request(name)
	}
	o.run(t, time.Minute)
	sum := 0
	for _, batch := range o.lan.Kernel.Batches {
		sum += batch
		if batch > 4 {
			t.Errorf("%d links set up at once", batch)
		}
	}
	if sum != n {
		t.Errorf("%d links set up, want each of %d once", sum, n)
	}
	if got := len(o.told(dhcpc.Bound)); got != n {
		t.Errorf("%d of %d bound", got, n)
	}
}

// A thousand links behind a server that drowns in more than it can queue.
func TestAThousandLinks(t *testing.T) {
	const n = 1000
	o := newOffice(dhcpc.Config{})
	o.server.ID, o.server.First = netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.1.0")
	o.server.Subnet, o.server.Router = netip.MustParsePrefix("10.0.0.0/16"), netip.MustParseAddr("10.0.0.1")
	o.server.Think, o.server.Backlog = 100*time.Microsecond, 64
	links := []*dhcptest.Link{o.eth0}
	for i := 1; i < n; i++ {
		name := fmt.Sprint("eth", i)
		links = append(links, o.lan.Plug(name, o.network))
		o.request(name)
	}
	o.run(t, 5*time.Second)

	if got := len(o.told(dhcpc.Bound)); got != n {
		t.Errorf("%d of %d bound", got, n)
	}
	if o.server.Dropped > 0 || len(o.lan.Sent) != 2*n {
		t.Errorf("%d messages sent and %d dropped, want %d and none", len(o.lan.Sent), o.server.Dropped, 2*n)
	}
	held := map[netip.Addr]bool{}
	for _, l := range links {
		held[l.Config().Addr.Addr()] = true
	}
	if len(held) != n {
		t.Errorf("%d different addresses, want %d", len(held), n)
	}
	// The server is the bottleneck, and is kept busy.
	last := o.events[len(o.events)-1].Time
	if busy := 2 * n * o.server.Think; last > busy*3/2 {
		t.Errorf("the last of %d is bound after %v, the server works for %v", n, last, busy)
	}
}

// A NIC, a switch or a hypervisor that does not let through what is sent to an
// address before its owner has it costs three messages, not the lease.
func TestALANThatDropsUnicastBeforeTheAddress(t *testing.T) {
	rfc.Shows(t, "P-SA-01", "R2131-4.1-05", "R2131-4.1-06", "P-RT-22")
	o := newOffice(dhcpc.Config{})
	dropped := 0
	o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
		switch {
		case r == nil:
			return nil
		case m.Flags&0x8000 == 0 && m.ClientAddr.IsUnspecified():
			dropped++
			return nil
		}
		return []dhcptest.Frame{o.server.Frame(m, r)}
	}
	o.lan.At(10*time.Minute, func() { o.eth0.SetCarrier(false) })
	o.lan.At(11*time.Minute, func() { o.eth0.SetCarrier(true) })
	o.run(t, time.Hour)

	// The gaps of the table, each up to a fifth longer.
	within(t, "bound", o.once(t, dhcpc.Bound).Time, 0, 8250*time.Millisecond*12/10+fourWays)
	if dropped != 3 {
		t.Errorf("%d answers were dropped, want those to the first three DISCOVERs", dropped)
	}
	before := ofKind(o.lan.Sent, dhcp4.KindDiscover)
	if d := before[3]; d.Flags != 0x8000 || d.Xid == before[2].Xid || before[2].Xid != before[0].Xid {
		t.Errorf("%v has flags %x; before it: %v", d, d.Flags, before[:3])
	}
	// When the cable comes back nothing has to be learned again, and a lease that is
	// renewed is answered at its address.
	if r := ofKind(o.lan.Sent, dhcp4.KindInitReboot); len(r) != 1 || r[0].Flags != 0x8000 {
		t.Errorf("asked anew with %v", r)
	}
	if r := ofKind(o.lan.Sent, dhcp4.KindRenewing); len(r) == 0 || r[0].Flags != 0 {
		t.Errorf("renewed with %v", r)
	}
}

// The other way round there is no loss at all: a LAN that drops broadcasts.
func TestALANThatDropsBroadcasts(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
		if r == nil || m.Flags&0x8000 != 0 {
			return nil
		}
		return []dhcptest.Frame{o.server.Frame(m, r)}
	}
	o.server.Silent = true // until the client has turned to broadcast
	o.lan.At(12*time.Second, func() { o.server.Silent = false })
	o.run(t, 2*time.Minute)
	within(t, "bound", o.once(t, dhcpc.Bound).Time, 12*time.Second, 30*time.Second)
}

// Where the network prefers hosts without IPv4, and the client has asked for that
// word, the link rests without a lease, socket or wake-up.
func TestANetworkThatPrefersIPv6(t *testing.T) {
	rfc.Shows(t, "R8925-3.2-03", "R8925-3.2-05", "R8925-3.2-11")
	o := newOffice(dhcpc.Config{Parameters: []dhcp4.Code{dhcp4.IPv6OnlyPreferred}})
	o.server.Options = []dhcptest.Option{{Code: dhcp4.IPv6OnlyPreferred, Data: dhcptest.Uint32(1800)}}
	o.lan.At(20*time.Minute, func() { // the network has changed its mind
		st := o.status(t)
		if st.State != machine.IPv6Only || st.Why != machine.ReasonIPv6Only || st.Resumes != 30*time.Minute+2*oneWay || st.Lease != nil {
			t.Errorf("status is %+v", st)
		}
		o.server.Options = nil
	})
	o.run(t, 40*time.Minute)

	ev := o.once(t, dhcpc.IPv6Only)
	if ev.Until != 30*time.Minute+2*oneWay || ev.State != machine.IPv6Only || ev.Reason != machine.ReasonIPv6Only {
		t.Errorf("event is %+v", ev)
	}
	wantKinds(t, o.lan.Sent, dhcp4.KindDiscover, dhcp4.KindDiscover, dhcp4.KindSelecting)
	if bound := o.once(t, dhcpc.Bound); bound.Time != ev.Until+fourWays {
		t.Errorf("bound at %v", bound.Time)
	}
	for _, at := range o.lan.Wakeups {
		if at > time.Minute && at < 20*time.Minute {
			t.Errorf("woken at %v", at)
		}
	}
	if o.status(t).Resumes != 0 {
		t.Error("a link that is bound will resume")
	}
}
