package dhcpc_test

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

var defaultRoute = netip.MustParsePrefix("0.0.0.0/0")

// The address exists already, on this link or another: not ours to replace.
func TestTheKernelRefusesTheAddress(t *testing.T) {
	rfc.Shows(t, "P-ST-07", "H-ADDR-04")
	o := newOffice(dhcpc.Config{})
	o.eth0.Refuse[ifup.OpAddr] = syscall.EEXIST
	o.lan.At(10*time.Minute, func() { delete(o.eth0.Refuse, ifup.OpAddr) })
	o.run(t, 20*time.Minute)

	failed := o.told(dhcpc.Failed)
	var refused *ifup.Refused
	if len(failed) == 0 || !errors.As(failed[0].Err, &refused) || refused.Op != ifup.OpAddr || !errors.Is(failed[0].Err, syscall.EEXIST) {
		t.Fatalf("told of %+v", failed)
	}
	if bound := o.once(t, dhcpc.Bound); bound.Time < 10*time.Minute {
		t.Errorf("bound at %v, without an address", bound.Time)
	}
	requests := ofKind(between(o.lan.Sent, 0, 10*time.Minute), dhcp4.KindSelecting)
	if n := len(requests); n < 2 || n > 60 {
		t.Errorf("%d exchanges in 10 minutes of refusal, want at most one in 10 s", n)
	}
	for i := range requests[1:] {
		if gap := requests[i+1].Time - requests[i].Time; gap < 10*time.Second {
			t.Errorf("next exchange after %v, want 10 s at least", gap)
		}
	}
}

// The lease is renewed but the kernel does not take the new lifetime: it would
// withdraw the address at the end of the old one, and nobody would know.
func TestTheKernelRefusesANewLifetime(t *testing.T) {
	rfc.Shows(t, "P-ST-05")
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.eth0.Refuse[ifup.OpAddr] = syscall.ENOMEM })
	o.lan.At(40*time.Minute, func() {
		delete(o.eth0.Refuse, ifup.OpAddr)
		o.server.Silent = true // no other ACK comes to the rescue
	})
	o.lan.At(70*time.Minute, func() {
		if got := o.eth0.Config().Addr; got != netip.MustParsePrefix("192.0.2.10/24") {
			t.Errorf("at %v the kernel has %v", o.lan.Now(), got)
		}
	})
	o.run(t, 80*time.Minute)
	if failed := o.told(dhcpc.Failed); len(failed) == 0 || !errors.Is(failed[0].Err, syscall.ENOMEM) {
		t.Errorf("told of %+v", failed)
	}
	if n := len(o.eth0.Applied); n > 100 {
		t.Errorf("configured %d times", n)
	}
}

// Somebody else's default route with the same metric stays; the address is good
// without it.
func TestTheKernelRefusesARoute(t *testing.T) {
	rfc.Shows(t, "H-LEAK-02")
	o := newOffice(dhcpc.Config{})
	o.eth0.Refuse[ifup.OpRoute] = syscall.ENOMEM
	o.run(t, 5*time.Minute)
	if bound := o.once(t, dhcpc.Bound); bound.Time != fourWays {
		t.Errorf("bound at %v", bound.Time)
	}
	failed := o.once(t, dhcpc.Failed)
	var refused *ifup.Refused
	if !errors.As(failed.Err, &refused) || refused.Op != ifup.OpRoute || refused.What != "0.0.0.0/0" {
		t.Errorf("told of %v", failed.Err)
	}
	if got := o.eth0.Config(); !got.Addr.IsValid() || len(got.Routes) != 0 {
		t.Errorf("configured %+v", got)
	}
	if st := o.status(t); st.LastErr == "" || st.State != machine.Bound {
		t.Errorf("status is %+v", st)
	}
}

// A default route that is not ours has the metric of the link. It is left alone,
// and ours stands right behind it.
func TestTheMetricIsTaken(t *testing.T) {
	rfc.Shows(t, "H-LEAK-02")
	o := newOffice(dhcpc.Config{})
	o.lan.Kernel.Foreign[defaultRoute] = 1024
	o.run(t, 5*time.Minute)
	bound := o.once(t, dhcpc.Bound)
	if failed := o.told(dhcpc.Failed); len(failed) > 0 {
		t.Errorf("told of %v, which was put right at once", failed)
	}
	if got := o.eth0.Config(); len(got.Routes) != 1 || got.Metric != 1025 {
		t.Errorf("configured %+v", got)
	}
	if last := o.eth0.Applied[len(o.eth0.Applied)-1].Time; last != bound.Time {
		t.Errorf("bound at %v, with all its routes at %v", bound.Time, last)
	}
	if st := o.status(t); st.Metric != 1025 || st.LastErr != "" {
		t.Errorf("status is %+v", st)
	}
}

