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
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// crowd is how many links the machines of these tests have.
const crowd = 1000

// newCrowd is an office with a crowd of links, up, and a server for all of them.
func newCrowd() *office { return newCrowdOf(crowd) }

func newCrowdOf(n int) *office {
	o := newOffice(dhcpc.Config{})
	o.server.Subnet = netip.MustParsePrefix("10.77.0.0/16")
	o.server.ID = netip.MustParseAddr("10.77.0.1")
	o.eth0.SetUp(true)
	o.plug(1, n-1)
	return o
}

// wantAllBound fails unless every link of the crowd has an address of its own.
func (o *office) wantAllBound(t *testing.T) {
	t.Helper()
	seen := map[netip.Addr]string{}
	for _, l := range o.client.Status().Links {
		if l.State != machine.Bound || !l.Installed {
			t.Errorf("%s is not bound but %v", l.Interface, l.State)
			continue
		}
		if other := seen[l.Lease.Addr.Addr()]; other != "" {
			t.Errorf("%s and %s both have %v", other, l.Interface, l.Lease.Addr)
		}
		seen[l.Lease.Addr.Addr()] = l.Interface
	}
	if len(seen) != crowd {
		t.Errorf("%d of %d links have an address", len(seen), crowd)
	}
}

// opens reports whether the first message of an xid opens an exchange, and does
// not only ask another way what others of its link have asked before.
func opens(m *dhcptest.Message) bool { return m.Secs == 0 }

// openings is the first message of each exchange.
func (o *office) openings() []*dhcptest.Message {
	seen := map[uint32]bool{}
	return slices.DeleteFunc(slices.Clone(o.lan.Sent), func(m *dhcptest.Message) bool {
		before := seen[m.Xid]
		seen[m.Xid] = true
		return before || !opens(m)
	})
}

// wantWindow fails unless the window was filled and never more than that.
func (o *office) wantWindow(t *testing.T) {
	t.Helper()
	if got := o.inFlight(); got != window {
		t.Errorf("%d exchanges under way at once, want %d", got, window)
	}
}

// A good server has a whole crowd served as fast as its window allows, and hears
// nothing twice.
func TestACrowdAndAGoodServer(t *testing.T) {
	o := newCrowd()
	o.network.Latency = 10 * time.Millisecond
	o.run(t, time.Minute)
	o.wantAllBound(t)
	o.wantWindow(t)
	const rounds = (crowd + window - 1) / window
	if last := o.told(dhcpc.Bound)[crowd-1].Time; last > rounds*4*o.network.Latency {
		t.Errorf("the last is bound after %v, want %d rounds of 4 frames", last, rounds)
	}
	if n := len(o.lan.Sent); n != 2*crowd {
		t.Errorf("%d messages, want %d", n, 2*crowd)
	}
}

// The window is no larger than what a server works off before anybody repeats
// his question: a slow one is kept busy, and never asked twice.
func TestACrowdAndASlowServer(t *testing.T) {
	o := newCrowd()
	o.server.Think = time.Millisecond
	o.run(t, time.Minute)
	o.wantAllBound(t)
	o.wantWindow(t)
	if n := len(o.lan.Sent); n != 2*crowd {
		t.Errorf("%d messages, want %d", n, 2*crowd)
	}
	busy := 2 * crowd * o.server.Think
	if last := o.told(dhcpc.Bound)[crowd-1].Time; last > busy*101/100 {
		t.Errorf("the last is bound after %v, the server works for %v", last, busy)
	}
}

// A server that manages 50 messages a second and forgets what it cannot work off
// within a second gets to everyone in the end.
func TestACrowdAndADrowningServer(t *testing.T) {
	o := newCrowd()
	o.server.Think, o.server.Backlog = 20*time.Millisecond, 50
	o.run(t, 10*time.Minute)
	o.wantAllBound(t)
	o.wantWindow(t)
	if o.server.Dropped == 0 {
		t.Error("the server did not drown, so this shows nothing")
	}
}

