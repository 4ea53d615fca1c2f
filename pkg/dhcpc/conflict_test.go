package dhcpc_test

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

var (
	first  = netip.MustParseAddr("192.0.2.10") // what newServer gives first
	second = netip.MustParseAddr("192.0.2.11")
)

// arp is the probes and the announcements that left, by address.
func (o *office) arp(addr netip.Addr) (probes, announcements []dhcptest.ARP) {
	for _, p := range o.lan.ARP {
		switch {
		case p.Target != addr:
		case p.Sender == addr:
			announcements = append(announcements, p)
		default:
			probes = append(probes, p)
		}
	}
	return probes, announcements
}

// inUseAt is the address that the kernel has at a time.
func (o *office) inUseAt(at time.Duration) (addr netip.Addr) {
	for _, a := range o.eth0.Applied {
		if a.Time <= at {
			addr = a.Config.Addr.Addr()
		}
	}
	return addr
}

// A boot does not wait for other hosts to object: the address is in use at
// once, probed three times meanwhile, then announced twice, and left in peace.
func TestOptimisticDetection(t *testing.T) {
	rfc.Shows(t, "R5227-2.1-02", "R5227-2.3-01", "P-AC-01")
	o := newOffice(dhcpc.Config{})
	o.run(t, 24*time.Hour)
	if at := o.eth0.Applied[0].Time; at != fourWays {
		t.Errorf("in use at %v, want %v", at, fourWays)
	}
	probes, announcements := o.arp(first)
	if len(probes) != 3 || len(announcements) != 2 {
		t.Fatalf("%d probes and %d announcements", len(probes), len(announcements))
	}
	within(t, "last announcement", announcements[1].Time, 6*time.Second, 9500*time.Millisecond)
	if len(o.told(dhcpc.Renewed)) == 0 {
		t.Error("no renewal in a day")
	}
}

// Another host has the address: it is withdrawn, declined, and after a pause
// the server is asked for another.
func TestConflictIsDeclined(t *testing.T) {
	rfc.Shows(t, "R2131-3.1-10", "R2131-3.1-11", "R2131-3.1-12", "R2131-F5-14", "R2131-2.2-01", "P-DR-01", "P-DR-02", "R2131-3.1-06")
	o := newOffice(dhcpc.Config{})
	squatter := o.network.Host(first)
	o.run(t, time.Minute)

	wantKinds(t, o.lan.Sent, dhcp4.KindDiscover, dhcp4.KindSelecting, dhcp4.KindDecline, dhcp4.KindDiscover, dhcp4.KindSelecting)
	decline, again := o.lan.Sent[2], o.lan.Sent[3]
	probes, announcements := o.arp(first)
	if len(probes) != 1 || decline.Time != probes[0].Time+2*oneWay || len(announcements) > 0 {
		t.Errorf("probes %v, declined at %v, announcements %v", probes, decline.Time, announcements)
	}
	if o.inUseAt(decline.Time).IsValid() {
		t.Errorf("declined while %v is in use", o.inUseAt(decline.Time))
	}
	if again.Time < decline.Time+10*time.Second || again.Has(dhcp4.RequestedAddress) {
		t.Errorf("after DECLINE at %v: %v", decline.Time, again)
	}
	if lost := o.once(t, dhcpc.Lost); lost.Reason != machine.ReasonConflict || lost.Lease.Addr.Addr() != first {
		t.Errorf("lost %+v", lost)
	}
	if failed := o.told(dhcpc.Failed); len(failed) != 1 || !strings.Contains(failed[0].Err.Error(), squatter.HW.String()) {
		t.Errorf("nobody was told whose address it is: %v", failed)
	}
	if addr := o.status(t).Lease.Addr.Addr(); addr != second || o.inUseAt(time.Minute) != second {
		t.Errorf("now %v, in use %v", addr, o.inUseAt(time.Minute))
	}
}

