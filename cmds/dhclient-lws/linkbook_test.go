package main

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

func book(t *testing.T, args ...string) *linkBook {
	t.Helper()
	o, err := parse("dhclient-lws", args)
	if err != nil {
		t.Fatal(err)
	}
	b := newLinkBook(o, epoch)
	return &b
}

// appears is a link event; flags are up and running.
func appears(index int, name string) *ifup.Event {
	return &ifup.Event{Link: *nic(name, func(l *ifup.Link) { l.Index, l.Flags = index, l.Flags|0x40 })}
}

func goes(index int, name string) *ifup.Event {
	ev := appears(index, name)
	ev.Gone = true
	return ev
}

func names(links []*knownLink) []string {
	var list []string
	for _, l := range links {
		list = append(list, l.name)
	}
	return list
}

func expectNames(t *testing.T, what string, got []*knownLink, want ...string) {
	t.Helper()
	if !slices.Equal(names(got), want) {
		t.Errorf("%s: %q, want %q", what, names(got), want)
	}
}

func expectForgotten(t *testing.T, b *linkBook, want ...string) {
	t.Helper()
	if got := names(b.forgotten()); !slices.Equal(got, want) {
		t.Errorf("forgotten: %q, want %q", got, want)
	}
}

func TestLinksAreWantedOnceInOrder(t *testing.T) {
	b := book(t)
	for i, name := range []string{"eth2", "eth0", "eth1"} {
		b.note(appears([]int{4, 2, 3}[i], name), epoch)
	}
	b.note(appears(2, "eth0"), epoch)
	expectNames(t, "wanted", b.wanted(), "eth0", "eth1", "eth2")
	expectNames(t, "wanted again", b.wanted())
	b.note(appears(9, "eth9"), epoch)
	expectNames(t, "plugged in later", b.wanted(), "eth9")
}

// The first of many can be asked on before the last has been looked at.
func TestManyLinksAreWantedAFewAtATime(t *testing.T) {
	b := book(t)
	var want []string
	for i := range 200 {
		want = append(want, "eth"+strconv.Itoa(i))
		b.note(appears(i+2, want[i]), epoch)
	}
	for len(want) > 0 {
		few := min(64, len(want))
		expectNames(t, "wanted", b.wanted(), want[:few]...)
		want = want[few:]
	}
	expectNames(t, "wanted in the end", b.wanted())
}

func TestLinksAreWantedInOrderOfArguments(t *testing.T) {
	b := book(t, "wan0", "lan*", "usb0")
	b.note(appears(2, "lan1"), epoch)
	b.note(appears(3, "lan0"), epoch)
	b.note(appears(4, "wan0"), epoch)
	expectNames(t, "wanted", b.wanted(), "wan0", "lan1", "lan0", "usb0")
}

// A name is asked on before it exists, also one that is only waited for.
func TestNamesAreWantedAtOnce(t *testing.T) {
	expectNames(t, "wanted", book(t, "-wait", "eth1,eth0", "eth0").wanted(), "eth0", "eth1")
}

func TestAbsentAreTheNamesThatWereGiven(t *testing.T) {
	b := book(t, "wan0", "usb0", "lan*")
	b.note(appears(2, "wan0"), epoch)
	b.note(appears(3, "lan0"), epoch)
	b.note(goes(3, "lan0"), epoch)
	if got := b.absent(); !slices.Equal(got, []string{"usb0"}) {
		t.Errorf("absent %q", got)
	}
}

func TestRenamedLinkIsDropped(t *testing.T) {
	b := book(t)
	b.note(appears(2, "eth0"), epoch)
	b.wanted()
	b.note(appears(2, "enp1s0"), epoch)
	expectForgotten(t, b, "eth0")
	expectNames(t, "wanted under its new name", b.wanted(), "enp1s0")
	if w := b.waiting(epoch); len(w.links) != 1 {
		t.Errorf("waiting for %+v, want one link", w.links)
	}
}

