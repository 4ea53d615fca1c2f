package dhcpc_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

func TestIPv6IsRefused(t *testing.T) {
	c := dhcpc.New(dhcpc.Config{})
	err := c.Request("eth0", dhcpc.IPv6, nil)
	if err == nil || !strings.Contains(err.Error(), "eth0") || !strings.Contains(err.Error(), "6") {
		t.Errorf("error is %v", err)
	}
	if n := len(c.Status().Links); n != 0 {
		t.Errorf("%d links in the status", n)
	}
}

func TestRequestIsIdempotent(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	second := 0
	if err := o.client.Request("eth0", dhcpc.IPv4, func(dhcpc.Event) { second++ }); err != nil {
		t.Error(err)
	}
	o.lan.At(time.Minute, func() { o.request("eth0") })
	o.run(t, 2*time.Minute)
	o.once(t, dhcpc.Bound)
	if second != 0 || len(o.client.Status().Links) != 1 || len(o.lan.Sent) != 2 {
		t.Errorf("second callback called %d times, %d links, sent %v", second, len(o.client.Status().Links), o.lan.Sent)
	}
}

func TestARequestWithoutCallback(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.client.Remove("eth0")
	if err := o.client.Request("eth0", dhcpc.IPv4, nil); err != nil {
		t.Error(err)
	}
	o.run(t, time.Minute)
	if !o.client.Status().Bound {
		t.Error("not bound")
	}
}

func TestRemoveLeavesTheAddress(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.client.Remove("eth0") })
	o.run(t, 59*time.Minute)
	if !o.eth0.Config().Addr.IsValid() || len(o.eth0.Applied) != 1 {
		t.Errorf("configured %+v", o.eth0.Applied)
	}
	wantKinds(t, o.lan.Sent, dhcp4.KindDiscover, dhcp4.KindSelecting)
	if n := len(o.client.Status().Links); n != 0 {
		t.Errorf("%d links in the status", n)
	}
	if last := o.events[len(o.events)-1].Time; last > time.Minute {
		t.Errorf("called back at %v", last)
	}
}

func TestRemoveAndRequestAgain(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.server.Silent = true
	o.lan.At(time.Second, func() {
		o.client.Remove("")
		o.server.Silent = false
		o.request("eth0")
	})
	o.run(t, time.Minute)
	if bound := o.once(t, dhcpc.Bound); bound.Time != time.Second+fourWays {
		t.Errorf("bound at %v", bound.Time)
	}
}

// A callback may do what any other code may.
func TestCallbacksMayCallTheClient(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.client.Remove("eth0")
	eth1 := o.lan.Plug("eth1", o.network)
	var kinds []dhcpc.EventKind
	err := o.client.Request("eth0", dhcpc.IPv4, func(ev dhcpc.Event) {
		kinds = append(kinds, ev.Kind)
		if ev.Kind != dhcpc.Bound {
			return
		}
		if st := statusOf(t, o.client, "eth0"); st.State != machine.Bound {
			t.Errorf("status inside the callback is %+v", st)
		}
		o.client.Remove("eth0")
		o.request("eth1")
	})
	if err != nil {
		t.Fatal(err)
	}
	o.run(t, time.Minute)
	if last := kinds[len(kinds)-1]; last != dhcpc.Bound {
		t.Errorf("event %d after Remove", last)
	}
	if bound := o.once(t, dhcpc.Bound); bound.Interface != "eth1" || bound.Time != 2*fourWays {
		t.Errorf("bound %+v", bound)
	}
	// The first slot was free, but the route of eth0 is still there.
	if m := eth1.Config().Metric; m != 1025 {
		t.Errorf("metric is %d", m)
	}
}

func TestCallbacksMayRemoveEverythingAtAnyEvent(t *testing.T) {
	for n := range 10 {
		o := newOffice(dhcpc.Config{})
		o.client.Remove("eth0")
		o.lan.Plug("eth1", o.network)
		calls := 0
		cb := func(dhcpc.Event) {
			if calls++; calls > n {
				o.client.Remove("")
			}
		}
		for _, iface := range []string{"eth0", "eth1"} {
			if err := o.client.Request(iface, dhcpc.IPv4, cb); err != nil {
				t.Fatal(err)
			}
		}
		o.run(t, time.Hour)
		if len(o.client.Status().Links) != 0 {
			t.Errorf("removed at event %d: %+v", n, o.client.Status().Links)
		}
	}
}

