package dhcpc_test

import (
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// restart is when the second life of a program begins.
const restart = time.Minute

// address is what the first life got.
var address = netip.MustParsePrefix("192.0.2.10/24")

// secondLife is an office whose client was bound, ended, and is about to run
// again with the lease that it remembers.
func secondLife(t *testing.T, c dhcpc.Config) (o *office, remembered *machine.Lease) {
	t.Helper()
	o = newOffice(c)
	o.run(t, restart)
	st := o.status(t)
	if st.Remembered == nil || st.Remembered != st.Lease || st.Lease.Addr != address {
		t.Fatalf("a bound link remembers %+v", st.Remembered)
	}
	o.again(c, st.Remembered)
	return o, st.Remembered
}

// again puts a new client in the place of the old one.
func (o *office) again(c dhcpc.Config, remembered *machine.Lease) {
	c.Recall = func(ifup.Link) *machine.Lease { return remembered }
	o.client = newClient(o.lan, c)
	o.events, o.lan.Sent, o.lan.ARP, o.eth0.Applied = nil, nil, nil, nil
	o.request("eth0")
}

// reboot leaves the kernel with nothing.
func (o *office) reboot() {
	o.lan.Kernel.Apply(1, ifup.Config{})
	o.lan.Kernel.Flush(func(int, error) {})
	o.eth0.Applied = nil
}

// withdrawn is when eth0 was first asked to be without an address; 0 if never.
func (o *office) withdrawn() time.Duration {
	for _, a := range o.eth0.Applied {
		if !a.Config.Addr.IsValid() {
			return a.Time
		}
	}
	return 0
}

// The address is in use all the time; what counts as bound is a lease that a
// server has confirmed.
func TestARestartKeepsTheAddress(t *testing.T) {
	rfc.Shows(t, "H-CRASH-01", "R2131-4.4.1-10", "R2131-4.4.2-10", "R2131-F5-17", "R2131-3.2-11")
	o, remembered := secondLife(t, dhcpc.Config{})
	o.lan.At(restart+oneWay, func() { // REQUEST has left, its answer has not come
		st := o.status(t)
		if o.client.Status().Bound || st.State != machine.Rebooting || st.Lease != remembered || st.Remembered != remembered {
			t.Errorf("before it is confirmed: %+v", st)
		}
		a := o.eth0.Applied[0]
		remains := remembered.Expiry - restart
		if a.Time != restart || a.Config.Addr != address || a.Config.Metric != 1024 || len(a.Config.Routes) != 1 ||
			a.Config.Lifetime > remains || a.Config.Lifetime < remains-time.Second {
			t.Errorf("adopted as %+v, while %v remain", a, remains)
		}
	})
	o.run(t, restart+20*time.Minute)

	wantKinds(t, o.lan.Sent, dhcp4.KindInitReboot)
	if m := o.lan.Sent[0]; m.Time != restart || m.Addr(dhcp4.RequestedAddress) != address.Addr() {
		t.Errorf("%v asks for %v", m, m.Addr(dhcp4.RequestedAddress))
	}
	if at := o.withdrawn(); at != 0 {
		t.Errorf("withdrawn at %v", at)
	}
	bound := o.once(t, dhcpc.Bound)
	if bound.Time != restart+2*oneWay || bound.Lease.Expiry != restart+time.Hour || !o.client.Status().Bound {
		t.Errorf("bound %+v with %+v", bound, bound.Lease)
	}
	if n := len(o.told(dhcpc.Renewed)) + len(o.told(dhcpc.Lost)); n > 0 {
		t.Errorf("told %+v", o.events)
	}
	var marks []string
	for _, m := range o.status(t).Timeline {
		marks = append(marks, m.What)
	}
	if got, want := strings.Join(marks, " "), "up carrier REQUEST ACK installed"; got != want {
		t.Errorf("timeline %q, want %q", got, want)
	}
}

// While it was away the machine was moved to another network.
func TestARecalledLeaseIsRefused(t *testing.T) {
	rfc.Shows(t, "R2131-F5-19", "R2131-3.2-12", "H-LEAK-01")
	o, remembered := secondLife(t, dhcpc.Config{})
	o.server.Forget()
	o.server.ID, o.server.Subnet = netip.MustParseAddr("10.0.0.1"), netip.MustParsePrefix("10.0.0.0/24")
	o.run(t, restart+time.Minute)

	wantKinds(t, o.lan.Sent, dhcp4.KindInitReboot, dhcp4.KindDiscover, dhcp4.KindSelecting)
	const refused = restart + 2*oneWay
	if lost := o.once(t, dhcpc.Lost); lost.Time != refused || lost.Reason != machine.ReasonNak || lost.Lease != remembered {
		t.Errorf("lost %+v", lost)
	}
	if at := o.withdrawn(); at != refused {
		t.Errorf("withdrawn at %v", at)
	}
	if d := o.lan.Sent[1]; d.Time != refused || d.Has(dhcp4.RequestedAddress) {
		t.Errorf("then %v", d)
	}
	if bound := o.once(t, dhcpc.Bound); bound.Time != refused+fourWays || o.eth0.Config().Addr != netip.MustParsePrefix("10.0.0.10/24") {
		t.Errorf("bound %+v, configured %v", bound, o.eth0.Config())
	}
}

// A server without records is silent by rule: another lease is sought, but the
// address stays as long as the old one lasts.
func TestNobodyConfirmsARecalledLease(t *testing.T) {
	rfc.Shows(t, "R2131-3.2-13", "R2131-3.7-04", "H-CRASH-01")
	o, remembered := secondLife(t, dhcpc.Config{})
	o.server.Silent = true
	o.run(t, 2*time.Hour)

	within(t, "DISCOVER", ofKind(o.lan.Sent, dhcp4.KindDiscover)[0].Time, restart+2*time.Second, restart+5*time.Second)
	lost := o.once(t, dhcpc.Lost)
	if lost.Time != remembered.Expiry || lost.Reason != machine.ReasonExpiry || o.withdrawn() != remembered.Expiry {
		t.Errorf("lost %+v, withdrawn at %v; the lease ended at %v", lost, o.withdrawn(), remembered.Expiry)
	}
	if len(o.told(dhcpc.Bound)) > 0 || o.status(t).Remembered != nil {
		t.Errorf("told %+v, remembered %+v", o.events, o.status(t).Remembered)
	}
}

func TestARecalledLeaseIsFoundAgainAfterSilence(t *testing.T) {
	o, remembered := secondLife(t, dhcpc.Config{})
	o.server.Silent = true
	o.lan.At(restart+20*time.Second, func() {
		if st := o.status(t); o.client.Status().Bound || st.State != machine.Selecting || st.Lease != remembered {
			t.Errorf("in silence: %+v", st)
		}
		o.server.Silent = false
	})
	o.run(t, restart+time.Minute)
	if bound := o.once(t, dhcpc.Bound); bound.Lease.Addr != address || len(o.told(dhcpc.Renewed)) > 0 {
		t.Errorf("told %+v", o.events)
	}
	if at := o.withdrawn(); at != 0 {
		t.Errorf("withdrawn at %v", at)
	}
}

func TestReuseLeaseWhenNobodyAnswers(t *testing.T) {
	rfc.Shows(t, "R2131-3.7-03", "R2131-3.2-02")
	for name, lose := range map[string]func(*office){
		"restart": func(*office) {},
		"reboot":  (*office).reboot,
	} {
		t.Run(name, func(t *testing.T) {
			o, remembered := secondLife(t, dhcpc.Config{ReuseLease: true})
			lose(o)
			o.server.Silent = true
			o.run(t, restart+time.Minute)
			wantKinds(t, o.lan.Sent, dhcp4.KindInitReboot, dhcp4.KindInitReboot, dhcp4.KindDiscover, dhcp4.KindDiscover)
			bound := o.once(t, dhcpc.Bound)
			within(t, "bound", bound.Time, restart+5*time.Second, restart+9*time.Second)
			marks := o.status(t).Timeline
			if reused := marks[len(marks)-2]; bound.Reason != machine.ReasonSilence || reused.What != "reused" {
				t.Errorf("it is not said that nobody confirmed it: %+v, %v", bound, marks)
			}
			if st := o.status(t); st.Since != bound.Time || st.Why == machine.NoReason {
				t.Errorf("in %v since %v because of %q", st.State, st.Since, st.Why)
			}
			if !o.client.Status().Bound || bound.Lease != remembered || o.eth0.Config().Addr != address {
				t.Errorf("bound %+v, configured %+v", bound, o.eth0.Config())
			}
			if probes, _ := o.arp(address.Addr()); len(probes) != 3 { // no server vouches for it
				t.Errorf("%d probes", len(probes))
			}
		})
	}
}

// A server that has no record of the lease must be silent about it (RFC 2131
// section 4.3.2). It gives another, which goes before one that nobody vouches for.
func TestReuseLeaseWhenAServerIsThere(t *testing.T) {
	o, _ := secondLife(t, dhcpc.Config{ReuseLease: true})
	o.reboot()
	other := newServer()
	other.ID = netip.MustParseAddr("192.0.2.2")
	o.server.Silent = true
	o.network.Serve(other)
	o.run(t, restart+time.Minute)
	if bound := o.once(t, dhcpc.Bound); bound.Lease.Server != other.ID {
		t.Errorf("bound to %v from %v", bound.Lease.Addr, bound.Lease.Server)
	}
}

// What is not on the link is asked for, and not there before a server has said so.
func TestARebootAsksForTheOldAddress(t *testing.T) {
	o, remembered := secondLife(t, dhcpc.Config{})
	o.reboot()
	o.lan.At(restart+oneWay, func() {
		if st := o.status(t); st.Lease != nil || st.Remembered != remembered || len(o.eth0.Applied) > 0 {
			t.Errorf("before it is confirmed: %+v", st)
		}
	})
	o.run(t, restart+time.Minute)
	wantKinds(t, o.lan.Sent, dhcp4.KindInitReboot)
	if bound := o.once(t, dhcpc.Bound); bound.Reason != machine.NoReason || bound.Time != restart+2*oneWay || o.eth0.Config().Addr != address {
		t.Errorf("bound %+v, configured %+v", bound, o.eth0.Config())
	}
}

func TestARecalledLeaseThatIsOverIsOnlyAWish(t *testing.T) {
	rfc.Shows(t, "P-IR-01")
	o, remembered := secondLife(t, dhcpc.Config{})
	o.lan.Suspend(2 * time.Hour)
	o.run(t, 3*time.Hour)
	wantKinds(t, between(o.lan.Sent, 0, 2*time.Hour+10*time.Minute), dhcp4.KindDiscover, dhcp4.KindSelecting)
	if d := o.lan.Sent[0]; d.Addr(dhcp4.RequestedAddress) != remembered.Addr.Addr() {
		t.Errorf("DISCOVER asks for %v", d.Addr(dhcp4.RequestedAddress))
	}
	o.once(t, dhcpc.Bound)
	if failed := o.told(dhcpc.Failed); len(failed) > 0 {
		t.Errorf("told of %v", failed[0].Err)
	}
}

// A lease file has other authors, too. One line, and a start from nothing.
func TestARecalledLeaseThatCannotBe(t *testing.T) {
	rfc.Shows(t, "P-IR-04")
	for name, change := range map[string]func(*machine.Lease){
		"bad address":      func(l *machine.Lease) { l.Addr = netip.MustParsePrefix("127.0.0.1/8") },
		"bad times":        func(l *machine.Lease) { l.T1 = l.Expiry },
		"it has not begun": func(l *machine.Lease) { l.Start = restart + time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			o, remembered := secondLife(t, dhcpc.Config{})
			bad := *remembered
			change(&bad)
			o.again(dhcpc.Config{}, &bad)
			o.run(t, restart+time.Minute)
			if failed := o.once(t, dhcpc.Failed); failed.Err.Error() != "remembered lease not used: "+name {
				t.Errorf("told of %v", failed.Err)
			}
			wantKinds(t, o.lan.Sent, dhcp4.KindDiscover, dhcp4.KindSelecting)
			if bound := o.once(t, dhcpc.Bound); bound.Time != restart+fourWays {
				t.Errorf("bound at %v", bound.Time)
			}
		})
	}
}

