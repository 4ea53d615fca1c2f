package main

import (
	"slices"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// result is how the wait ended; the handed-off command finds it in DHCLIENT_LWS_RESULT.
type result string

const (
	undecided     result = ""
	resultOK      result = "ok"      // what was to be waited for is bound
	resultTimeout result = "timeout" // not all of it within -timeout
	resultNoLink  result = "nolink"  // there is no link to ask on
	resultUsage   result = "usage"   // the command line was wrong
	resultError   result = "error"   // no permission, or the client died
)

// status is the exit status that tells of the result.
func (r result) status() int {
	switch r {
	case resultOK:
		return 0
	case resultTimeout:
		return exitTimeout
	case resultNoLink:
		return exitNoLink
	case resultUsage:
		return exitUsage
	case resultError, undecided:
	}
	return exitFailure
}

// waitMode is what -wait asks for.
type waitMode uint8

const (
	waitAll waitMode = iota
	waitAny
	waitNone
	waitNames
	waitBootIF
)

// waitPolicy says what must be bound before the boot goes on, and how long that may take.
type waitPolicy struct {
	mode           waitMode
	names          []string // for waitNames
	timeout        time.Duration
	carrierTimeout time.Duration
	grace          time.Duration
	patient        bool // a link that does not exist is waited for
}

// noLinkTimeout is how long the first NIC may take to appear.
const noLinkTimeout = 10 * time.Second

// waiting is a moment of the wait: what decide looks at.
type waiting struct {
	start   time.Duration // of the program
	noLinks time.Duration // since when there has been no link; not used while one is present
	links   []awaited
}

// awaited is one link in that moment.
type awaited struct {
	name       string
	boot       bool          // the machine was booted from it
	present    bool          // false: asked for by name, but not there yet
	carrier    bool          //
	since      time.Duration // when carrier came or went last; without any so far, when the link was first looked for
	bound      bool          //
	resting    bool          // the network prefers that it does without IPv4: as good as bound
	firstBound time.Duration // when the link was so for the first time; machine.Never if it was not
}

// settled reports whether there is nothing to wait for on the link.
func (l *awaited) settled() bool { return l.bound || l.resting }

// decide says whether the wait is over, and how it ended. While it is not,
// again is when the passing of time alone may end it.
func (p *waitPolicy) decide(now time.Duration, w waiting) (r result, again time.Duration) {
	met, hopeless := p.met(now, w.links)
	if met {
		return resultOK, machine.Never
	}
	again = hopeless
	if !p.patient && !slices.ContainsFunc(w.links, func(l awaited) bool { return l.present }) {
		if now >= w.noLinks+noLinkTimeout {
			return resultNoLink, machine.Never
		}
		again = min(again, w.noLinks+noLinkTimeout)
	}
	if p.timeout > 0 {
		if now >= w.start+p.timeout {
			return resultTimeout, machine.Never
		}
		again = min(again, w.start+p.timeout)
	}
	return undecided, again
}

// met reports whether all that was to be waited for is settled. If not, hopeless
// is when that will be so if nothing more happens: when the last link that is
// still waited for is given up.
func (p *waitPolicy) met(now time.Duration, links []awaited) (met bool, hopeless time.Duration) {
	settled, firstBound := false, machine.Never
	for _, l := range links {
		settled = settled || l.settled()
		firstBound = min(firstBound, l.firstBound)
	}
	switch p.mode {
	case waitNone:
		return true, 0
	case waitAny:
		return settled, machine.Never
	case waitBootIF:
		return slices.ContainsFunc(links, func(l awaited) bool { return l.boot && l.settled() }), machine.Never
	case waitNames:
		for _, name := range p.names {
			if !slices.ContainsFunc(links, func(l awaited) bool { return l.name == name && l.settled() }) {
				return false, machine.Never
			}
		}
		return true, 0
	case waitAll:
		if !settled {
			return false, machine.Never
		}
		for _, l := range links {
			switch {
			case l.settled():
			case l.carrier:
				hopeless = max(hopeless, max(firstBound, l.since)+p.grace)
			default:
				hopeless = max(hopeless, l.since+p.carrierTimeout)
			}
		}
		return now >= hopeless, hopeless
	}
	return false, machine.Never
}
