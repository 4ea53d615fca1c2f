package dhcpc_test

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

var (
	_ dhcpc.Net       = (*dhcptest.LAN)(nil)
	_ dhcpc.Kernel    = (*dhcptest.Kernel)(nil)
	_ dhcptest.Client = (*dhcpc.Client)(nil)
)

// An office is the usual scene: a machine with eth0 on a network with a server,
// and a client that was asked for a lease on eth0.
type office struct {
	lan     *dhcptest.LAN
	network *dhcptest.Segment
	server  *dhcptest.Server
	eth0    *dhcptest.Link
	client  *dhcpc.Client
	events  []dhcpc.Event
}

// A frame takes this long one way; a lease takes four frames.
const (
	oneWay   = 200 * time.Microsecond
	fourWays = 4 * oneWay
)

func newOffice(c dhcpc.Config) *office {
	o := &office{lan: dhcptest.NewLAN(1)}
	o.network = o.lan.Segment()
	o.network.Latency = oneWay
	o.server = o.network.Serve(newServer())
	o.eth0 = o.lan.Plug("eth0", o.network)
	o.client = newClient(o.lan, c)
	o.request("eth0")
	return o
}

// newServer is S1, which gives out 192.0.2.10 and so on.
func newServer() *dhcptest.Server {
	return &dhcptest.Server{
		ID:     netip.MustParseAddr("192.0.2.1"),
		Subnet: netip.MustParsePrefix("192.0.2.0/24"),
		DNS:    []netip.Addr{netip.MustParseAddr("192.0.2.53")},
	}
}

func newClient(lan *dhcptest.LAN, c dhcpc.Config) *dhcpc.Client {
	c.Net, c.Kernel = lan, lan.Kernel
	c.Rand = rand.New(rand.NewPCG(1, uint64(lan.Now()))).Uint32
	return dhcpc.New(c)
}

func (o *office) request(iface string) {
	if err := o.client.Request(iface, dhcpc.IPv4, o.note); err != nil {
		panic(err) // of a test's own making
	}
}

func (o *office) note(ev dhcpc.Event) { o.events = append(o.events, ev) }

// run runs the client until a time and fails the test for all that the LAN
// does not let a client do.
func (o *office) run(t *testing.T, until time.Duration) {
	t.Helper()
	if err := o.lan.Run(o.client, until); err != nil {
		t.Fatal(err)
	}
}

// status is that of eth0.
func (o *office) status(t *testing.T) dhcpc.LinkStatus {
	t.Helper()
	return statusOf(t, o.client, "eth0")
}

func statusOf(t *testing.T, c *dhcpc.Client, iface string) dhcpc.LinkStatus {
	t.Helper()
	for _, l := range c.Status().Links {
		if l.Interface == iface {
			return l
		}
	}
	t.Fatalf("%s is not in the status", iface)
	return dhcpc.LinkStatus{}
}

// told is every event of one kind.
func (o *office) told(k dhcpc.EventKind) []dhcpc.Event {
	return slices.DeleteFunc(slices.Clone(o.events), func(ev dhcpc.Event) bool { return ev.Kind != k })
}

// once is the one event of its kind.
func (o *office) once(t *testing.T, k dhcpc.EventKind) dhcpc.Event {
	t.Helper()
	list := o.told(k)
	if len(list) != 1 {
		t.Fatalf("%d events of kind %d, want one; all: %+v", len(list), k, o.events)
	}
	return list[0]
}

// kinds is what was sent, in short.
func kinds(list []*dhcptest.Message) []dhcp4.Kind {
	var k []dhcp4.Kind
	for _, m := range list {
		k = append(k, m.Kind)
	}
	return k
}

// ofKind is every message of one kind.
func ofKind(list []*dhcptest.Message, k dhcp4.Kind) []*dhcptest.Message {
	return slices.DeleteFunc(slices.Clone(list), func(m *dhcptest.Message) bool { return m.Kind != k })
}

func between(list []*dhcptest.Message, from, to time.Duration) []*dhcptest.Message {
	return slices.DeleteFunc(slices.Clone(list), func(m *dhcptest.Message) bool { return m.Time < from || m.Time >= to })
}

func wantKinds(t *testing.T, list []*dhcptest.Message, want ...dhcp4.Kind) {
	t.Helper()
	if !slices.Equal(kinds(list), want) {
		t.Fatalf("sent %v, want kinds %v", list, want)
	}
}

// within is for times that are jittered.
func within(t *testing.T, what string, got, from, to time.Duration) {
	t.Helper()
	if got < from || got > to {
		t.Errorf("%s: %v, want %v to %v", what, got, from, to)
	}
}