func TestTheKernelRefusesTheMTU(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.server.Options = []dhcptest.Option{{Code: dhcp4.InterfaceMTU, Data: []byte{5, 0}}}
	o.eth0.Refuse[ifup.OpMTU] = syscall.EINVAL
	o.run(t, time.Minute)
	o.once(t, dhcpc.Bound)
	o.once(t, dhcpc.Failed)
}

// rfkill, or a driver that is not ready.
func TestALinkThatCannotBeSetUpIsTriedForEver(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.Refuse[ifup.OpUp] = syscall.ERFKILL
	const cured = time.Hour
	o.lan.At(cured, func() { delete(o.eth0.Refuse, ifup.OpUp) })
	o.run(t, 2*time.Hour)
	if failed := o.told(dhcpc.Failed); len(failed) == 0 || !errors.Is(failed[0].Err, syscall.ERFKILL) {
		t.Errorf("told of %+v", failed)
	}
	tries := 0
	for _, at := range o.eth0.Raised {
		if at < cured {
			tries++
		}
	}
	if tries < 10 || tries > 3600 {
		t.Errorf("tried %d times in an hour", tries)
	}
	within(t, "bound", o.once(t, dhcpc.Bound).Time, cured, cured+77*time.Second)
}

// The link is gone by the time the kernel is asked, and nobody has told yet.
func TestALinkThatVanishesBeforeItIsConfigured(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.Refuse[ifup.OpAddr] = syscall.ENODEV
	o.lan.At(fourWays+time.Millisecond, func() { o.eth0.Unplug() })
	o.run(t, time.Minute)
	o.once(t, dhcpc.LinkGone)
	if bound := o.told(dhcpc.Bound); len(bound) > 0 {
		t.Errorf("bound: %+v", bound)
	}
	if n := len(o.lan.Sent); n > 3 {
		t.Errorf("%d messages", n)
	}
}

func TestWhatIsConfigured(t *testing.T) {
	gateway := netip.MustParseAddr("192.0.2.1")
	option := func(c dhcp4.Code, b ...byte) []dhcptest.Option { return []dhcptest.Option{{Code: c, Data: b}} }
	for _, c := range []struct {
		name   string
		rows   []string
		config dhcpc.Config
		serve  func(s *dhcptest.Server)
		want   func(c *ifup.Config)
	}{
		{name: "as the server says", want: func(c *ifup.Config) {}},
		{
			name: "no routes", config: dhcpc.Config{NoRoutes: true},
			want: func(c *ifup.Config) { c.Routes = nil },
		},
		{
			name: "address for ever", config: dhcpc.Config{KeepForever: true},
			want: func(c *ifup.Config) { c.Lifetime = ifup.Forever },
		},
		{
			name: "infinite lease", rows: []string{"R2131-3.3-02"},
			serve: func(s *dhcptest.Server) { s.Lease = dhcptest.Forever },
			want:  func(c *ifup.Config) { c.Lifetime = ifup.Forever },
		},
		{
			name: "classless routes silence the router", rows: []string{"R3442-03"},
			serve: func(s *dhcptest.Server) { s.Options = option(dhcp4.ClasslessRoute, 8, 10, 192, 0, 2, 7) },
			want: func(c *ifup.Config) {
				c.Routes = []ifup.Route{{Dst: netip.MustParsePrefix("10.0.0.0/8"), Gateway: netip.MustParseAddr("192.0.2.7")}}
			},
		},
		{
			name: "a /32 address with a router elsewhere", rows: []string{"P-RV-06"},
			serve: func(s *dhcptest.Server) {
				s.Options = nil
				s.Router = netip.MustParseAddr("10.9.9.9")
			},
			want: func(c *ifup.Config) {
				c.Routes = []ifup.Route{
					{Dst: netip.MustParsePrefix("10.9.9.9/32")},
					{Dst: defaultRoute, Gateway: netip.MustParseAddr("10.9.9.9")},
				}
			},
		},
		{
			name:  "MTU",
			serve: func(s *dhcptest.Server) { s.Options = option(dhcp4.InterfaceMTU, 5, 0) },
			want:  func(c *ifup.Config) { c.MTU = 1280 },
		},
		{
			name: "MTU not wanted", config: dhcpc.Config{NoMTU: true},
			serve: func(s *dhcptest.Server) { s.Options = option(dhcp4.InterfaceMTU, 5, 0) },
			want:  func(c *ifup.Config) {},
		},
		{
			name: "MTU that no IPv4 host may have", rows: []string{"H-MTU-01"},
			serve: func(s *dhcptest.Server) { s.Options = option(dhcp4.InterfaceMTU, 2, 0x3f) },
			want:  func(c *ifup.Config) {},
		},
		{
			name:  "MTU beyond the device",
			serve: func(s *dhcptest.Server) { s.Options = option(dhcp4.InterfaceMTU, 0xff, 0xff) },
			want:  func(c *ifup.Config) {},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			rfc.Shows(t, c.rows...)
			o := newOffice(c.config)
			if c.serve != nil {
				c.serve(o.server)
			}
			o.run(t, time.Minute)
			want := ifup.Config{
				Addr: netip.MustParsePrefix("192.0.2.10/24"), Lifetime: time.Hour, Metric: 1024,
				Routes: []ifup.Route{{Dst: defaultRoute, Gateway: gateway}},
			}
			c.want(&want)
			got := o.eth0.Config()
			if got.Addr != want.Addr || (got.Lifetime == ifup.Forever) != (want.Lifetime == ifup.Forever) || got.Metric != want.Metric ||
				!slices.Equal(got.Routes, want.Routes) || got.MTU != want.MTU {
				t.Errorf("configured %+v\nwant %+v", got, want)
			}
			if len(o.told(dhcpc.Failed)) > 0 {
				t.Errorf("told of %v", o.told(dhcpc.Failed)[0].Err)
			}
		})
	}
}

