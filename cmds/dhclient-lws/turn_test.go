package main

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// newQuiet is a resident that writes nothing and takes no signals, whose wait is over.
func newQuiet(t *testing.T) *resident {
	t.Helper()
	r, err := newResident(&options{}, packet.Now(), newConsole(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.watching, r.decided = true, true
	r.scribe.kicked = make(chan struct{}, 1) // no goroutine takes it
	return r
}

// Also when the wait is over the files of many links wait, as long as one is asking.
func TestFilesOfManyLinksWaitForThoseThatAsk(t *testing.T) {
	for _, asking := range []bool{true, false} {
		r := newQuiet(t)
		for i := range many + 1 {
			if err := r.client.Request("eth"+itoa(i), dhcpc.IPv4, nil); err != nil {
				t.Fatal(err)
			}
		}
		r.links.note(appears(2, "eth0"), r.start)
		if !asking {
			r.links.byName["eth0"].bind(r.start)
		}
		r.links.wanted() // they are asked on
		r.scribe.next = r.start
		r.onTurn(r.start)
		if shot := r.scribe.waiting; shot == nil || shot.brief != asking {
			t.Errorf("asking %v: %+v is to be written", asking, shot)
		}
	}
}

// A link that another client has is shown as it is now, and not at all when it is gone.
func TestHeldLinkIsShownAsItIs(t *testing.T) {
	r := newQuiet(t)
	r.links.note(appears(2, "eth0"), r.start)
	r.links.wanted()
	l := r.links.byName["eth0"]
	r.hold(l, 77)
	dark := appears(2, "eth0")
	dark.Link.Flags &^= 0x40
	for _, ev := range []struct {
		index int
		dark  bool
	}{{2, false}, {2, true}, {3, false}} {
		what := appears(ev.index, "eth0")
		if ev.dark {
			what = dark
		}
		r.onLink(*what)
		if held := r.snapshot(undecided).held; len(held) != 1 || held[0] != (heldLink{"eth0", 77, ev.index, !ev.dark}) {
			t.Errorf("%+v: %+v", ev, held)
		}
	}
	r.onLink(*goes(3, "eth0"))
	r.onTurn(r.start)
	if held := r.snapshot(undecided).held; len(held) != 0 {
		t.Errorf("gone: %+v", held)
	}
}

// What became of a renewal counts the leases that were asked for, and those that were
// renewed: one that was lost is answered, and one that nobody granted is not asked for.
func TestOutcomeOfARenewal(t *testing.T) {
	r := newQuiet(t)
	granted := &machine.Lease{Server: netip.MustParseAddr("10.0.0.1")}
	for i, lease := range []*machine.Lease{granted, granted, {}} {
		l := &knownLink{awaited: awaited{name: "eth" + itoa(i), bound: true}, lease: lease}
		r.links.byName[l.name] = l
	}
	r.hungUp.Store(true)
	for i, renewed := range []bool{true, false} {
		if again := r.followRenewal(r.start); again != r.start+renewPatience {
			t.Errorf("with %d answers: to be called again in %v", i, again-r.start)
		}
		r.answered(r.links.byName["eth"+itoa(i)], renewed)
	}
	if again := r.followRenewal(r.start + time.Second); again != machine.Never {
		t.Errorf("with all answers: to be called again in %v", again-r.start)
	}
	if said := string(r.console.queued); !strings.HasSuffix(said, "SIGHUP: renewed 1 of 2 leases\n") {
		t.Errorf("said: %q", said)
	}
}