func TestOnMessageMayCallTheClient(t *testing.T) {
	var o *office
	o = newOffice(dhcpc.Config{OnMessage: func(string, *dhcp4.Message, dhcp4.Refusal) { o.client.Remove("eth0") }})
	o.run(t, time.Minute)
	wantKinds(t, o.lan.Sent, dhcp4.KindDiscover)
}

func TestEventsTellTheStoryInOrder(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.run(t, time.Minute)
	type entry struct {
		kind    dhcpc.EventKind
		message dhcp4.MessageType
	}
	var got []entry
	for i, ev := range o.events {
		got = append(got, entry{ev.Kind, ev.Message})
		if i > 0 && ev.Time < o.events[i-1].Time {
			t.Errorf("event %d is older than the one before", i)
		}
	}
	want := []entry{
		{dhcpc.LinkUp, 0},
		{dhcpc.MessageSent, dhcp4.Discover},
		{dhcpc.MessageReceived, dhcp4.Offer},
		{dhcpc.MessageSent, dhcp4.Request},
		{dhcpc.MessageReceived, dhcp4.Ack},
		{dhcpc.Bound, 0},
	}
	if !slices.Equal(got, want) {
		t.Errorf("told %v\nwant %v", got, want)
	}
}

func TestTheRFCScheduleCanBeChosen(t *testing.T) {
	rfc.Shows(t, "R2131-4.1-22", "R2131-4.1-23", "R2131-4.1-24", "P-RT-01", "P-RT-02")
	o := newOffice(dhcpc.Config{Schedule: machine.Schedule{RFC: true}})
	o.server.Silent = true
	o.run(t, 10*time.Minute)
	for i, nominal := range []time.Duration{4, 8, 16, 32, 64, 64, 64} {
		gap := o.lan.Sent[i+1].Time - o.lan.Sent[i].Time
		within(t, "gap", gap, (nominal-1)*time.Second, (nominal+1)*time.Second)
	}
}

func TestTheStartDelayCanBeChosen(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.1-04")
	o := newOffice(dhcpc.Config{StartDelay: 10 * time.Second})
	o.run(t, time.Minute)
	within(t, "first frame", o.lan.Sent[0].Time, time.Millisecond, 10*time.Second)
}

func TestWhatTheClientSaysOfItself(t *testing.T) {
	rfc.Shows(t, "R2131-3.5-03", "R2131-4.1-05", "R2131-4.1-06", "R3442-C-01", "R2132-9.13-01", "R2132-9.14-02", "P-PX-01")
	o := newOffice(dhcpc.Config{
		HostName: "rack7", VendorClass: "lws", Broadcast: true, Parameters: []dhcp4.Code{150},
		ClientID: func(dhcp4.HardwareAddr) []byte { return []byte("\x00seven") },
	})
	o.run(t, time.Minute)
	for _, m := range o.lan.Sent {
		if string(m.Option(dhcp4.HostName)) != "rack7" || string(m.Option(dhcp4.VendorClass)) != "lws" ||
			string(m.Option(dhcp4.ClientIdentifier)) != "\x00seven" || m.Flags != 0x8000 ||
			!slices.Contains(m.Option(dhcp4.ParameterRequestList), 150) {
			t.Errorf("%v has options %v and flags %#x", m, m.Options, m.Flags)
		}
	}

	o = newOffice(dhcpc.Config{})
	o.run(t, time.Minute)
	for _, m := range o.lan.Sent {
		if m.Has(dhcp4.HostName) || m.Has(dhcp4.VendorClass) || m.Flags != 0 ||
			string(m.Option(dhcp4.ClientIdentifier)) != "\x01\x02\x00\x00\x00\x00\x01" ||
			string(m.Option(dhcp4.MaxMessageSize)) != "\x05\xdc" {
			t.Errorf("by default %v has options %v and flags %#x", m, m.Options, m.Flags)
		}
	}
}

func TestStrict(t *testing.T) {
	o := newOffice(dhcpc.Config{Strict: true})
	o.server.DNS = nil // the original wants one
	o.run(t, time.Minute)
	if len(o.told(dhcpc.Bound)) > 0 || o.status(t).Refused[dhcp4.NotStrict] == 0 {
		t.Errorf("taken by the strict rules: %+v", o.status(t))
	}
}

// What the machine had stays when the client ends; another client goes on from
// there.
func TestOneClientAfterAnother(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.run(t, time.Minute)
	if !o.eth0.Config().Addr.IsValid() {
		t.Fatal("the address went with the client")
	}
	o.client = newClient(o.lan, dhcpc.Config{})
	o.events = nil
	o.request("eth0")
	o.run(t, 2*time.Minute)
	if bound := o.once(t, dhcpc.Bound); bound.Time != time.Minute+fourWays {
		t.Errorf("bound at %v", bound.Time)
	}
}

