package dhcpc_test

import (
	"context"
	"errors"
	"io/fs"
	"syscall"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

func TestSocketsThatCannotBeOpenedAreTriedForEver(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENOBUFS, syscall.EAFNOSUPPORT} {
		t.Run(errno.Error(), func(t *testing.T) {
			o := newOffice(dhcpc.Config{})
			const cured = 3 * time.Hour
			tries := 0
			o.lan.RefuseListen = func(raw, udp bool) error {
				if o.lan.Now() >= cured {
					return nil
				}
				tries++
				return errno
			}
			o.run(t, cured+time.Minute+20*time.Second)

			failed := o.told(dhcpc.Failed)
			if len(failed) == 0 || failed[0].Time != 0 || !errors.Is(failed[0].Err, errno) {
				t.Errorf("told of %+v, want %v at once", failed, errno)
			}
			if tries > int(cured/time.Second) {
				t.Errorf("tried %d times in %v", tries, cured)
			}
			within(t, "bound", o.once(t, dhcpc.Bound).Time, cured, cured+77*time.Second)
		})
	}
}

func TestWithoutTheRightToOpenSocketsRunSaysSo(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.RefuseListen = func(raw, udp bool) error { return syscall.EPERM }
	if err := o.lan.Run(o.client, time.Minute); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Run returned %v, want one about permission", err)
	}
}

// What was not sent has not happened: the machine tries again and tells.
func TestMessagesThatCannotBeSentAreTriedAgain(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ENETDOWN, syscall.ENOBUFS, syscall.ENODEV, syscall.EPERM, syscall.EAGAIN} {
		t.Run(errno.Error(), func(t *testing.T) {
			o := newOffice(dhcpc.Config{})
			o.lan.RefuseSend = func(*packet.Out) error {
				if o.lan.Now() < 10*time.Second {
					return errno
				}
				return nil
			}
			o.run(t, time.Minute)
			if failed := o.told(dhcpc.Failed); len(failed) == 0 || !errors.Is(failed[0].Err, errno) {
				t.Errorf("told of %+v, want %v", failed, errno)
			}
			if o.lan.Failed < 3 || o.lan.Failed > 12 {
				t.Errorf("%d attempts in 10 s", o.lan.Failed)
			}
			within(t, "bound", o.once(t, dhcpc.Bound).Time, 10*time.Second, 16*time.Second+fourWays)
			if st := o.status(t); st.Sent != 2 {
				t.Errorf("%d messages counted as sent, 2 were", st.Sent)
			}
		})
	}
}

// The REQUEST for an offer fails once: the offer is not lost.
func TestAnOfferSurvivesAFailedRequest(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	o.lan.RefuseSend = func(*packet.Out) error {
		if len(o.lan.Sent) == 1 && o.lan.Failed == 0 {
			return syscall.ENOBUFS
		}
		return nil
	}
	o.run(t, 10*time.Second)
	wantKinds(t, o.lan.Sent, dhcp4.KindDiscover, dhcp4.KindSelecting)
	within(t, "bound", o.once(t, dhcpc.Bound).Time, 0, 2*time.Second)
}

func TestABoundClientSleepsUntilT1(t *testing.T) {
	rfc.Shows(t, "R2131-F5-20")
	o := newOffice(dhcpc.Config{})
	// A busy network: 100 ACKs a second for others, broadcast.
	var last *dhcptest.Message
	var reply dhcptest.Reply
	o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
		last, reply = m, *r
		return []dhcptest.Frame{o.server.Frame(m, r)}
	}
	for at := 10 * time.Second; at < 20*time.Second; at += 10 * time.Millisecond {
		o.lan.At(at, func() {
			o.server.Broadcast = true
			foreign := reply
			foreign.Xid, foreign.HardwareAddr = 42, dhcp4.HardwareAddr{2, 9}
			o.network.Send(o.server.Frame(last, &foreign))
			o.server.Broadcast = false
		})
	}
	o.run(t, 40*time.Minute)

	t1 := ofKind(o.lan.Sent, dhcp4.KindRenewing)[0].Time
	within(t, "T1", t1, 28*time.Minute, 30*time.Minute+time.Second)
	for _, at := range o.lan.Wakeups {
		if at > 10*time.Second && at < t1 { // until then the address is probed and announced
			t.Errorf("woken at %v", at)
		}
	}
	open := o.lan.Sockets[1]
	if open.Raw || open.UDP || open.Time > 5*time.Second {
		t.Errorf("sockets change to %+v, want all closed soon after the lease", open)
	}
}

func TestSocketsAreOpenWhileTheyAreNeeded(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	eth1 := o.lan.Plug("eth1", o.lan.Segment()) // nobody there
	eth1.SetUp(true)
	o.request("eth1")
	o.lan.At(20*time.Minute, func() { o.client.Remove("eth1") })
	o.run(t, 45*time.Minute)

	var raw, udp []dhcptest.Listening
	for i, s := range o.lan.Sockets {
		if s.Raw && (i == 0 || !o.lan.Sockets[i-1].Raw) {
			raw = append(raw, s)
		}
		if s.UDP && (i == 0 || !o.lan.Sockets[i-1].UDP) {
			udp = append(udp, s)
		}
	}
	if len(raw) != 1 || raw[0].Time != 0 {
		t.Errorf("the packet socket was opened at %v, want at the start only", raw)
	}
	closed := o.lan.Sockets[1]
	within(t, "packet socket closed", closed.Time, 20*time.Minute, 20*time.Minute+5*time.Second)
	t1 := ofKind(o.lan.Sent, dhcp4.KindRenewing)[0].Time
	if len(udp) != 1 || udp[0].Time != t1 {
		t.Errorf("the UDP socket was opened at %v, want at T1, %v", udp, t1)
	}
}

func TestOnTurnIsCalledBeforeEverySleepAndInTime(t *testing.T) {
	var turns []time.Duration
	o := newOffice(dhcpc.Config{OnTurn: func(now time.Duration) time.Duration {
		turns = append(turns, now)
		if now < 10*time.Minute {
			return 10 * time.Minute
		}
		return machine.Never
	}})
	o.run(t, 20*time.Minute)
	if len(turns) != len(o.lan.Wakeups) {
		t.Errorf("%d turns for %d sleeps", len(turns), len(o.lan.Wakeups))
	}
	if last := turns[len(turns)-1]; last != 10*time.Minute {
		t.Errorf("last turn at %v, want 10m", last)
	}
}

// A context that has ended already must not start anything.
func TestRunAfterTheEnd(t *testing.T) {
	o := newOffice(dhcpc.Config{})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := o.client.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
	if len(o.lan.Sent)+len(o.eth0.Raised) > 0 {
		t.Error("something was done")
	}
}
