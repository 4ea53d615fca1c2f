package dhcpc_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

const (
	window = 64
	hold   = 250 * time.Millisecond
)

// plug adds n links that are up, and requests for them.
func (o *office) plug(from, n int) {
	for i := from; i < from+n; i++ {
		name := fmt.Sprint("eth", i)
		o.lan.Plug(name, o.network).SetUp(true)
		o.request(name)
	}
}

// inFlight is the largest number of exchanges under way at once, an exchange
// being over when its ACK came or hold has passed.
func (o *office) inFlight() int {
	type change struct {
		at time.Duration
		by int
	}
	acks := map[string][]time.Duration{}
	for _, ev := range o.told(dhcpc.MessageReceived) {
		if ev.Message == dhcp4.Ack {
			acks[ev.Interface] = append(acks[ev.Interface], ev.Time)
		}
	}
	var changes []change
	seen := map[uint32]bool{}
	for _, m := range o.lan.Sent {
		if seen[m.Xid] || !opens(m) {
			continue
		}
		seen[m.Xid] = true
		end := m.Time + hold
		for _, at := range acks[m.Link.Name()] {
			if at >= m.Time {
				end = min(end, at)
			}
		}
		changes = append(changes, change{m.Time, 1}, change{end, -1})
	}
	slices.SortFunc(changes, func(a, b change) int {
		if a.at != b.at {
			return cmp.Compare(a.at, b.at)
		}
		return a.by - b.by
	})
	most, now := 0, 0
	for _, c := range changes {
		now += c.by
		most = max(most, now)
	}
	return most
}

func TestAtMost64ExchangesAreUnderWay(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.SetUp(true)
	o.network.Latency = 10 * time.Millisecond
	o.plug(1, 199)
	o.run(t, time.Minute)
	if got := len(o.told(dhcpc.Bound)); got != 200 {
		t.Errorf("%d of 200 bound", got)
	}
	if got := o.inFlight(); got != window {
		t.Errorf("%d exchanges under way at once, want %d", got, window)
	}
	// 200 links are 4 windows of 4 frames each.
	if last := o.told(dhcpc.Bound)[199].Time; last > 16*o.network.Latency {
		t.Errorf("the last is bound after %v, want %v", last, 16*o.network.Latency)
	}
}

func TestASilentServerHoldsTheLineUpForAQuarterOfASecond(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.SetUp(true)
	o.server.Silent = true
	o.plug(1, window) // one more than there are places
	o.run(t, time.Second)
	at := map[time.Duration]int{}
	for _, m := range o.lan.Sent {
		at[m.Time]++
	}
	if at[0] != window || at[hold] != 1 {
		t.Errorf("DISCOVERs by time: %v, want %d at once and one at %v", at, window, hold)
	}
}

func TestRetransmissionsTakeNoPlace(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.SetUp(true)
	o.server.Silent = true
	o.plug(1, window-1)
	const second = 1300 * time.Millisecond // while the first links repeat: 1.2 to 1.8 s
	o.lan.At(second, func() { o.plug(window, window+1) })
	o.run(t, 2*time.Second)

	first := map[uint32]time.Duration{}
	early, late, meanwhile := 0, 0, 0
	for _, m := range o.lan.Sent {
		if opened, ok := first[m.Xid]; ok {
			within(t, "gap to the repetition", m.Time-opened, 1200*time.Millisecond, 1800*time.Millisecond)
			if m.Time > second && m.Time < second+hold {
				meanwhile++
			}
			continue
		}
		first[m.Xid] = m.Time
		switch m.Time {
		case second:
			early++
		case second + hold:
			late++
		}
	}
	if early != window || late != 1 {
		t.Errorf("of the new links %d asked at once and %d after %v, want %d and one", early, late, hold, window)
	}
	if meanwhile == 0 {
		t.Error("nothing was repeated while the window was full")
	}
}

// A switch with hundreds of the machine's links on it goes away while they stand in
// line. The one that is left gets its turn at once.
func TestTheLineForgetsTheDead(t *testing.T) {
	for name, kill := range map[string]func(*office, *dhcptest.Link){
		"unplugged":       func(_ *office, l *dhcptest.Link) { l.Unplug() },
		"without carrier": func(_ *office, l *dhcptest.Link) { l.SetCarrier(false) },
		"removed":         func(o *office, l *dhcptest.Link) { o.client.Remove(l.Name()) },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(dhcpc.Config{})
			o.client.Remove("")
			nobody := o.lan.Segment()
			var links []*dhcptest.Link
			for i := range 300 {
				l := o.lan.Plug(fmt.Sprint("dead", i), nobody)
				l.SetUp(true)
				links = append(links, l)
				o.request(l.Name())
			}
			o.eth0.SetUp(true)
			o.request("eth0")
			const at = 10 * time.Millisecond
			o.lan.At(at, func() {
				for _, l := range links {
					kill(o, l)
				}
			})
			o.run(t, time.Minute)
			if bound := o.once(t, dhcpc.Bound); bound.Time != at+fourWays {
				t.Errorf("bound at %v", bound.Time)
			}
		})
	}
}

// A link that is told to do without IPv4 needs no answer any more: the next has its
// place at once.
func TestALinkThatRestsGivesItsPlaceUp(t *testing.T) {
	o := newOffice(dhcpc.Config{Parameters: []dhcp4.Code{dhcp4.IPv6OnlyPreferred}})
	o.server.Options = []dhcptest.Option{{Code: dhcp4.IPv6OnlyPreferred, Data: dhcptest.Uint32(1800)}}
	o.plug(1, window)
	o.run(t, time.Minute)
	first := map[string]time.Duration{}
	for _, m := range o.lan.Sent {
		if name := m.Link.Name(); m.Kind != dhcp4.KindDiscover {
			t.Errorf("sent %v", m)
		} else if _, has := first[name]; !has {
			first[name] = m.Time
		}
	}
	if len(first) != window+1 {
		t.Errorf("%d links have asked", len(first))
	}
	for name, at := range first {
		if at >= hold {
			t.Errorf("%s asks at %v", name, at)
		}
	}
}
