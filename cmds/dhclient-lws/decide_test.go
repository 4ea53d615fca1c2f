package main

import (
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// The program starts at 100 s after boot, so that nothing works by being zero.
const epoch = 100 * time.Second

func sec(s float64) time.Duration { return epoch + time.Duration(s*float64(time.Second)) }

// The links of the tables. Times are seconds since the start of the program.

func boundAt(s float64) awaited {
	return awaited{present: true, carrier: true, since: epoch, bound: true, firstBound: sec(s)}
}

func carrierSince(s float64) awaited {
	return awaited{present: true, carrier: true, since: sec(s), firstBound: machine.Never}
}

func noCarrierSince(s float64) awaited {
	return awaited{present: true, since: sec(s), firstBound: machine.Never}
}

// absentSince is a link that was named and does not exist.
func absentSince(s float64) awaited {
	return awaited{since: sec(s), firstBound: machine.Never}
}

// lostAgain was bound, and is not any more.
func lostAgain(first, carrier float64) awaited {
	return awaited{present: true, carrier: true, since: sec(carrier), firstBound: sec(first)}
}

// restsSince is a link that does without IPv4, as the network prefers.
func restsSince(s float64) awaited {
	return awaited{present: true, carrier: true, since: epoch, resting: true, firstBound: sec(s)}
}

func named(name string, l awaited) awaited {
	l.name = name
	return l
}

func booted(l awaited) awaited {
	l.boot = true
	return l
}

var defaultWait = waitPolicy{timeout: 60 * time.Second, carrierTimeout: 5 * time.Second, grace: 10 * time.Second}

func with(change func(*waitPolicy)) waitPolicy {
	p := defaultWait
	change(&p)
	return p
}

func TestDecide(t *testing.T) {
	all := defaultWait
	anyOf := with(func(p *waitPolicy) { p.mode = waitAny })
	none := with(func(p *waitPolicy) { p.mode = waitNone })
	two := with(func(p *waitPolicy) { p.mode, p.names = waitNames, []string{"eth0", "eth2"} })
	bootIF := with(func(p *waitPolicy) { p.mode = waitBootIF })
	patient := with(func(p *waitPolicy) { p.timeout = 0 })
	unwearied := with(func(p *waitPolicy) {
		p.mode, p.names, p.timeout, p.patient = waitNames, []string{"eth0"}, 0, true
	})
	hasty := with(func(p *waitPolicy) { p.carrierTimeout, p.grace = 0, 0 })
	brief := with(func(p *waitPolicy) { p.timeout = 3 * time.Second })
	const never = -1

	tests := []struct {
		name   string
		policy waitPolicy
		now    float64
		links  []awaited
		want   result
		again  float64
	}{
		// all: every link is bound, and at least one
		{"all, no link yet", all, 0, nil, undecided, 10},
		{"all, the only link is bound", all, 2, []awaited{boundAt(2)}, resultOK, never},
		{"all, both links are bound", all, 2, []awaited{boundAt(1), boundAt(2)}, resultOK, never},
		{"all, the only link has no lease", all, 59, []awaited{carrierSince(0)}, undecided, 60},
		{"all, the only link has no carrier", all, 59, []awaited{noCarrierSince(0)}, undecided, 60},

		// … or has had no carrier for -carrier-timeout
		{"all, the other has no carrier", all, 4.9, []awaited{boundAt(1), noCarrierSince(0)}, undecided, 5},
		{"all, the other has had no carrier for 5 s", all, 5, []awaited{boundAt(1), noCarrierSince(0)}, resultOK, never},
		{"all, the other lost its carrier", all, 7, []awaited{boundAt(1), noCarrierSince(3)}, undecided, 8},
		{"all, no carrier counts from when the link was there", all, 24, []awaited{boundAt(1), noCarrierSince(20)}, undecided, 25},
		{"all, a link that was named and is absent has no carrier", all, 4, []awaited{boundAt(1), absentSince(0)}, undecided, 5},
		{"all, and is given up like it", all, 5, []awaited{boundAt(1), absentSince(0)}, resultOK, never},

		// … or has had carrier for -grace since the first bind
		{"all, the other has carrier", all, 10.9, []awaited{boundAt(1), carrierSince(0)}, undecided, 11},
		{"all, the other has had carrier for 10 s since the first bind", all, 11, []awaited{boundAt(1), carrierSince(0)}, resultOK, never},
		{"all, carrier came after the first bind", all, 11, []awaited{boundAt(1), carrierSince(4)}, undecided, 14},
		{"all, the first bind of several counts", all, 11, []awaited{boundAt(1), boundAt(9), carrierSince(0)}, resultOK, never},
		{"all, the last of several to be given up counts", all, 6, []awaited{boundAt(1), noCarrierSince(0), carrierSince(3)}, undecided, 13},
		{"all, nobody is bound any more", all, 30, []awaited{lostAgain(1, 0), noCarrierSince(0)}, undecided, 60},
		{"all, one is bound and the first lost its lease", all, 11, []awaited{lostAgain(1, 0), boundAt(5)}, resultOK, never},

		// … or does without IPv4, which is as good as a lease
		{"all, the only link rests", all, 2, []awaited{restsSince(2)}, resultOK, never},
		{"all, one is bound and one rests", all, 2, []awaited{boundAt(1), restsSince(2)}, resultOK, never},
		{"all, one rests, the other has carrier", all, 10.9, []awaited{restsSince(1), carrierSince(0)}, undecided, 11},
		{"all, one rests, the other has had carrier for 10 s since", all, 11, []awaited{restsSince(1), carrierSince(0)}, resultOK, never},
		{"all, one rests, the other has had no carrier for 5 s", all, 5, []awaited{restsSince(1), noCarrierSince(0)}, resultOK, never},

		// any: one bound
		{"any, none bound", anyOf, 1, []awaited{carrierSince(0), noCarrierSince(0)}, undecided, 60},
		{"any, one bound", anyOf, 1, []awaited{carrierSince(0), boundAt(1)}, resultOK, never},

		{"any, one rests", anyOf, 1, []awaited{carrierSince(0), restsSince(1)}, resultOK, never},

		// none
		{"none", none, 0, nil, resultOK, never},

		// named: those bound, whatever the others do
		{"named, one of two bound", two, 1, []awaited{named("eth0", boundAt(1)), named("eth2", carrierSince(0))}, undecided, 60},
		{"named, both bound", two, 1, []awaited{named("eth0", boundAt(1)), named("eth1", carrierSince(0)), named("eth2", boundAt(1))}, resultOK, never},
		{"named, one absent", two, 40, []awaited{named("eth0", boundAt(1)), named("eth2", absentSince(0))}, undecided, 60},
		{"named, no patience with one that has no carrier", two, 40, []awaited{named("eth0", boundAt(1)), named("eth2", noCarrierSince(0))}, undecided, 60},

		{"named, one bound and one rests", two, 1, []awaited{named("eth0", boundAt(1)), named("eth2", restsSince(1))}, resultOK, never},

		// bootif: the link that the machine was booted from
		{"bootif, another is bound", bootIF, 1, []awaited{boundAt(1), booted(carrierSince(0))}, undecided, 60},
		{"bootif, it is bound", bootIF, 1, []awaited{carrierSince(0), booted(boundAt(1))}, resultOK, never},
		{"bootif, it lost its lease", bootIF, 2, []awaited{boundAt(1), booted(lostAgain(1, 0))}, undecided, 60},
		{"bootif, it is not there", bootIF, 60, []awaited{boundAt(1)}, resultTimeout, never},
		{"bootif, it rests", bootIF, 2, []awaited{carrierSince(0), booted(restsSince(1))}, resultOK, never},

		// no link for 10 s
		{"no link for 10 s", all, 10, nil, resultNoLink, never},
		{"no link for 10 s, any", anyOf, 10, nil, resultNoLink, never},
		{"no link for 10 s, named", two, 10, []awaited{named("eth0", absentSince(0)), named("eth2", absentSince(0))}, resultNoLink, never},
		{"no link for 10 s, and all the patience there is", unwearied, 3600, []awaited{named("eth0", absentSince(0))}, undecided, never},
		{"a link without carrier is a link", all, 10, []awaited{noCarrierSince(0)}, undecided, 60},
		{"no link, and a short timeout", brief, 2, nil, undecided, 3},
		{"no link, and a short timeout has passed", brief, 3, nil, resultTimeout, never},

		// -timeout
		{"timeout", all, 60, []awaited{carrierSince(0)}, resultTimeout, never},
		{"timeout before the grace has passed", all, 60, []awaited{boundAt(59), carrierSince(0)}, resultTimeout, never},
		{"bound in the last moment", all, 60, []awaited{boundAt(60)}, resultOK, never},
		{"timeout 0 is never", patient, 3600, []awaited{carrierSince(0)}, undecided, never},
		{"timeout 0 and a grace that passes", patient, 3600, []awaited{boundAt(3599), carrierSince(0)}, undecided, 3609},

		// no patience at all
		{"no patience", hasty, 1, []awaited{boundAt(1), carrierSince(0), noCarrierSince(0)}, resultOK, never},
		{"no patience, but nobody is bound", hasty, 1, []awaited{carrierSince(0)}, undecided, 60},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := waiting{start: epoch, noLinks: epoch, links: tt.links}
			got, again := tt.policy.decide(sec(tt.now), w)
			if got != tt.want {
				t.Errorf("result %q, want %q", got, tt.want)
			}
			want := machine.Never
			if tt.again != never {
				want = sec(tt.again)
			}
			if again != want {
				t.Errorf("to be asked again at %v, want %v", again-epoch, want-epoch)
			}
		})
	}
}

