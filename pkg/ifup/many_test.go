package ifup

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// many is a lab with further links, up, each with a lease to apply.
type many struct {
	*lab
	links  []int
	leases []Config
}

func newMany(t testing.TB, count int) *many {
	t.Helper()
	m := &many{lab: newLab(t)}
	for i := range count {
		name := fmt.Sprintf("many%d", i)
		netns.Veth(t, m.NS, name, m.far, name)
		m.links = append(m.links, m.index(name))
		net := fmt.Sprintf("10.%d.%d.", i/256, i%256)
		m.leases = append(m.leases, Config{
			Addr:     netip.MustParsePrefix(net + "5/24"),
			Lifetime: time.Hour,
			Metric:   1024 + 16*uint32(i),
			Routes:   []Route{defaultVia(net + "1")},
		})
	}
	m.poll()
	for _, index := range m.links {
		m.n.Up(index)
	}
	m.wantAll(nil)
	m.poll()
	return m
}

func (m *many) applyAll() {
	for i, index := range m.links {
		m.n.Apply(index, m.leases[i])
	}
}

// wantAll flushes and checks that every link is reported once, with that outcome.
func (m *many) wantAll(want error) {
	m.t.Helper()
	got := outcomes(m.n)
	if len(got) != len(m.links) {
		m.t.Errorf("%d links reported, want %d", len(got), len(m.links))
	}
	for _, index := range m.links {
		if len(got[index]) != 1 || fmt.Sprint(got[index][0]) != fmt.Sprint(want) {
			m.t.Fatalf("link %d reported as %v, want once: %v", index, got[index], want)
		}
	}
}

func (m *many) wantDefaults(want int) {
	m.t.Helper()
	routes, err := m.RouteListFiltered(unix.AF_INET, &netlink.Route{Protocol: unix.RTPROT_DHCP}, netlink.RT_FILTER_PROTOCOL)
	if err != nil || len(routes) != want {
		m.t.Errorf("%d routes of ours, %v, want %d", len(routes), err, want)
	}
}

// A lease is two requests here: what the kernel takes needs one write and a read
// that finds no refusal, for every 256 of them.
func TestManyLinksInFewSystemCalls(t *testing.T) {
	for _, tt := range []struct{ links, calls int }{{1, 2}, {64, 2}, {256, 4}} {
		t.Run(fmt.Sprint(tt.links), func(t *testing.T) {
			m := newMany(t, tt.links)
			m.applyAll()
			if got := syscalls(t, func() { m.wantAll(nil) }); got != tt.calls {
				t.Errorf("%d system calls, want %d", got, tt.calls)
			}
			m.wantDefaults(tt.links)
		})
	}
}

// Every one of 512 requests is refused; no answer is lost.
func TestManyRefusals(t *testing.T) {
	m := newMany(t, 256)
	for i := range m.leases {
		m.leases[i].Addr = netip.MustParsePrefix("192.0.2.5/24")
		m.leases[i].Lifetime = Forever
	}
	for i, index := range m.links {
		addr, err := netlink.ParseAddr("192.0.2.5/24")
		if err != nil {
			t.Fatal(err)
		}
		if err := m.AddrAdd(&netlink.Dummy{LinkAttrs: netlink.LinkAttrs{Index: index}}, addr); err != nil {
			t.Fatal(err)
		}
		m.leases[i].Routes = []Route{defaultVia("198.51.100.1")} // which nobody can reach
	}
	m.applyAll()
	m.wantAll(&Refused{Op: OpRoute, What: "0.0.0.0/0 via 198.51.100.1", Err: unix.ENETUNREACH})
	m.wantDefaults(0)
}

// Answers that find no room are refusals too, and what was installed all the
// same is taken over by the next attempt.
func TestManyAnswersLost(t *testing.T) {
	m := newMany(t, 64)
	good := slices.Clone(m.leases)
	for i := range m.leases {
		m.leases[i].Routes = []Route{defaultVia("198.51.100.1")}
	}
	if err := unix.SetsockoptInt(m.n.requests, unix.SOL_SOCKET, unix.SO_RCVBUF, 1); err != nil {
		t.Fatal(err)
	}
	m.applyAll()
	lost := 0
	for _, errs := range outcomes(m.n) {
		if len(errs) != 1 || errs[0] == nil {
			t.Fatalf("reported: %v", errs)
		}
		if errors.Is(errs[0], unix.ENOBUFS) {
			lost++
		}
	}
	if lost == 0 {
		t.Fatal("no answer was lost, so this shows nothing")
	}
	if _, err := m.n.read(m.n.requests); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("an answer is left behind: %v", err)
	}
	if err := unix.SetsockoptInt(m.n.requests, unix.SOL_SOCKET, unix.SO_RCVBUF, 200<<10); err != nil {
		t.Fatal(err)
	}
	m.leases = good
	m.applyAll()
	m.wantAll(nil)
	m.wantDefaults(64)
}

func TestManyFromEarlierLife(t *testing.T) {
	m := newMany(t, 256)
	m.applyAll()
	m.wantAll(nil)
	m.n.Close()
	m.open()
	m.applyAll()
	m.wantAll(nil)
	m.wantDefaults(256)
	for _, index := range m.links {
		m.n.Apply(index, Config{})
	}
	m.wantAll(nil)
	m.wantDefaults(0)
}

func TestQueueingAllocatesNothing(t *testing.T) {
	m := newMany(t, 64)
	m.applyAll()
	m.wantAll(nil)
	nothing := func(int, error) {}
	got := testing.AllocsPerRun(20, func() {
		m.applyAll()
		m.n.Flush(nothing)
	})
	if got != 0 {
		t.Errorf("%v allocations for the renewal of 64 leases", got)
	}
}

func BenchmarkFirstLease(b *testing.B) {
	for _, links := range []int{1, 64, 256} {
		b.Run(fmt.Sprint(links), func(b *testing.B) {
			m := newMany(b, links)
			nothing := func(int, error) {}
			b.ReportAllocs()
			for b.Loop() {
				m.applyAll()
				m.n.Flush(nothing)
				b.StopTimer()
				for _, index := range m.links {
					m.n.Apply(index, Config{})
				}
				m.n.Flush(nothing)
				b.StartTimer()
			}
		})
	}
}

func BenchmarkOpenAndFirstPoll(b *testing.B) {
	for _, links := range []int{1, 256} {
		b.Run(fmt.Sprint(links), func(b *testing.B) {
			m := newMany(b, links)
			m.Do(b, func() {
				b.ReportAllocs()
				for b.Loop() {
					n, err := Open()
					if err != nil {
						b.Fatal(err)
					}
					if err := n.Poll(func(Event) {}); err != nil {
						b.Fatal(err)
					}
					n.Close()
				}
			})
		})
	}
}