// Strict detection uses an address only when nobody objected for the whole
// time: not before, and never if somebody does.
func TestStrictDetection(t *testing.T) {
	rfc.Shows(t, "R5227-2.1-01", "R5227-2.1.1-08")
	o := newOffice(dhcpc.Config{Conflicts: dhcpc.DetectStrict})
	o.run(t, time.Minute)
	_, announcements := o.arp(first)
	used := o.eth0.Applied[0].Time
	within(t, "in use", used, 4*time.Second, 7*time.Second+fourWays)
	if len(o.eth0.Applied) != 1 || len(announcements) != 2 || announcements[0].Time != used {
		t.Errorf("applied %v, announced %v", o.eth0.Applied, announcements)
	}
	if bound := o.once(t, dhcpc.Bound); bound.Time != used {
		t.Errorf("bound at %v, in use at %v", bound.Time, used)
	}

	o = newOffice(dhcpc.Config{Conflicts: dhcpc.DetectStrict})
	o.network.Host(first)
	o.run(t, time.Minute)
	for _, a := range o.eth0.Applied {
		if a.Config.Addr.Addr() == first {
			t.Errorf("in use at %v", a.Time)
		}
	}
	if o.inUseAt(time.Minute) != second {
		t.Errorf("in use: %v", o.inUseAt(time.Minute))
	}
}

// A link that flaps while its address is on probation does not cut that short.
func TestStrictDetectionSurvivesAFlap(t *testing.T) {
	rfc.Shows(t, "R5227-2.1-01")
	o := newOffice(dhcpc.Config{Conflicts: dhcpc.DetectStrict})
	o.lan.At(2*time.Second, func() { o.eth0.SetCarrier(false) })
	o.lan.At(3*time.Second, func() { o.eth0.SetCarrier(true) })
	o.run(t, time.Minute)
	within(t, "in use", o.eth0.Applied[0].Time, 7*time.Second, 11*time.Second)
}

// What the kernel does not have is not announced: here an address on probation, of
// which the ARP socket could not be told, so that nothing was heard for long enough
// and yet nothing is known. The LAN would complain.
func TestAnAddressOnProbationIsNotAnnounced(t *testing.T) {
	rfc.Shows(t, "R5227-2.3-01")
	o := newOffice(dhcpc.Config{Conflicts: dhcpc.DetectStrict})
	squatter := o.network.Host(first)
	squatter.Silent = true
	for _, at := range []time.Duration{20 * time.Second, 22 * time.Second} { // the first claim is answered
		o.lan.At(at, func() {
			o.lan.RefuseWatch = func() error { return errors.New("no memory for a filter") }
			squatter.Announce()
		})
	}
	o.run(t, time.Minute)
	probes, announcements := o.arp(second)
	if len(probes) != 3 || len(announcements) != 0 || o.inUseAt(time.Minute).IsValid() {
		t.Errorf("probes %v, announcements %v, in use %v", probes, announcements, o.inUseAt(time.Minute))
	}
}

// A kernel counts whole seconds: in the last of a lease it may have withdrawn the
// address. Nothing is announced then, which the LAN knows.
func TestNothingIsAnnouncedInTheLastSecond(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.server.Lease = 6 * time.Second // as long as it takes to announce
	o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
		if m.Kind == dhcp4.KindRenewing || m.Kind == dhcp4.KindRebinding {
			return nil
		}
		return []dhcptest.Frame{o.server.Frame(m, r)}
	}
	o.run(t, 10*time.Minute)
	if _, announcements := o.arp(first); len(announcements) == 0 {
		t.Error("nothing was ever announced, so this shows nothing")
	}
}

// With detection off the server is trusted, and no ARP leaves.
func TestNoDetection(t *testing.T) {
	o := newOffice(dhcpc.Config{Conflicts: dhcpc.DetectOff})
	o.network.Host(first)
	o.run(t, time.Hour)
	if len(o.lan.ARP) > 0 || o.inUseAt(time.Hour) != first {
		t.Errorf("sent %v, in use %v", o.lan.ARP, o.inUseAt(time.Hour))
	}
}

// Two links of the machine on one network hear each other, and the kernel
// answers on either for the address of the other. Neither is a conflict.
func TestOwnLinksAreNoConflict(t *testing.T) {
	rfc.Shows(t, "R5227-2.1.1-06")
	for _, detection := range []dhcpc.ConflictDetection{dhcpc.DetectOptimistic, dhcpc.DetectStrict} {
		o := newOffice(dhcpc.Config{Conflicts: detection})
		o.network.Shared = true
		o.lan.Plug("eth1", o.network)
		o.request("eth1")
		o.run(t, time.Hour)
		if lost := o.told(dhcpc.Lost); len(lost) > 0 || len(o.told(dhcpc.Failed)) > 0 || len(o.told(dhcpc.Bound)) != 2 {
			t.Errorf("lost %v, failed %v", lost, o.told(dhcpc.Failed))
		}
	}
}