// A lease belongs to a hardware address and a client identifier; who remembers
// it sees whose link it is, also when that changes under way.
func TestRecallIsToldOfTheLink(t *testing.T) {
	rfc.Shows(t, "P-IR-02", "R2131-4.3.2-10")
	o, remembered := secondLife(t, dhcpc.Config{})
	var asked []ifup.Link
	owner := o.eth0.HardwareAddr()
	o.client = newClient(o.lan, dhcpc.Config{Recall: func(l ifup.Link) *machine.Lease {
		asked = append(asked, l)
		if l.HardwareAddr != owner {
			return nil
		}
		return remembered
	}})
	o.request("eth0")
	other := dhcp4.HardwareAddr{2, 7, 7, 7, 7, 7}
	o.lan.At(2*time.Minute, func() { o.eth0.SetHardwareAddr(other) })
	o.run(t, 3*time.Minute)
	wantKinds(t, o.lan.Sent, dhcp4.KindInitReboot, dhcp4.KindDiscover, dhcp4.KindSelecting)
	if len(asked) != 2 || asked[0].Name != "eth0" || asked[0].HardwareAddr != owner || asked[1].HardwareAddr != other {
		t.Errorf("asked about %+v", asked)
	}
}

func TestRecallMayCallTheClient(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.client = newClient(o.lan, dhcpc.Config{
		Recall: func(l ifup.Link) *machine.Lease {
			if l.Name == "eth0" {
				o.client.Remove("eth0")
				o.request("eth1")
			}
			return nil
		},
		OnMessage: func(iface string, _ *dhcp4.Message, _ dhcp4.Refusal) {
			if iface == "eth0" {
				t.Error("eth0 still listens")
			}
		},
	})
	o.server.Broadcast = true
	o.eth0.SetUp(true)
	o.lan.Plug("eth1", o.network)
	o.request("eth0")
	o.run(t, time.Minute)
	if bound := o.once(t, dhcpc.Bound); bound.Interface != "eth1" {
		t.Errorf("bound %+v", bound)
	}
	if st := o.client.Status(); len(st.Links) != 1 {
		t.Errorf("status %+v", st)
	}
}

