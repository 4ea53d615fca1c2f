package dhcpc_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
)

// Somebody takes the address away, or a route: it is back before anyone misses it
// for long, without a message to the server, and a line tells.
func TestWhatSomebodyTakesAwayIsPutBack(t *testing.T) {
	for what, take := range map[string]func(o *office){
		"address": func(o *office) { o.eth0.Strip() },
		"routes":  func(o *office) { o.eth0.StripRoutes() },
	} {
		t.Run(what, func(t *testing.T) {
			o := newOffice(dhcpc.Config{})
			o.lan.At(time.Minute, func() { take(o) })
			o.run(t, time.Minute+time.Second)
			if got := o.eth0.Config(); got.Addr != netip.MustParsePrefix("192.0.2.10/24") || len(got.Routes) != 1 {
				t.Errorf("configured %+v", got)
			}
			if failed := o.once(t, dhcpc.Failed); !strings.Contains(failed.Err.Error(), "putting it back") {
				t.Errorf("told %v", failed.Err)
			}
			wantKinds(t, between(o.lan.Sent, time.Minute, 2*time.Minute))
			if st := o.status(t); st.LastErr != "" {
				t.Errorf("in the status for ever: %q", st.LastErr)
			}
		})
	}
}

// Another program that takes the address away as often as it sees it has it away
// for a minute each time in the end; one that did so on another day is forgiven.
func TestNobodyIsFought(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	end := time.Minute
	var takeAway func()
	takeAway = func() {
		if o.eth0.Config().Addr.IsValid() {
			o.eth0.Strip()
		}
		if o.lan.Now() < 10*time.Minute {
			o.lan.After(10*time.Millisecond, takeAway)
		}
	}
	o.lan.At(end, takeAway)
	o.lan.At(20*time.Minute, func() { o.eth0.Strip() })
	o.run(t, 21*time.Minute)

	in := func(from, to time.Duration) (n int) {
		for _, ev := range o.told(dhcpc.Failed) {
			if ev.Time >= from && ev.Time < to {
				n++
			}
		}
		return n
	}
	if n := in(time.Minute, 2*time.Minute); n < 3 || n > 6 {
		t.Errorf("put back %d times in the first minute", n)
	}
	if n := in(5*time.Minute, 10*time.Minute); n < 3 || n > 5 {
		t.Errorf("put back %d times in five later minutes", n)
	}
	if n := in(20*time.Minute, 20*time.Minute+time.Second); n != 1 || !o.eth0.Config().Addr.IsValid() {
		t.Errorf("after some time of peace it was put back %d times, and is %+v", n, o.eth0.Config())
	}
}

// At the end of a lease the kernel takes the address away by itself, up to a second
// before us. Nobody brings it back.
func TestTheKernelsOwnWithdrawalIsNoTheft(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.server.Silent = true })
	o.run(t, 2*time.Hour)
	if lost := o.once(t, dhcpc.Lost); lost.Time < time.Hour {
		t.Errorf("lost at %v", lost.Time)
	}
	if len(o.told(dhcpc.Failed)) > 0 || o.eth0.Config().Addr.IsValid() {
		t.Errorf("told %v, configured %+v", o.told(dhcpc.Failed), o.eth0.Config())
	}
}

// A link that goes loses its address before it does: that is no reason for
// anything.
func TestALinkThatGoesIsNotMended(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() { o.eth0.Strip() })
	o.lan.At(time.Minute+50*time.Millisecond, func() { o.eth0.Unplug() })
	o.run(t, 2*time.Minute)
	o.once(t, dhcpc.LinkGone)
	if failed := o.told(dhcpc.Failed); len(failed) > 0 {
		t.Errorf("told %v", failed[0].Err)
	}
}

// What goes while the link is down comes back when it is up.
func TestAnAddressTakenFromALinkThatIsDown(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.At(time.Minute, func() {
		o.eth0.SetUp(false)
		o.eth0.Strip()
	})
	o.lan.At(2*time.Minute, func() { o.eth0.SetUp(true) })
	o.run(t, 3*time.Minute)
	if failed := o.told(dhcpc.Failed); len(failed) > 0 {
		t.Errorf("told %v", failed[0].Err)
	}
	if got := o.eth0.Config(); !got.Addr.IsValid() || len(got.Routes) != 1 {
		t.Errorf("configured %+v", got)
	}
}
