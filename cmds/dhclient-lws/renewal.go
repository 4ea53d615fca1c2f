package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// A renewal that somebody asks for is told of in two lines: that it begins, and what
// became of it.

// renewPatience is how long an answer may take. The next message is sent after a
// minute at the earliest (RFC 2131 section 4.4.5).
const renewPatience = 5 * time.Second

// renewal is the last one that was asked for, until people know its outcome.
type renewal struct {
	until   time.Duration // when patience ends; 0: there is none
	asked   int
	renewed int
}

// renew asks for all leases to be renewed. It may be called from any goroutine.
func (r *resident) renew() {
	r.console.say("SIGHUP: renewing " + leaseCount(r.client.Counts().Leased))
	r.hungUp.Store(true) // before the loop wakes, and before the answers
	r.client.Renew("")
}

// followRenewal tells of the outcome when it is known, and returns when to look again.
func (r *resident) followRenewal(now time.Duration) time.Duration {
	n := &r.renewal
	if r.hungUp.Swap(false) {
		*n = renewal{until: now + renewPatience}
		for _, l := range r.links.byName {
			if l.renewing = l.bound && !l.lease.Static(); l.renewing {
				n.asked++
			}
		}
	}
	if n.asked == 0 {
		return machine.Never
	}
	silent := r.links.those(func(l *knownLink) bool { return l.renewing })
	if len(silent) > 0 && now < n.until {
		return n.until
	}
	text := "renewed " + leaseCount(n.asked)
	if n.renewed < n.asked {
		text = "renewed " + strconv.Itoa(n.renewed) + " of " + leaseCount(n.asked)
	}
	if len(silent) > 0 {
		for i, name := range silent {
			silent[i] = safeName(name)
		}
		text += "; no answer yet on " + some(silent)
	}
	r.console.say("SIGHUP: " + text)
	for _, l := range r.links.byName {
		l.renewing = false
	}
	*n = renewal{}
	return machine.Never
}

// answered notes that it is known what became of the renewal of a lease.
func (r *resident) answered(l *knownLink, renewed bool) {
	if l.renewing && renewed {
		r.renewal.renewed++
	}
	l.renewing = false
}

// some is a list of which a line takes a few.
func some(list []string) string {
	text := strings.Join(list[:min(len(list), few)], ", ")
	if more := len(list) - few; more > 0 {
		text += " and " + strconv.Itoa(more) + " more"
	}
	return text
}
