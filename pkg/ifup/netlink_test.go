package ifup

import (
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

func TestMain(m *testing.M) { netns.Main(m) }

// lab is a namespace with a cable, eth0, to another, and a Netlink in it.
type lab struct {
	*netns.NS
	t    testing.TB
	n    *Netlink
	far  *netns.NS // the other end, lan0, is up
	eth0 int
	seen map[int]Link // as reported by Poll
}

func newLab(t testing.TB) *lab {
	t.Helper()
	l := &lab{NS: netns.New(t), t: t, far: netns.New(t), seen: map[int]Link{}}
	netns.Veth(t, l.NS, "eth0", l.far, "lan0")
	l.far.Up(t, "lan0")
	l.eth0 = l.index("eth0")
	l.open()
	return l
}

// newUpLab is a lab with eth0 up. The kernel may announce its carrier later.
func newUpLab(t testing.TB) *lab {
	t.Helper()
	l := newLab(t)
	l.n.Up(l.eth0)
	l.flush(nil)
	l.poll()
	return l
}

// open begins a life: a Netlink that remembers nothing but knows the links.
func (l *lab) open() {
	l.t.Helper()
	l.Do(l.t, func() {
		n, err := Open()
		if err != nil {
			l.t.Fatal(err)
		}
		l.n = n
		l.t.Cleanup(func() { n.Close() })
	})
	l.poll()
}

func (l *lab) index(name string) int {
	l.t.Helper()
	return l.Link(l.t, name).Attrs().Index
}

func (l *lab) poll() (events []Event) {
	l.t.Helper()
	err := l.n.Poll(func(e Event) {
		events = append(events, e)
		l.seen[e.Link.Index] = e.Link
		if e.Gone {
			delete(l.seen, e.Link.Index)
		}
	})
	if err != nil {
		l.t.Fatal(err)
	}
	return events
}

// until polls until eth0 is as wanted: carrier is announced a moment later than
// what a request changes.
func (l *lab) until(is func(Link) bool) {
	l.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !is(l.seen[l.eth0]) {
		if time.Now().After(deadline) {
			l.t.Fatalf("eth0 stays %+v", l.seen[l.eth0])
		}
		wait(l.t, l.n.FD())
		l.poll()
	}
}

func running(k Link) bool { return k.Running() }

// flush flushes and checks that eth0, and it alone, is reported with that outcome.
func (l *lab) flush(want error) {
	l.t.Helper()
	got := outcomes(l.n)
	if len(got) != 1 || len(got[l.eth0]) != 1 {
		l.t.Errorf("reported: %v, want eth0 once", got)
		return
	}
	if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(got[l.eth0][0])); diff != "" {
		l.t.Error(diff)
	}
}

// apply applies to eth0 what the kernel must accept.
func (l *lab) apply(c Config) {
	l.t.Helper()
	l.n.Apply(l.eth0, c)
	l.flush(nil)
}

// outcomes is all that Flush reports.
func outcomes(n *Netlink) map[int][]error {
	got := map[int][]error{}
	n.Flush(func(index int, err error) { got[index] = append(got[index], err) })
	return got
}

// wantAddrs compares the addresses of a link, "192.0.2.5/24 brd 192.0.2.255
// limited" for example.
func (l *lab) wantAddrs(name string, want ...string) {
	l.t.Helper()
	list, err := l.AddrList(l.Link(l.t, name), unix.AF_INET)
	if err != nil {
		l.t.Fatal(err)
	}
	var got []string
	for _, a := range list {
		text := a.IPNet.String()
		if a.Broadcast != nil {
			text += " brd " + a.Broadcast.String()
		}
		if a.Flags&unix.IFA_F_PERMANENT == 0 {
			text += " limited"
		}
		got = append(got, text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		l.t.Errorf("addresses of %s: %s", name, diff)
	}
}

// wantRoutes compares all routes of the main table, "default via 192.0.2.1 dev
// eth0 proto 16 src 192.0.2.5 metric 1024" for example, in any order.
func (l *lab) wantRoutes(want ...string) {
	l.t.Helper()
	got := l.routes()
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		l.t.Errorf("routes: %s", diff)
	}
}

// wantDefault compares the default routes only.
func (l *lab) wantDefault(want ...string) {
	l.t.Helper()
	got := slices.DeleteFunc(l.routes(), func(r string) bool { return !strings.HasPrefix(r, "default") })
	if !slices.Equal(want, got) {
		l.t.Errorf("default routes: %q, want %q", got, want)
	}
}

func (l *lab) routes() (routes []string) {
	l.t.Helper()
	list, err := l.RouteList(nil, unix.AF_INET)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, r := range list {
		var b strings.Builder
		if size, _ := r.Dst.Mask.Size(); size == 0 {
			b.WriteString("default")
		} else {
			b.WriteString(r.Dst.String())
		}
		if r.Gw != nil {
			fmt.Fprintf(&b, " via %s", r.Gw)
		}
		link, err := l.LinkByIndex(r.LinkIndex)
		if err != nil {
			l.t.Fatal(err)
		}
		fmt.Fprintf(&b, " dev %s proto %d", link.Attrs().Name, r.Protocol)
		if r.Scope != unix.RT_SCOPE_UNIVERSE {
			fmt.Fprintf(&b, " scope %s", r.Scope)
		}
		if r.Src != nil {
			fmt.Fprintf(&b, " src %s", r.Src)
		}
		fmt.Fprintf(&b, " metric %d", r.Priority)
		routes = append(routes, b.String())
	}
	slices.Sort(routes)
	return routes
}

// route adds a route that is not ours.
func (l *lab) route(r netlink.Route) {
	l.t.Helper()
	if err := l.RouteAdd(&r); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) deleteLink(name string) {
	l.t.Helper()
	if err := l.LinkDel(l.Link(l.t, name)); err != nil {
		l.t.Fatal(err)
	}
}

// leased is what a lease of an address in 192.0.2.0/24 with a router makes.
func leased(addr string) Config {
	return Config{
		Addr:     netip.MustParsePrefix(addr),
		Lifetime: time.Hour,
		Metric:   1024,
		Routes:   []Route{defaultVia("192.0.2.1")},
	}
}

func defaultVia(gateway string) Route {
	return Route{Dst: netip.MustParsePrefix("0.0.0.0/0"), Gateway: netip.MustParseAddr(gateway)}
}

// syscalls counts the reads and writes of fn, which are all that Netlink uses.
func syscalls(t testing.TB, fn func()) int {
	t.Helper()
	runtime.LockOSThread() // what is counted is the thread's
	defer runtime.UnlockOSThread()
	count := func() (reads, writes int) {
		fd, err := unix.Open("/proc/thread-self/io", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		buf := make([]byte, 512)
		n, err := unix.Read(fd, buf) // one, and the next count sees it
		if err != nil {
			t.Fatal(err)
		}
		var ignored int
		if _, err := fmt.Sscanf(string(buf[:n]), "rchar: %d\nwchar: %d\nsyscr: %d\nsyscw: %d\n", &ignored, &ignored, &reads, &writes); err != nil {
			t.Fatal(err)
		}
		return reads, writes
	}
	reads, writes := count()
	fn()
	moreReads, moreWrites := count()
	return moreReads - reads - 1 + moreWrites - writes
}