// A restart without a cable: the address stays, behind all living links, until
// the lease ends.
func TestARestartWithoutCarrier(t *testing.T) {
	rfc.Shows(t, "R2131-3.7-04")
	o, remembered := secondLife(t, dhcpc.Config{})
	o.eth0.SetCarrier(false)
	o.run(t, 2*time.Hour)
	if a := o.eth0.Applied[0]; a.Time != restart || a.Config.Addr != address || a.Config.Metric != 1024+65536 {
		t.Errorf("adopted as %+v", a)
	}
	if lost := o.once(t, dhcpc.Lost); lost.Time != remembered.Expiry || o.withdrawn() != remembered.Expiry {
		t.Errorf("lost %+v", lost)
	}
	wantKinds(t, o.lan.Sent)
}

// The kernel does not give the address more time. It is there all the same, and
// its lease is confirmed.
func TestTheKernelRefusesToRefreshAnAdoptedAddress(t *testing.T) {
	o, _ := secondLife(t, dhcpc.Config{})
	o.eth0.Refuse[ifup.OpAddr] = syscall.ENOBUFS
	o.run(t, restart+time.Minute)
	wantKinds(t, o.lan.Sent, dhcp4.KindInitReboot)
	o.once(t, dhcpc.Bound)
	if len(o.told(dhcpc.Lost)) > 0 || o.eth0.Config().Addr != address {
		t.Errorf("told %+v, configured %+v", o.events, o.eth0.Config())
	}
}

