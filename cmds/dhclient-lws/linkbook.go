package main

import (
	"cmp"
	"slices"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// linkBook keeps the links that the arguments mean: which of them exist, and
// what the wait has to know of each.
type linkBook struct {
	selectors []selector
	byName    map[string]*knownLink
	byIndex   map[int]*knownLink // those that exist
	fresh     []*knownLink       // not yet requested
	noLinks   time.Duration      // since when none has existed
	moment    []awaited          // memory of waiting
}

// knownLink is one of them.
type knownLink struct {
	awaited
	exact bool // named: it is waited for while it does not exist
	rank  int  // the argument that means it
	index int
	lease *machine.Lease // the last that people were told of
}

func newLinkBook(o *options, start time.Duration) linkBook {
	b := linkBook{
		selectors: o.selectors,
		byName:    map[string]*knownLink{},
		byIndex:   map[int]*knownLink{},
		noLinks:   start,
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

// note takes in what the kernel reports of a link. It returns the name of a
// link that is not meant any more, because it was renamed or became part of
// something larger, or "".
func (b *linkBook) note(ev *ifup.Event, now time.Duration) (dropped string) {
	facts := &ev.Link
	rank, meant := selectLink(b.selectors, facts)
	if l := b.byIndex[facts.Index]; l != nil {
		stays := !ev.Gone && l.name == facts.Name && (meant || l.exact)
		if l.index != facts.Index { // names were swapped: it is known under its new index already
			delete(b.byIndex, facts.Index)
		} else if !stays {
			delete(b.byIndex, facts.Index)
			l.present, l.carrier, l.bound, l.since = false, false, false, now
			if len(b.byIndex) == 0 {
				b.noLinks = now
			}
			// One that is gone may come back and have its lease again.
			if !ev.Gone && !l.exact {
				delete(b.byName, l.name)
				dropped = l.name
			}
		}
	}
	l := b.byName[facts.Name]
	if ev.Gone || l == nil && !meant {
		return dropped
	}
	if l == nil {
		l = &knownLink{awaited: awaited{name: facts.Name, firstBound: machine.Never}, rank: rank}
		b.add(l)
	}
	l.index = facts.Index
	b.byIndex[facts.Index] = l
	if running := facts.Running(); !l.present || l.carrier != running {
		l.present, l.carrier, l.since = true, running, now
	}
	return dropped
}

// wanted yields the links to be requested since it was last called, in the order
// of the arguments, and for one argument in that of the kernel.
func (b *linkBook) wanted() []*knownLink {
	list := slices.DeleteFunc(b.fresh, func(l *knownLink) bool { return b.byName[l.name] != l })
	slices.SortStableFunc(list, func(a, b *knownLink) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.index, b.index))
	})
	b.fresh = nil
	return list
}

// absent is the names that were given and that no link has, in the order of the
// arguments.
func (b *linkBook) absent() []string {
	var list []*knownLink
	for _, l := range b.byName {
		if l.exact && !l.present {
			list = append(list, l)
		}
	}
	slices.SortFunc(list, func(a, b *knownLink) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.name, b.name))
	})
	names := make([]string, len(list))
	for i, l := range list {
		names[i] = l.name
	}
	return names
}

// waiting is the present moment of the wait, valid until the next call. A link
// that is gone and was not named is not waited for.
func (b *linkBook) waiting(start time.Duration) waiting {
	b.moment = b.moment[:0]
	for _, l := range b.byName {
		if l.present || l.exact {
			b.moment = append(b.moment, l.awaited)
		}
	}
	return waiting{start: start, noLinks: b.noLinks, links: b.moment}
}

// bind notes that a link has a lease.
func (l *knownLink) bind(now time.Duration) {
	l.bound = true
	l.firstBound = min(l.firstBound, now)
}