func TestNameThatWasGivenStays(t *testing.T) {
	b := book(t, "eth0")
	b.note(appears(2, "eth0"), epoch)
	b.note(appears(2, "other"), epoch)
	expectForgotten(t, b)
	if w := b.waiting(epoch); len(w.links) != 1 || w.links[0].present {
		t.Errorf("waiting for %+v, want an absent eth0", w.links)
	}
}

func TestLinkThatJoinsABridgeIsDropped(t *testing.T) {
	b := book(t)
	b.note(appears(2, "eth0"), epoch)
	ev := appears(2, "eth0")
	ev.Link.Master = 5
	b.note(ev, epoch)
	expectForgotten(t, b, "eth0")
	b.note(ev, epoch)
	expectNames(t, "wanted while it is a part", b.wanted())
}

// What only a pattern means and is pulled out is nobody's concern, until
// something of that name is plugged in.
func TestLinkThatGoesIsForgotten(t *testing.T) {
	b := book(t)
	b.note(appears(2, "eth0"), epoch)
	b.wanted()
	b.note(goes(2, "eth0"), sec(5))
	expectForgotten(t, b, "eth0")
	expectForgotten(t, b)
	if w := b.waiting(epoch); len(w.links) != 0 || w.noLinks != sec(5) {
		t.Errorf("waiting for %+v, without links since %v; want none since 5 s", w.links, w.noLinks-epoch)
	}
	b.note(appears(7, "eth0"), sec(8))
	expectNames(t, "wanted", b.wanted(), "eth0")
	if w := b.waiting(epoch); len(w.links) != 1 || w.links[0].since != sec(8) {
		t.Errorf("waiting for %+v, want one link with carrier since 8 s", w.links)
	}
}

func TestLinkThatIsBackAtOnceIsNotForgotten(t *testing.T) {
	b := book(t)
	b.note(appears(2, "eth0"), epoch)
	b.wanted()
	b.note(goes(2, "eth0"), sec(5))
	b.note(appears(7, "eth0"), sec(5))
	expectForgotten(t, b)
	expectNames(t, "wanted: it still is", b.wanted())
}

func TestNameThatWasGivenOutlastsItsLink(t *testing.T) {
	b := book(t, "eth0")
	b.note(appears(2, "eth0"), epoch)
	b.note(goes(2, "eth0"), sec(5))
	expectForgotten(t, b)
}

func TestLinkThatWasGoneBeforeItWasAskedOn(t *testing.T) {
	b := book(t)
	b.note(appears(2, "eth0"), epoch)
	b.note(appears(2, "eth1"), epoch)
	expectForgotten(t, b, "eth0")
	expectNames(t, "wanted", b.wanted(), "eth1")
}

func TestCarrierIsTimed(t *testing.T) {
	b := book(t, "eth0")
	ev := appears(2, "eth0")
	since := func() (bool, time.Duration) {
		l := b.waiting(epoch).links[0]
		return l.carrier, l.since
	}
	ev.Link.Flags &^= 0x40
	b.note(ev, sec(1))
	b.note(ev, sec(2))
	if carrier, at := since(); carrier || at != sec(1) {
		t.Errorf("carrier %v since %v, want none since 1 s", carrier, at-epoch)
	}
	ev.Link.Flags |= 0x40
	b.note(ev, sec(3))
	b.note(ev, sec(4))
	if carrier, at := since(); !carrier || at != sec(3) {
		t.Errorf("carrier %v since %v, want carrier since 3 s", carrier, at-epoch)
	}
}

