package dhcpc_test

import (
	"net/netip"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// static is what eth0 is to have without asking anybody.
var static = &machine.Lease{
	Addr: netip.MustParsePrefix("192.0.2.77/24"), T1: machine.Never, T2: machine.Never, Expiry: machine.Never,
	Routers: []netip.Addr{netip.MustParseAddr("192.0.2.9")},
	DNS:     []netip.Addr{netip.MustParseAddr("192.0.2.8")},
}

func staticOffice(c dhcpc.Config) *office {
	c.Static = func(l ifup.Link) *machine.Lease {
		if l.Name == "eth0" {
			return static
		}
		return nil
	}
	return newOffice(c)
}

// A link with an address of its own asks nobody: not for a lease, and not whether
// another host has the address either. Its address is there for ever.
func TestStatic(t *testing.T) {
	for name, detection := range map[string]dhcpc.ConflictDetection{"optimistic": dhcpc.DetectOptimistic, "strict": dhcpc.DetectStrict} {
		t.Run(name, func(t *testing.T) {
			o := staticOffice(dhcpc.Config{Conflicts: detection})
			for i, fn := range []func(){
				func() { o.client.Renew("") },
				func() { o.eth0.SetCarrier(false) },
				func() { o.eth0.SetCarrier(true) },
				func() { o.eth0.SetUp(false) },
				func() { o.eth0.SetUp(true) },
			} {
				o.lan.At(time.Duration(i+1)*time.Hour, fn)
			}
			o.run(t, 100*24*time.Hour)
			if bound := o.once(t, dhcpc.Bound); bound.Time != 0 || bound.Lease != static {
				t.Errorf("bound %+v", bound)
			}
			if len(o.lan.Sent) > 0 || len(o.lan.ARP) > 0 {
				t.Errorf("sent %v and %v", o.lan.Sent, o.lan.ARP)
			}
			want := ifup.Config{
				Addr: static.Addr, Lifetime: ifup.Forever, Metric: 1024,
				Routes: []ifup.Route{{Dst: netip.MustParsePrefix("0.0.0.0/0"), Gateway: static.Routers[0]}},
			}
			if got := o.eth0.Config(); got.Addr != want.Addr || got.Lifetime != want.Lifetime || got.Metric != want.Metric || !slices.Equal(got.Routes, want.Routes) {
				t.Errorf("configured %+v", got)
			}
			if st := o.status(t); st.State != machine.Bound || st.Lease != static || st.Remembered != nil || !st.Installed {
				t.Errorf("status %+v", st)
			}
		})
	}
}

// Other links ask, and while a cable is out the routes of a link with an address
// of its own stand behind theirs.
func TestStaticBesideOthers(t *testing.T) {
	o := staticOffice(dhcpc.Config{})
	eth1 := o.lan.Plug("eth1", o.network)
	if err := o.client.Request("eth1", dhcpc.IPv4, nil); err != nil {
		t.Fatal(err)
	}
	o.lan.At(time.Minute, func() { o.eth0.SetCarrier(false) })
	o.run(t, time.Hour)
	if got := eth1.Config().Addr; got == static.Addr || !got.IsValid() {
		t.Errorf("eth1 has %v", got)
	}
	for _, m := range o.lan.Sent {
		if m.Link == o.eth0 {
			t.Errorf("eth0 sent %v", m)
		}
	}
	if o.eth0.Config().Addr != static.Addr || o.eth0.Config().Metric <= eth1.Config().Metric {
		t.Errorf("eth0 has %+v, eth1 %+v", o.eth0.Config(), eth1.Config())
	}
}

// An address that the kernel refuses is offered to it again, and no other.
func TestStaticIsRefused(t *testing.T) {
	o := staticOffice(dhcpc.Config{})
	o.eth0.Refuse[ifup.OpAddr] = syscall.ENOBUFS
	o.lan.At(time.Minute, func() { clear(o.eth0.Refuse) })
	o.run(t, time.Hour)
	if bound := o.once(t, dhcpc.Bound); bound.Time < time.Minute || bound.Time > 3*time.Minute {
		t.Errorf("bound at %v", bound.Time)
	}
	if len(o.lan.Sent) > 0 || len(o.told(dhcpc.Lost)) > 0 || o.eth0.Config().Addr != static.Addr {
		t.Errorf("sent %v, told %+v, configured %+v", o.lan.Sent, o.told(dhcpc.Lost), o.eth0.Config())
	}
}

// What cannot be right is not used, people are told, and a server is asked.
func TestStaticIsNotValid(t *testing.T) {
	bad := *static
	bad.Addr = netip.MustParsePrefix("240.0.0.7/24")
	o := newOffice(dhcpc.Config{Static: func(ifup.Link) *machine.Lease { return &bad }})
	o.run(t, time.Minute)
	if failed := o.once(t, dhcpc.Failed); failed.Err.Error() != "static lease not used: bad address" {
		t.Errorf("failed: %v", failed.Err)
	}
	if bound := o.once(t, dhcpc.Bound); !bound.Lease.Server.IsValid() {
		t.Errorf("bound %+v", bound.Lease)
	}
}

// There is nothing to give back, and Release takes the address away all the same.
func TestStaticIsReleased(t *testing.T) {
	o := staticOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.client.Release("eth0") })
	o.run(t, time.Hour)
	if len(o.lan.Sent) > 0 {
		t.Errorf("sent %v", o.lan.Sent)
	}
	if lost := o.once(t, dhcpc.Lost); lost.Time != time.Minute || lost.Reason != machine.ReasonRelease {
		t.Errorf("lost %+v", lost)
	}
	if o.eth0.Config().Addr.IsValid() {
		t.Errorf("configured %+v", o.eth0.Config())
	}
}