// A route that is refused for want of memory is asked for again.
func TestARouteIsAskedForAgain(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.Refuse[ifup.OpRoute] = syscall.ENOBUFS
	o.lan.At(time.Second, func() { delete(o.eth0.Refuse, ifup.OpRoute) })
	o.run(t, time.Minute)
	if got := o.eth0.Config().Routes; len(got) != 1 {
		t.Errorf("routes %v", got)
	}
	if n := len(o.eth0.Applied); n != 2 {
		t.Errorf("configured %d times", n)
	}
}

// slowKernel takes its time to do what is asked of it.
type slowKernel struct {
	*dhcptest.Kernel
	lan  *dhcptest.LAN
	time time.Duration
}

func (k *slowKernel) Flush(fn func(index int, err error)) {
	k.lan.Suspend(k.time)
	k.Kernel.Flush(fn)
}

// A lease is there when the kernel has it, not when the kernel was asked: people are
// told so to the millisecond.
func TestInstalledIsWhenTheKernelHasIt(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	kernel := &slowKernel{Kernel: o.lan.Kernel, lan: o.lan}
	o.eth0.SetUp(true)
	o.client = dhcpc.New(dhcpc.Config{Net: o.lan, Kernel: kernel})
	o.request("eth0")
	o.lan.At(oneWay, func() { kernel.time = 30 * time.Millisecond })
	o.run(t, time.Minute)
	if bound := o.once(t, dhcpc.Bound); bound.Time != fourWays+kernel.time {
		t.Errorf("bound at %v, want %v after the ACK", bound.Time, kernel.time)
	}
	for _, m := range o.status(t).Timeline {
		if m.What == "installed" && m.At != fourWays+kernel.time {
			t.Errorf("installed at %v", m.At)
		}
	}
}

// A kernel may be so slow that the first probe is due before there was time to open
// the socket for it: on an emulated machine, or one that starts a hundred programs.
func TestProbesAfterASlowKernel(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	kernel := &slowKernel{Kernel: o.lan.Kernel, lan: o.lan}
	o.client = dhcpc.New(dhcpc.Config{Net: o.lan, Kernel: kernel})
	o.request("eth0")
	o.lan.At(oneWay, func() { kernel.time = time.Second })
	o.run(t, time.Minute)
	if failed := o.told(dhcpc.Failed); len(failed) > 0 {
		t.Errorf("told of %v", failed[0].Err)
	}
	if probes, announcements := o.arp(first); len(probes) != 3 || len(announcements) != 2 {
		t.Errorf("%d probes and %d announcements", len(probes), len(announcements))
	}
}