// An address for ever outlives its lease, and goes when another one comes.
func TestAnAddressForEverIsReplaced(t *testing.T) {
	forever := dhcpc.Config{KeepForever: true}
	for name, play := range map[string]func(t *testing.T) (o *office, lost time.Duration){
		"refused": func(t *testing.T) (*office, time.Duration) {
			o := newOffice(forever)
			o.server.Authoritative = true
			o.lan.At(restart, func() { o.client.Renew("eth0") })
			return o, restart + 2*oneWay
		},
		"refused after a restart": func(t *testing.T) (*office, time.Duration) {
			o, _ := secondLife(t, forever)
			o.server.Authoritative = true
			return o, restart + 2*oneWay
		},
		"expired": func(t *testing.T) (*office, time.Duration) {
			o := newOffice(forever)
			return o, time.Hour + 2*oneWay
		},
		"expired before a restart": func(t *testing.T) (*office, time.Duration) {
			o, _ := secondLife(t, forever)
			o.lan.Suspend(2 * time.Hour)
			return o, restart + 2*time.Hour
		},
	} {
		t.Run(name, func(t *testing.T) {
			o, ends := play(t)
			o.lan.At(restart-time.Second, func() {
				o.server.Forget()
				o.server.First, o.server.Silent = netip.MustParseAddr("192.0.2.100"), !o.server.Authoritative
			})
			o.lan.At(ends+time.Second, func() {
				o.server.Subnet, o.server.Silent = netip.MustParsePrefix("192.0.2.0/25"), false
			})
			o.run(t, ends+10*time.Minute)
			if lost := o.once(t, dhcpc.Lost); lost.Time != ends || lost.Lease.Addr != address {
				t.Errorf("lost %+v, want that at %v", lost, ends)
			}
			if at := o.withdrawn(); at != 0 {
				t.Errorf("withdrawn at %v", at)
			}
			if got := o.eth0.Config(); got.Addr.Addr() == address.Addr() || got.Lifetime != ifup.Forever {
				t.Errorf("in the end configured %+v", got)
			}
		})
	}
}