// The links went away at 20 s; ten seconds count from then.
func TestDecideLinksGone(t *testing.T) {
	w := waiting{start: epoch, noLinks: sec(20)}
	if r, again := defaultWait.decide(sec(29), w); r != undecided || again != sec(30) {
		t.Errorf("at 29 s: %q, again at %v", r, again-epoch)
	}
	if r, _ := defaultWait.decide(sec(30), w); r != resultNoLink {
		t.Errorf("at 30 s: %q, want nolink", r)
	}
}

// If nothing happens, the answer changes when decide said that it might, and not before.
func TestDecideSaysWhen(t *testing.T) {
	for _, links := range [][]awaited{
		nil,
		{carrierSince(0)},
		{boundAt(1), noCarrierSince(2), carrierSince(3)},
		{boundAt(55), carrierSince(54)},
		{absentSince(0)},
	} {
		w := waiting{start: epoch, noLinks: epoch, links: links}
		now := sec(2)
		for steps := 0; ; steps++ {
			r, again := defaultWait.decide(now, w)
			if r != undecided {
				break
			}
			if steps > len(links)+2 || again <= now {
				t.Fatalf("links %+v: asked %d times, the next time at %v", links, steps, again-epoch)
			}
			if r, _ := defaultWait.decide(again-1, w); r != undecided {
				t.Errorf("links %+v: decided before %v", links, again-epoch)
			}
			now = again
		}
	}
}
