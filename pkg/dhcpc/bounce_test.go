package dhcpc_test

import (
	"errors"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// A link that is up when it is met goes down and comes up again, before anything
// is sent, and once for the life of the request.
func TestBounce(t *testing.T) {
	o := newOffice(dhcpc.Config{Bounce: true})
	o.eth0.SetUp(true)
	o.eth0.UpDelay = time.Second
	var back *dhcptest.Link
	o.lan.At(time.Minute, func() { o.eth0.Unplug() })
	o.lan.At(2*time.Minute, func() {
		back = o.lan.Plug("eth0", o.network)
		back.SetUp(true)
	})
	o.run(t, 3*time.Minute)
	if !slices.Equal(o.eth0.Lowered, []time.Duration{0}) || !slices.Equal(o.eth0.Raised, []time.Duration{0}) {
		t.Errorf("set down at %v and up at %v", o.eth0.Lowered, o.eth0.Raised)
	}
	if bound := o.told(dhcpc.Bound); len(bound) != 2 || bound[0].Time != time.Second+fourWays {
		t.Errorf("bound %+v", bound)
	}
	wantKinds(t, between(o.lan.Sent, 0, time.Minute), dhcp4.KindDiscover, dhcp4.KindSelecting)
	if len(o.told(dhcpc.LinkUp)) != 2 || len(back.Lowered) > 0 {
		t.Errorf("told %+v; the second time set down at %v", o.events, back.Lowered)
	}
}

func TestALinkThatIsDownIsNotBounced(t *testing.T) {
	o := newOffice(dhcpc.Config{Bounce: true})
	o.run(t, time.Minute)
	if bound := o.once(t, dhcpc.Bound); bound.Time != fourWays || len(o.eth0.Lowered) > 0 {
		t.Errorf("bound at %v, set down at %v", bound.Time, o.eth0.Lowered)
	}
}

// Without the option a link is only ever set up.
func TestNoBounceByDefault(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.eth0.SetUp(true)
	o.run(t, time.Minute)
	if len(o.eth0.Lowered)+len(o.eth0.Raised) > 0 {
		t.Errorf("set down at %v and up at %v", o.eth0.Lowered, o.eth0.Raised)
	}
}

// What the kernel does not set down is used as it is.
func TestABounceThatIsRefused(t *testing.T) {
	o := newOffice(dhcpc.Config{Bounce: true})
	o.eth0.SetUp(true)
	o.eth0.Refuse[ifup.OpDown] = syscall.EBUSY
	o.run(t, time.Minute)
	if failed := o.once(t, dhcpc.Failed); !errors.Is(failed.Err, syscall.EBUSY) || failed.Err.Error() != "set down: device or resource busy" {
		t.Errorf("told of %v", failed.Err)
	}
	if bound := o.once(t, dhcpc.Bound); bound.Time != fourWays || len(o.eth0.Lowered) != 1 {
		t.Errorf("bound at %v, set down at %v", bound.Time, o.eth0.Lowered)
	}
}

// Down, a link loses its routes. One that carries the lease of an earlier life
// is in use, and an upgrade of the program must not cut it.
func TestALinkInUseIsNotBounced(t *testing.T) {
	o, _ := secondLife(t, dhcpc.Config{Bounce: true})
	o.run(t, restart+time.Minute)
	if bound := o.once(t, dhcpc.Bound); bound.Time != restart+2*oneWay || len(o.eth0.Lowered) > 0 {
		t.Errorf("bound at %v, set down at %v", bound.Time, o.eth0.Lowered)
	}
	o, _ = secondLife(t, dhcpc.Config{Bounce: true})
	o.reboot()
	o.run(t, restart+time.Minute)
	if len(o.eth0.Lowered) != 1 {
		t.Errorf("a link that holds nothing was set down at %v", o.eth0.Lowered)
	}
}

// Somebody sets it up at once, and the news of both is lost.
func TestABounceThatNobodySaw(t *testing.T) {
	o := newOffice(dhcpc.Config{Bounce: true})
	k := &busyKernel{Kernel: o.lan.Kernel, eth0: o.eth0}
	o.client = dhcpc.New(dhcpc.Config{Net: o.lan, Kernel: k, Bounce: true})
	o.request("eth0")
	o.eth0.SetUp(true)
	o.run(t, time.Minute)
	if bound := o.once(t, dhcpc.Bound); bound.Time != fourWays || len(o.eth0.Lowered) != 2 {
		t.Errorf("bound at %v, set down at %v", bound.Time, o.eth0.Lowered)
	}
}

// busyKernel undoes the first Down unseen.
type busyKernel struct {
	*dhcptest.Kernel
	eth0   *dhcptest.Link
	undone bool
}

func (k *busyKernel) Flush(fn func(index int, err error)) {
	k.Kernel.Flush(fn)
	if len(k.eth0.Lowered) == 1 && !k.undone {
		k.undone = true
		k.eth0.SetUp(true)
		k.Overrun()
	}
}
