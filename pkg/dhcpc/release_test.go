package dhcpc_test

import (
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

// lingering is how long the address stays after RELEASE.
const lingering = 500 * time.Millisecond

// wantReleased wants eth0 to have come to rest at a time, and to have been
// without an address from then on.
func (o *office) wantReleased(t *testing.T, at time.Duration) {
	t.Helper()
	if lost := o.once(t, dhcpc.Lost); lost.Time != at || lost.Reason != machine.ReasonRelease || lost.State != machine.Stopped {
		t.Errorf("lost %+v, want it released at %v", lost, at)
	}
	if o.withdrawn() != at || o.eth0.Config().Addr.IsValid() {
		t.Errorf("withdrawn at %v, configured %+v", o.withdrawn(), o.eth0.Config())
	}
	if st := o.status(t); st.State != machine.Stopped || st.Lease != nil || st.Remembered != nil || o.client.Status().Bound {
		t.Errorf("status %+v", st)
	}
	o.wantCounts(t, dhcpc.Counts{Present: 1, Stopped: 1})
}

func (o *office) wantCounts(t *testing.T, want dhcpc.Counts) {
	t.Helper()
	if got := o.client.Counts(); got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
}

// RELEASE goes to the server, from the address, which stays until it has left.
func TestRelease(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.6-01", "R2131-T5-31", "R2131-3.1-13", "P-DR-04", "P-DR-06", "R2131-4.4.4-02")
	for name, until := range map[string]time.Duration{"BOUND": restart, "RENEWING": 40 * time.Minute, "REBINDING": 55 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(dhcpc.Config{})
			o.lan.At(time.Second, func() { o.server.Silent = true })
			o.lan.At(until, func() {
				o.server.Silent = false
				if got := o.status(t).State.String(); got != name {
					t.Errorf("released in %v", got)
				}
				o.wantCounts(t, dhcpc.Counts{Present: 1, Leased: 1})
				o.client.Release("eth0")
			})
			o.run(t, until+time.Hour)
			releases := between(o.lan.Sent, until, until+time.Hour)
			wantKinds(t, releases, dhcp4.KindRelease)
			if m := releases[0]; m.Time != until || m.Raw || m.Dst.Addr() != o.server.ID || m.Src.Addr() != address.Addr() {
				t.Errorf("sent %v from %v to %v", m, m.Src, m.Dst)
			}
			if got := o.server.Received[len(o.server.Received)-1]; got.Kind != dhcp4.KindRelease {
				t.Errorf("the server heard %v", got)
			}
			o.wantReleased(t, until+lingering)
		})
	}
}

// Where there is no confirmed lease, or no way to the server, nothing is said.
func TestReleaseElsewhere(t *testing.T) {
	rfc.Shows(t, "P-DR-05", "R2131-4.4.6-01")
	t.Run("while asking", func(t *testing.T) {
		o := newOffice(dhcpc.Config{})
		o.server.Silent = true
		o.lan.At(restart, func() { o.client.Release("") })
		o.run(t, time.Hour)
		wantKinds(t, between(o.lan.Sent, restart, time.Hour))
		if st := o.status(t); st.State != machine.Stopped || len(o.told(dhcpc.Lost)) > 0 {
			t.Errorf("status %+v, told %+v", st, o.events)
		}
	})
	t.Run("without carrier", func(t *testing.T) {
		o := newOffice(dhcpc.Config{})
		o.lan.At(restart, func() { o.eth0.SetCarrier(false) })
		o.lan.At(2*restart, func() { o.client.Release("") })
		o.lan.At(3*restart, func() { o.eth0.SetCarrier(true) })
		o.run(t, time.Hour)
		wantKinds(t, between(o.lan.Sent, restart, time.Hour))
		o.wantReleased(t, 2*restart)
	})
	t.Run("without a socket", func(t *testing.T) {
		o := newOffice(dhcpc.Config{})
		o.lan.RefuseListen = func(raw, udp bool) error {
			if udp {
				return syscall.EMFILE
			}
			return nil
		}
		o.lan.At(restart, func() { o.client.Release("") })
		o.run(t, time.Hour)
		o.wantReleased(t, restart)
	})
	t.Run("without the interface", func(t *testing.T) {
		o := newOffice(dhcpc.Config{})
		o.request("usb0")
		o.lan.At(restart, func() { o.client.Release("usb0") })
		var usb0 *dhcptest.Link
		o.lan.At(2*restart, func() {
			if st := statusOf(t, o.client, "usb0"); st.State != machine.Stopped {
				t.Errorf("status %+v", st)
			}
			usb0 = o.lan.Plug("usb0", o.network)
		})
		o.run(t, 10*time.Minute)
		if st := statusOf(t, o.client, "usb0"); st.State != machine.Stopped || len(usb0.Raised) > 0 {
			t.Errorf("a link whose request was released: %+v, set up at %v", st, usb0.Raised)
		}
		o.once(t, dhcpc.Bound) // the other one is left alone
	})
	t.Run("before it is set up", func(t *testing.T) {
		o := newOffice(dhcpc.Config{})
		o.client.Release("eth0")
		o.run(t, time.Hour)
		if len(o.eth0.Raised)+len(o.lan.Sent) > 0 {
			t.Errorf("set up at %v, sent %v", o.eth0.Raised, o.lan.Sent)
		}
	})
	t.Run("before it is met", func(t *testing.T) {
		o, _ := secondLife(t, dhcpc.Config{Bounce: true})
		o.client.Release("eth0")
		o.run(t, time.Hour)
		if len(o.eth0.Lowered)+len(o.eth0.Applied)+len(o.lan.Sent) > 0 || len(o.told(dhcpc.Lost)) > 0 {
			t.Errorf("set down at %v, configured %+v, sent %v", o.eth0.Lowered, o.eth0.Applied, o.lan.Sent)
		}
	})
	t.Run("while it cannot be set up", func(t *testing.T) {
		o := newOffice(dhcpc.Config{})
		o.eth0.Refuse[ifup.OpUp] = syscall.EBUSY
		o.lan.At(time.Second, func() { o.client.Release("eth0") })
		o.run(t, time.Hour)
		if len(o.eth0.Raised) != 2 || len(o.lan.Wakeups) > 5 { // the second try was arranged already
			t.Errorf("set up at %v, woken at %v", o.eth0.Raised, o.lan.Wakeups)
		}
	})
	t.Run("in the middle of a bounce", func(t *testing.T) {
		o := newOffice(dhcpc.Config{Bounce: true})
		o.eth0.SetUp(true)
		o.calls(t, "eth0", o.note)
		o.client.Release("eth0")
		o.client.Remove("eth0")
		o.request("eth0")
		o.lan.At(0, func() { o.client.Release("eth0") })
		o.run(t, time.Hour)
		if len(o.eth0.Lowered) != len(o.eth0.Raised) || len(o.lan.Sent) > 0 {
			t.Errorf("set down at %v and up at %v, sent %v", o.eth0.Lowered, o.eth0.Raised, o.lan.Sent)
		}
	})
}

