package main

import (
	"cmp"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// linkBook keeps the links that the arguments mean: which of them exist, and
// what the wait has to know of each.
type linkBook struct {
	selectors []selector
	bootIF    [6]byte // that is waited for; zero: none
	byName    map[string]*knownLink
	byIndex   map[int]*knownLink // those that exist
	fresh     []*knownLink       // not yet requested
	curious   bool               // people want to know what nobody meant, and have not been told
	leftOut   []string           // and that is it, each with the reason
	left      []*knownLink       // meant by a pattern, and gone or no longer meant
	met       []bool             // selectors that some link has matched
	noLinks   time.Duration      // since when none has existed
	moment    []awaited          // memory of waiting
}

// knownLink is one of them.
type knownLink struct {
	awaited
	exact    bool // named: it is waited for while it does not exist
	renewing bool // people asked for that, and do not know yet what came of it
	enslaved bool // it became part of a bridge or a bond
	foreign  bool // no Ethernet: nothing is asked for there, and nothing waited for
	rank     int  // the argument that means it
	index    int
	lease    *machine.Lease // the last that people were told of
	// What people were told of offers that cannot be taken.
	refused [dhcp4.NumRefusals]bool
}

func newLinkBook(o *options, start time.Duration) linkBook {
	b := linkBook{
		selectors: o.selectors,
		met:       make([]bool, len(o.selectors)),
		byName:    map[string]*knownLink{},
		byIndex:   map[int]*knownLink{},
		noLinks:   start,
	}
	b.curious = o.verbosity > 0 && len(o.selectors) == 0
	if o.wait.mode == waitBootIF {
		b.bootIF = o.bootIF
	}
	for rank := range o.selectors {
		if s := &o.selectors[rank]; s.exact() {
			b.expect(s.text, rank, start)
		}
	}
	// Who waits for a link wants it to be asked on.
	for _, name := range o.wait.names {
		b.expect(name, len(o.selectors), start)
	}
	return b
}

func (b *linkBook) expect(name string, rank int, now time.Duration) {
	if b.byName[name] == nil {
		b.add(&knownLink{awaited: awaited{name: name, since: now, firstBound: machine.Never}, exact: true, rank: rank})
	}
}

func (b *linkBook) add(l *knownLink) {
	b.byName[l.name] = l
	b.fresh = append(b.fresh, l)
}

// note takes in what the kernel reports of a link.
func (b *linkBook) note(ev *ifup.Event, now time.Duration) {
	facts := &ev.Link
	for i := range b.selectors {
		b.met[i] = b.met[i] || b.selectors[i].matches(facts)
	}
	rank, meant := selectLink(b.selectors, facts)
	if l := b.byIndex[facts.Index]; l != nil {
		stays := !ev.Gone && l.name == facts.Name && (meant || l.exact)
		if l.index != facts.Index { // names were swapped: it is known under its new index already
			delete(b.byIndex, facts.Index)
		} else if !stays {
			delete(b.byIndex, facts.Index)
			l.present, l.carrier, l.bound, l.resting, l.since = false, false, false, false, now
			if len(b.byIndex) == 0 {
				b.noLinks = now
			}
			if !l.exact {
				l.enslaved = !ev.Gone && facts.Master != 0
				b.left = append(b.left, l)
			}
		}
	}
	l := b.byName[facts.Name]
	if ev.Gone || !meant && (l == nil || !l.exact) {
		if b.curious && !ev.Gone && !facts.Loopback() {
			b.leaveOut(facts)
		}
		return
	}
	if l == nil {
		l = &knownLink{awaited: awaited{name: facts.Name, firstBound: machine.Never}, rank: rank}
		b.add(l)
	}
	l.boot = b.bootIF != [6]byte{} && facts.HardwareAddr == b.bootIF
	l.index, l.foreign = facts.Index, facts.Type != unix.ARPHRD_ETHER
	b.byIndex[facts.Index] = l
	if running := facts.Running(); !l.present || l.carrier != running {
		l.present, l.carrier, l.resting, l.since = true, running, false, now
	}
}

// leaveOut notes a link that is none of the wired NICs.
func (b *linkBook) leaveOut(l *ifup.Link) {
	why := l.Kind
	switch {
	case l.Master != 0:
		why = "part of a bridge or a bond"
	case why != "":
	case l.Wireless:
		why = "wireless"
	default:
		why = "not Ethernet"
	}
	text := safeName(l.Name) + " (" + safeText(why) + ")"
	if !slices.Contains(b.leftOut, text) {
		b.leftOut = append(b.leftOut, text)
	}
}

// forgotten is the links that need not be asked on any more since
// it was last called: pulled out, renamed, or part of something larger. Only a
// name that was given keeps its place in the order of the links while it is
// absent; otherwise places would be used up where NICs come and go for months.
// One that came back meanwhile is not forgotten.
func (b *linkBook) forgotten() (list []*knownLink) {
	for _, l := range b.left {
		if !l.present && b.byName[l.name] == l {
			delete(b.byName, l.name)
			list = append(list, l)
		}
	}
	b.left = nil
	return list
}

// wanted yields the links to be requested since it was last called, in the order
// of the arguments, and for one argument in that of the kernel. It yields a few of
// many at a time: the first can be asked on while the others are looked after.
func (b *linkBook) wanted() []*knownLink {
	const few = 64
	b.fresh = slices.DeleteFunc(b.fresh, func(l *knownLink) bool { return b.byName[l.name] != l })
	slices.SortStableFunc(b.fresh, func(a, b *knownLink) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.index, b.index))
	})
	list := b.fresh[:min(few, len(b.fresh))]
	b.fresh = b.fresh[len(list):]
	return list
}