// The methods may be called from any goroutine while the loop runs. The race
// detector is the judge.
func TestOtherGoroutines(t *testing.T) {
	lan := dhcptest.NewLAN(1)
	network := lan.Segment()
	network.Serve(newServer())
	for _, name := range []string{"eth0", "eth1", "eth2", "eth3"} {
		lan.Plug(name, network)
	}
	c := newClient(lan, dhcpc.Config{})
	var callers sync.WaitGroup
	started := make(chan struct{})
	for _, name := range []string{"eth0", "eth1", "eth2", "eth3"} {
		callers.Go(func() {
			<-started
			for range 100 {
				if err := c.Request(name, dhcpc.IPv4, func(dhcpc.Event) { c.Status() }); err != nil {
					t.Error(err)
				}
				c.Status()
				c.Renew(name)
				c.Remove(name)
			}
			if err := c.Request(name, dhcpc.IPv4, nil); err != nil {
				t.Error(err)
			}
		})
	}
	lan.At(time.Millisecond, func() {
		close(started)
		callers.Wait()
	})
	if err := lan.Run(c, time.Minute); err != nil {
		t.Error(err)
	}
	for _, l := range c.Status().Links {
		if l.State != machine.Bound {
			t.Errorf("%s is in state %v", l.Interface, l.State)
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	lan := dhcptest.NewLAN(1)
	net := &noticingWake{LAN: lan, woken: make(chan struct{})}
	c := dhcpc.New(dhcpc.Config{Net: net, Kernel: lan.Kernel})
	ctx, cancel := context.WithCancel(context.Background())
	lan.At(time.Minute, func() {
		cancel()
		<-net.woken
	})
	end := time.Duration(0)
	err := lan.Run(clientFunc(func(context.Context) error {
		err := c.Run(ctx)
		end = lan.Now()
		return err
	}), time.Hour)
	if end != time.Minute || err == nil {
		t.Errorf("Run ended at %v: %v", end, err)
	}
}

// noticingWake tells when the first Wake has come through.
type noticingWake struct {
	*dhcptest.LAN
	woken chan struct{}
	once  sync.Once
}

func (n *noticingWake) Wake() {
	n.LAN.Wake()
	n.once.Do(func() { close(n.woken) })
}

type clientFunc func(context.Context) error

func (f clientFunc) Run(ctx context.Context) error { return f(ctx) }

func TestNoCallbackAfterRemove(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.Plug("eth1", o.network)
	removed := false
	o.calls(t, "eth0", func(ev dhcpc.Event) {
		if ev.Kind == dhcpc.Bound { // eth1 is bound in the same turn
			removed = true
			o.client.Remove("eth1")
		}
	})
	o.calls(t, "eth1", func(ev dhcpc.Event) {
		if removed {
			t.Errorf("called back after Remove: %+v", ev)
		}
	})
	o.run(t, time.Minute)
	if !removed {
		t.Error("eth0 was never bound")
	}
}

func TestRunWorksOnce(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.run(t, time.Minute)
	if err := o.client.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "once") {
		t.Errorf("the second Run returned %v", err)
	}
}

// Broadcast and unicast go to the port where the servers are; the replies, here
// as ever from port 67, may come from any.
func TestTheServerPortCanBeChosen(t *testing.T) {
	const port = 6767
	o := newOffice(dhcpc.Config{ServerPort: port})
	o.lan.ServerPort = port
	o.lan.At(time.Minute, func() { o.client.Renew("") })
	o.run(t, 2*time.Minute)
	wantKinds(t, o.lan.Sent, dhcp4.KindDiscover, dhcp4.KindSelecting, dhcp4.KindRenewing)
	for _, m := range o.lan.Sent {
		if m.Dst.Port() != port {
			t.Errorf("%v went to %v", m, m.Dst)
		}
	}
	o.once(t, dhcpc.Renewed)
}

// What a callback panics with must reach the caller of Run.
func TestPanicInCallback(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.calls(t, "eth0", func(dhcpc.Event) { panic("mine") })
	defer func() {
		if got := recover(); got != "mine" {
			t.Errorf("recovered %v", got)
		}
	}()
	_ = o.lan.Run(o.client, time.Minute)
}

// calls requests a link, anew, with a callback of the test's own.
func (o *office) calls(t *testing.T, iface string, cb func(dhcpc.Event)) {
	t.Helper()
	o.client.Remove(iface)
	if err := o.client.Request(iface, dhcpc.IPv4, cb); err != nil {
		t.Fatal(err)
	}
}