// What a link had before a lease lowered its MTU is remembered with the lease, and is
// that NIC's: another one that has its name now may never have had more.
func TestTheMTUIsThatOfTheNIC(t *testing.T) {
	o, remembered := secondLife(t, dhcpc.Config{})
	known, unknown := *remembered, *remembered
	known.MTU, known.LinkMTU, unknown.MTU = 1400, 1500, 1400
	recalled := &known
	lowered := func(index int) { // as an earlier life has left the link
		o.lan.Kernel.Apply(index, ifup.Config{Addr: address, Lifetime: time.Hour, Metric: 1024, MTU: 1400})
		o.lan.Kernel.Flush(func(int, error) {})
	}
	wants := func(link int) func() {
		return func() {
			if got := o.status(t).LinkMTU; got != link {
				t.Errorf("the link had an MTU of %d, want %d", got, link)
			}
		}
	}
	c := dhcpc.Config{Recall: func(ifup.Link) *machine.Lease { return recalled }}
	o.client = newClient(o.lan, c)
	o.request("eth0")
	lowered(1)
	o.lan.At(restart, wants(1500))
	o.lan.At(restart+time.Second, func() {
		o.eth0.Unplug()
		recalled = &unknown
		o.lan.Plug("eth0", o.network)
		lowered(2)
	})
	o.lan.At(restart+time.Second+time.Nanosecond, wants(0))
	o.run(t, restart+time.Minute)
}