// unmet is the arguments that are no names and that no link has matched, and the
// link that the machine was booted from if it is waited for.
func (b *linkBook) unmet() (texts []string) {
	for i := range b.selectors {
		if s := &b.selectors[i]; !s.exact() && !b.met[i] {
			texts = append(texts, s.text)
		}
	}
	there := func(l *knownLink) bool { return l.boot && l.present }
	if len(b.selectors) == 0 && b.bootIF != [6]byte{} && len(b.those(there)) == 0 {
		texts = append(texts, bootIFText(b.bootIF))
	}
	return texts
}

// dark is the links that have no carrier.
func (b *linkBook) dark() []string {
	return b.those(func(l *knownLink) bool { return l.present && !l.carrier })
}

// asking reports whether a link has a carrier and no lease yet.
func (b *linkBook) asking() bool {
	for _, l := range b.byIndex {
		if l.carrier && !l.settled() && !l.foreign {
			return true
		}
	}
	return false
}

// absent is the names that were given and that no link has.
func (b *linkBook) absent() []string {
	return b.those(func(l *knownLink) bool { return l.exact && !l.present })
}

// those is the names of some links, in the order of the arguments.
func (b *linkBook) those(are func(*knownLink) bool) []string {
	var list []*knownLink
	for _, l := range b.byName {
		if are(l) {
			list = append(list, l)
		}
	}
	slices.SortStableFunc(list, func(a, b *knownLink) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.name, b.name))
	})
	names := make([]string, len(list))
	for i, l := range list {
		names[i] = l.name
	}
	return names
}

// waiting is the present moment of the wait, valid until the next call.
func (b *linkBook) waiting(start time.Duration) waiting {
	b.moment = b.moment[:0]
	for _, l := range b.byName {
		if !l.foreign {
			b.moment = append(b.moment, l.awaited)
		}
	}
	return waiting{start: start, noLinks: b.noLinks, links: b.moment}
}

// bind notes that a link has a lease.
func (l *knownLink) bind(now time.Duration) {
	l.bound, l.resting = true, false
	l.firstBound = min(l.firstBound, now)
}

// rest notes that the network prefers that a link does without IPv4.
func (l *knownLink) rest(now time.Duration) {
	l.resting = true
	l.firstBound = min(l.firstBound, now)
}