// An address in use is defended once; a host that claims it again within 10 s
// has it.
func TestDefence(t *testing.T) {
	rfc.Shows(t, "R5227-2.4-01", "R5227-2.4-02")
	o := newOffice(dhcpc.Config{})
	rival := o.network.Host(first)
	rival.Silent = true
	o.lan.At(100*time.Second, rival.Announce)
	o.lan.At(200*time.Second, rival.Announce)
	o.run(t, 5*time.Minute)
	if _, announcements := o.arp(first); len(announcements) != 4 || announcements[2].Time != 100*time.Second+oneWay {
		t.Errorf("announced %v", announcements)
	}
	if lost := o.told(dhcpc.Lost); len(lost) > 0 {
		t.Errorf("lost %v", lost)
	}

	o = newOffice(dhcpc.Config{})
	rival = o.network.Host(first)
	rival.Silent = true
	o.lan.At(100*time.Second, rival.Announce)
	o.lan.At(105*time.Second, rival.Announce)
	o.run(t, 5*time.Minute)
	if lost := o.once(t, dhcpc.Lost); lost.Time != 105*time.Second+oneWay || lost.Reason != machine.ReasonConflict {
		t.Errorf("lost %+v", lost)
	}
	if declines := ofKind(o.lan.Sent, dhcp4.KindDecline); len(declines) != 1 {
		t.Errorf("declined %v", declines)
	}
}

// A root file system on the network is not given up to a rival, but what was
// never ours is.
func TestKeptAddressIsDefendedForEver(t *testing.T) {
	rfc.Shows(t, "R5227-2.4-03")
	o := newOffice(dhcpc.Config{KeepForever: true})
	rival := o.network.Host(first)
	rival.Silent = true
	for s := range 60 {
		o.lan.At(time.Duration(100+s)*time.Second, rival.Announce)
	}
	o.run(t, 5*time.Minute)
	if _, announcements := o.arp(first); len(announcements) != 2+6 || len(o.told(dhcpc.Lost)) > 0 {
		t.Errorf("announced %v, lost %v", announcements, o.told(dhcpc.Lost))
	}

	o = newOffice(dhcpc.Config{KeepForever: true})
	o.network.Host(first)
	o.run(t, time.Minute)
	if addr := o.inUseAt(time.Minute); addr != second {
		t.Errorf("in use: %v", addr)
	}
}

// After the carrier was away another host may have taken the address.
func TestProbesAgainAfterCarrier(t *testing.T) {
	rfc.Shows(t, "R5227-2.1-01", "P-AC-01")
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Hour/4, func() { o.eth0.SetCarrier(false) })
	o.lan.At(time.Hour/3, func() { o.eth0.SetCarrier(true) })
	o.run(t, time.Hour/2)
	if probes, announcements := o.arp(first); len(probes) != 6 || len(announcements) != 4 {
		t.Errorf("probes %v, announcements %v", probes, announcements)
	}
}

// The same where no server answers any more: the address is used on, and nobody but
// ARP can tell that it is another's now, as in a network of the same numbers.
func TestProbesAfterCarrierWithoutAServer(t *testing.T) {
	rfc.Shows(t, "R5227-2.1-01", "R2131-3.1-06")
	const back = 20 * time.Minute
	for _, taken := range []bool{false, true} {
		o := newOffice(dhcpc.Config{})
		o.lan.At(15*time.Minute, func() { o.eth0.SetCarrier(false) })
		o.lan.At(back, func() {
			if taken {
				o.network.Host(first)
			}
			o.server.Silent = true
			o.eth0.SetCarrier(true)
		})
		o.run(t, back+30*time.Second)
		if !taken {
			if probes, announcements := o.arp(first); len(probes) != 6 || len(announcements) != 4 || o.inUseAt(back+30*time.Second) != first {
				t.Errorf("probes %v, announcements %v", probes, announcements)
			}
			continue
		}
		lost := o.once(t, dhcpc.Lost)
		within(t, "lost", lost.Time, back+2*time.Second, back+3*time.Second+2*oneWay)
		if lost.Reason != machine.ReasonConflict || o.inUseAt(lost.Time).IsValid() {
			t.Errorf("lost %+v, in use %v", lost, o.inUseAt(lost.Time))
		}
		wantKinds(t, between(o.lan.Sent, lost.Time, lost.Time+10*time.Second-1), dhcp4.KindDecline)
	}
}