// After lost news two links may be found to have swapped their names.
func TestSwappedNames(t *testing.T) {
	b := book(t, "eth*")
	b.note(appears(3, "eth1"), epoch)
	b.note(appears(4, "eth0"), epoch)
	b.wanted()
	for _, ev := range []*ifup.Event{appears(3, "eth0"), appears(4, "eth1")} {
		b.note(ev, epoch)
	}
	for _, name := range []string{"eth0", "eth1"} {
		if l := b.byName[name]; l == nil || !l.present {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

// A link that is no Ethernet is there, but nothing is asked for on it, and
// nothing waits for it.
func TestForeignLinkIsNotWaitedFor(t *testing.T) {
	b := book(t, "tun0", "eth0")
	tun := appears(2, "tun0")
	tun.Link.Type = 65534
	b.note(tun, epoch)
	b.note(appears(3, "eth0"), epoch)
	if w := b.waiting(epoch); len(w.links) != 1 || w.links[0].name != "eth0" {
		t.Errorf("waited for: %+v", w.links)
	}
	if absent := b.absent(); len(absent) > 0 {
		t.Errorf("absent: %q", absent)
	}
}

// What is no name, and matches nothing, can be told of; so can links without a cable.
func TestUnmetAndDark(t *testing.T) {
	b := book(t, "eth*", "wan?", "02:00:00:00:00:77", "lan0")
	if got := b.unmet(); !slices.Equal(got, []string{"eth*", "wan?", "02:00:00:00:00:77"}) {
		t.Errorf("unmet: %q", got)
	}
	b.note(appears(3, "eth1"), epoch)
	dark := appears(2, "eth0")
	dark.Link.Flags &^= 0x40
	b.note(dark, epoch)
	if got := b.unmet(); !slices.Equal(got, []string{"wan?", "02:00:00:00:00:77"}) {
		t.Errorf("unmet: %q", got)
	}
	if got := b.dark(); !slices.Equal(got, []string{"eth0"}) {
		t.Errorf("without a cable: %q", got)
	}
}

// A link that rests, since the network prefers that it does without IPv4, has
// nothing to wait for until it has a lease or its cable was pulled.
func TestALinkThatRests(t *testing.T) {
	b := book(t, "eth0")
	b.note(appears(2, "eth0"), epoch)
	l := b.byName["eth0"]
	l.rest(sec(1))
	if w := b.waiting(epoch).links; len(w) != 1 || !w[0].settled() || w[0].bound || w[0].firstBound != sec(1) {
		t.Errorf("rests: %+v", w)
	}
	b.note(appears(2, "eth0"), sec(2)) // news of something else
	if !l.settled() {
		t.Error("any news ends it")
	}
	dark := appears(2, "eth0")
	dark.Link.Flags &^= 0x40
	b.note(dark, sec(3))
	if l.settled() {
		t.Error("without carrier it is settled")
	}
	l.rest(sec(4))
	if l.bind(sec(5)); !l.bound || l.resting {
		t.Errorf("bound: %+v", l)
	}
	l.rest(sec(6))
	b.note(goes(2, "eth0"), sec(7))
	if l.settled() {
		t.Error("settled, and gone")
	}
}

// A link is asking from its carrier to its lease.
func TestALinkIsAskingUntilItIsBound(t *testing.T) {
	dark := appears(3, "eth1")
	dark.Link.Flags &^= 0x40
	b := book(t)
	for _, step := range []struct {
		what string
		do   func()
		want bool
	}{
		{"without links", func() {}, false},
		{"without carrier", func() { b.note(dark, epoch) }, false},
		{"with carrier", func() { b.note(appears(2, "eth0"), epoch) }, true},
		{"bound", func() { b.byName["eth0"].bind(epoch) }, false},
		{"with a second carrier", func() { b.note(appears(3, "eth1"), epoch) }, true},
		{"while that link rests", func() { b.byName["eth1"].rest(epoch) }, false},
		{"not bound any more", func() { b.byName["eth0"].bound = false }, true},
		{"gone", func() { b.note(goes(2, "eth0"), epoch) }, false},
	} {
		step.do()
		if got := b.asking(); got != step.want {
			t.Errorf("%s: asking %v, want %v", step.what, got, step.want)
		}
	}
}

// A link that is left out is noted once, whatever the kernel has to say of it.
func TestALinkIsLeftOutOnce(t *testing.T) {
	b := book(t, "-v")
	for range 2 {
		b.note(&ifup.Event{Link: *nic("veth0", kind("veth"))}, epoch)
	}
	if want := []string{"veth0 (veth)"}; !slices.Equal(b.leftOut, want) {
		t.Errorf("%q, want %q", b.leftOut, want)
	}
}