// Nothing brings a released link back but a new request.
func TestWhatWasReleasedRests(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.At(restart, func() { o.client.Release("eth0") })
	o.lan.At(2*restart, func() { o.eth0.SetCarrier(false) })
	o.lan.At(3*restart, func() { o.eth0.SetCarrier(true) })
	o.lan.At(4*restart, func() { o.eth0.SetHardwareAddr(dhcp4.HardwareAddr{2, 7, 7, 7, 7, 7}) })
	o.lan.At(5*restart, func() { o.client.Renew(""); o.request("eth0") })
	const anew = 6 * restart
	o.lan.At(anew, func() {
		wantKinds(t, between(o.lan.Sent, restart, anew), dhcp4.KindRelease)
		o.client.Remove("eth0")
		o.request("eth0")
	})
	o.run(t, anew+time.Minute)
	if bound := o.told(dhcpc.Bound); len(bound) != 2 || bound[1].Time != anew+fourWays {
		t.Errorf("bound %+v", bound)
	}
}

// It is the one thing that withdraws an address for ever.
func TestReleaseOfAnAddressForEver(t *testing.T) {
	o := newOffice(dhcpc.Config{KeepForever: true})
	o.lan.At(restart, func() { o.client.Release("eth0") })
	o.run(t, time.Hour)
	o.wantReleased(t, restart+lingering)
}

// Also what was kept when its lease was over.
func TestReleaseOfAnAddressWithoutALease(t *testing.T) {
	o := newOffice(dhcpc.Config{KeepForever: true})
	o.lan.At(time.Second, func() { o.server.Silent = true })
	o.lan.At(2*time.Hour, func() {
		if !o.eth0.Config().Addr.IsValid() || o.status(t).Lease != nil {
			t.Errorf("after the lease: %+v", o.status(t))
		}
		o.client.Release("eth0")
	})
	o.run(t, 3*time.Hour)
	if st := o.status(t); st.State != machine.Stopped || o.eth0.Config().Addr.IsValid() {
		t.Errorf("%v, configured %+v", st.State, o.eth0.Config())
	}
}

func TestReleaseFromACallback(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.calls(t, "eth0", func(ev dhcpc.Event) {
		o.note(ev)
		if ev.Kind == dhcpc.Bound {
			o.client.Release("eth0")
		}
	})
	o.run(t, time.Hour)
	o.wantReleased(t, fourWays+lingering)
}

// An expiry, or the cable that goes, may come before the half second is over.
func TestReleaseIsOvertaken(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.At(restart, func() { o.client.Release("eth0") })
	o.lan.At(restart+lingering/2, func() { o.eth0.SetCarrier(false) })
	o.run(t, time.Hour)
	if lost := o.once(t, dhcpc.Lost); lost.Time != restart+lingering/2 || lost.State != machine.Stopped || o.withdrawn() != lost.Time {
		t.Errorf("lost %+v", lost)
	}
}