// The kernel answers a host that asks whether our address is free.
func TestForeignProbeOfAnAddressInUse(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	guest := o.network.Host(netip.MustParseAddr("192.0.2.99"))
	for at := time.Second / 2; at < 5*time.Second; at += time.Second / 2 {
		o.lan.At(at, func() { guest.Probe(first) })
	}
	o.run(t, time.Minute)
	if len(guest.Heard) != 9 || len(o.told(dhcpc.Lost)) > 0 {
		t.Errorf("answered %v, lost %v", guest.Heard, o.told(dhcpc.Lost))
	}
}

// Somebody answers every probe for an hour: after ten conflicts there is one
// attempt a minute, and the link goes on asking.
func TestConflictsWithoutEnd(t *testing.T) {
	rfc.Shows(t, "R5227-2.1.1-07", "P-AC-04")
	o := newOffice(dhcpc.Config{})
	for a := first; a.As4()[3] < 250; a = a.Next() {
		o.network.Host(a)
	}
	o.run(t, time.Hour)
	declines := ofKind(o.lan.Sent, dhcp4.KindDecline)
	if n := len(declines); n < 50 || n > 70 {
		t.Fatalf("%d addresses declined in an hour", n)
	}
	for i := 10; i < len(declines); i++ {
		if gap := declines[i].Time - declines[i-1].Time; gap < time.Minute {
			t.Errorf("attempt %d after %v", i+1, gap)
		}
	}
}

// Where addresses are not resolved there is nothing to detect.
func TestNoDetectionWithoutARP(t *testing.T) {
	rfc.Shows(t, "P-AC-02")
	o := newOffice(dhcpc.Config{Conflicts: dhcpc.DetectStrict})
	o.eth0.NoARP = true
	o.run(t, time.Minute)
	if len(o.lan.ARP) > 0 || o.eth0.Applied[0].Time != fourWays {
		t.Errorf("sent %v, applied %v", o.lan.ARP, o.eth0.Applied)
	}
}

// A system without room for one more socket costs the detection, not the lease.
func TestARPSocketThatCannotBeOpened(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.RefuseWatch = func() error { return errors.New("no sockets left") }
	o.lan.At(20*time.Second, func() { o.lan.RefuseWatch = nil; o.eth0.SetCarrier(false) })
	o.lan.At(25*time.Second, func() { o.eth0.SetCarrier(true) })
	o.run(t, time.Minute)
	if failed := o.told(dhcpc.Failed); len(failed) != 1 || o.inUseAt(20*time.Second) != first {
		t.Errorf("failed %v, in use %v", failed, o.inUseAt(20*time.Second))
	}
	if probes, _ := o.arp(first); len(probes) != 3 || slices.ContainsFunc(probes, func(p dhcptest.ARP) bool { return p.Time < 25*time.Second }) {
		t.Errorf("probes %v", probes)
	}
}

// What the kernel never took is not announced.
func TestRefusedAddressIsNotAnnounced(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.Refuse[ifup.OpAddr] = errors.New("no")
	o.run(t, time.Minute)
	if len(o.lan.ARP) > 0 {
		t.Errorf("sent %v", o.lan.ARP)
	}
}

// A root file system outlives a cable that was out for a second, whoever came
// meanwhile.
func TestKeptAddressAfterCarrier(t *testing.T) {
	o := newOffice(dhcpc.Config{KeepForever: true})
	rival := o.network.Host(first)
	rival.Silent = true
	o.lan.At(15*time.Minute, func() { o.eth0.SetCarrier(false) })
	o.lan.At(15*time.Minute+time.Second, func() { o.eth0.SetCarrier(true) })
	for s := range 5 {
		o.lan.At(15*time.Minute+time.Duration(s+2)*time.Second, rival.Announce)
	}
	o.run(t, 20*time.Minute)
	if lost := o.told(dhcpc.Lost); len(lost) > 0 || o.inUseAt(20*time.Minute) != first {
		t.Errorf("lost %v, in use %v", lost, o.inUseAt(20*time.Minute))
	}
}