// Behind a silent server the line moves on by a window every quarter of a
// second; when it speaks at last, all are served.
func TestACrowdAndASilentServer(t *testing.T) {
	const speaks = 10 * time.Second
	o := newCrowd()
	o.server.Silent = true
	o.lan.At(speaks, func() { o.server.Silent = false })
	o.run(t, time.Minute)
	o.wantAllBound(t)
	o.wantWindow(t)
	for i, m := range o.openings() {
		if want := time.Duration(i/window) * hold; m.Time != want || m.Link.Name() != fmt.Sprint("eth", i) {
			t.Fatalf("exchange %d: %v, want eth%d at %v", i, m, i, want)
		}
	}
	// The last gap of the table is 5 s, jittered.
	if last := o.told(dhcpc.Bound)[crowd-1].Time; last > speaks+6*time.Second {
		t.Errorf("the last is bound at %v", last)
	}
}

// Who came first goes first, whatever the order in which links were asked for,
// and also when places become free in the very moment in which others come.
func TestTheLineIsInOrderOfArrival(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.client.Remove("eth0")
	o.server.Silent = true
	for i := range crowd {
		o.request(fmt.Sprint("usb", i))
	}
	const waves = 4
	wave := map[string]int{}
	for w := range waves {
		from := (waves - 1 - w) * crowd / waves
		o.lan.At(time.Duration(w)*hold, func() {
			for i := from; i < from+crowd/waves; i++ {
				name := fmt.Sprint("usb", i)
				o.lan.Plug(name, o.network).SetUp(true)
				wave[name] = w
			}
		})
	}
	o.run(t, time.Minute)
	asked := o.openings()
	if len(asked) != crowd {
		t.Fatalf("%d links asked", len(asked))
	}
	latest := 0 // of the waves that have been served
	for i, m := range asked {
		if m.Time != asked[max(i-1, 0)].Time && wave[m.Link.Name()] < latest {
			t.Fatalf("%v, of wave %d, and one of wave %d was before it", m, wave[m.Link.Name()], latest)
		}
		latest = max(latest, wave[m.Link.Name()])
		if want := time.Duration(i/window) * hold; m.Time != want {
			t.Errorf("%v, want at %v", m, want)
		}
	}
}

// A lease that has to be renewed stands in line like everyone else, and is
// renewed long before it is over.
func TestARenewalBehindACrowd(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.SetUp(true)
	o.server.Lease, o.server.T1 = time.Minute, 30*time.Second
	nobody := o.lan.Segment()
	const renewal = 30 * time.Second
	o.lan.At(renewal-time.Second/10, func() {
		for i := range crowd {
			name := fmt.Sprint("usb", i)
			o.lan.Plug(name, nobody).SetUp(true)
			o.request(name)
		}
	})
	o.run(t, time.Minute)
	asked := ofKind(o.lan.Sent, dhcp4.KindRenewing)
	if len(asked) == 0 {
		t.Fatal("nothing was renewed")
	}
	if line := crowd / window * hold; asked[0].Time > renewal+line {
		t.Errorf("asked at %v, and the line takes no more than %v", asked[0].Time, line)
	}
	if lost := o.told(dhcpc.Lost); len(lost) > 0 {
		t.Errorf("lost: %+v", lost[0])
	}
	o.wantWindow(t)
}

// All leases renewed at once, as a signal has it, go through the same window.
func TestACrowdRenews(t *testing.T) {
	const at = 20 * time.Minute
	o := newCrowd()
	o.network.Latency = 10 * time.Millisecond
	o.lan.At(at, func() {
		o.lan.Sent = nil
		o.client.Renew("")
	})
	o.run(t, at+time.Minute)
	if n := len(o.told(dhcpc.Renewed)); n != crowd {
		t.Errorf("%d leases were renewed, want %d", n, crowd)
	}
	if n := len(ofKind(o.lan.Sent, dhcp4.KindRenewing)); n != crowd {
		t.Errorf("%d messages, want %d", n, crowd)
	}
	o.wantWindow(t)
}