// Strict detection does not take silence for consent where it could not hear.
func TestStrictDetectionIsNotDeaf(t *testing.T) {
	for _, taken := range []bool{false, true} {
		o := newOffice(dhcpc.Config{Conflicts: dhcpc.DetectStrict})
		if taken {
			o.network.Host(first)
		}
		o.lan.RefuseWatch = func() error { return errors.New("no sockets left") }
		o.lan.At(30*time.Second, func() { o.lan.RefuseWatch = nil })
		o.run(t, 3*time.Minute)
		if early := o.inUseAt(30 * time.Second); early.IsValid() {
			t.Errorf("%v is used before anybody could object", early)
		}
		if got := o.inUseAt(3 * time.Minute); got == first == taken || !got.IsValid() {
			t.Errorf("taken %v: %v is used", taken, got)
		}
	}
}

// woken counts how often the client woke in a time.
func (o *office) woken(from, to time.Duration) (n int) {
	for _, at := range o.lan.Wakeups {
		if at > from && at < to {
			n++
		}
	}
	return n
}

// What is claimed of an address that is not ours any more wakes nobody.
func TestNoARPAfterTheLease(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	other := o.network.Host(first)
	other.Silent = true
	o.lan.At(time.Minute, func() { o.client.Release("eth0") })
	for s := range 50 {
		o.lan.At(2*time.Minute+time.Duration(s)*time.Second, other.Announce)
	}
	o.run(t, 5*time.Minute)
	if n := o.woken(2*time.Minute-time.Second, 3*time.Minute); n > 0 {
		t.Errorf("woken %d times", n)
	}
}

// An address in use leaves the questions of others to the kernel, and whoever
// floods the link with claims is not heard most of the time, nor told of often.
func TestFloodOfARP(t *testing.T) {
	rfc.Shows(t, "H-RATE-02")
	o := newOffice(dhcpc.Config{KeepForever: true})
	rival := o.network.Host(first)
	rival.Silent = true
	const flood = 30 * time.Second
	for at := time.Minute; at < time.Minute+flood; at += 5 * time.Millisecond {
		o.lan.At(at, func() { rival.HW[5]++; rival.Announce() })
	}
	for at := 2 * time.Minute; at < 2*time.Minute+flood; at += 5 * time.Millisecond {
		o.lan.At(at, func() { rival.Probe(first) })
	}
	o.run(t, 3*time.Minute)
	if n := o.woken(time.Minute, time.Minute+flood); n > 20*30 {
		t.Errorf("woken %d times in 30 s by 6000 claims", n)
	}
	if n := o.woken(2*time.Minute, 2*time.Minute+flood); n > 1 {
		t.Errorf("woken %d times by questions", n)
	}
	if failed := o.told(dhcpc.Failed); len(failed) < 1 || len(failed) > 3 {
		t.Errorf("told %d times in 30 s", len(failed))
	}
}

// A port that flaps for minutes makes no noise beyond what it takes to confirm
// the lease.
func TestNoProbesOfALinkThatFlaps(t *testing.T) {
	rfc.Shows(t, "H-RATE-01")
	o := newOffice(dhcpc.Config{})
	for at := 20 * time.Second; at < 320*time.Second; at += 1100 * time.Millisecond {
		o.lan.At(at, func() { o.eth0.SetCarrier(false) })
		o.lan.At(at+time.Millisecond, func() { o.eth0.SetCarrier(true) })
	}
	o.run(t, 10*time.Minute)
	probes, announcements := o.arp(first)
	if n := len(probes) + len(announcements); n != 2*5 {
		t.Errorf("%d ARP packets, want those of the beginning and of the end", n)
	}
	if n := len(between(o.lan.Sent, 20*time.Second, 320*time.Second)); n > 301 {
		t.Errorf("%d messages in 300 s", n)
	}
}
