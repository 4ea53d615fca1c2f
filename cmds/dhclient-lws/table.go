package main

import (
	"fmt"
	"strings"
	"time"
)

// router is the first router of a lease, "" if there is none. Classless routes
// silence the list of routers.
func (l *leaseStatus) router() string {
	for _, r := range l.routes {
		if r.Dst.Bits() == 0 && r.Gateway.IsValid() {
			return r.Gateway.String()
		}
	}
	if len(l.routers) > 0 {
		return l.routers[0].String()
	}
	return ""
}

// table is the state of links for a person, two lines to a link: what it has,
// and the timeline of how it came by it.
func table(links []linkStatus, now time.Duration) string {
	rows := [][]string{{"INTERFACE", "STATE", "ADDRESS", "ROUTER", "DNS", "LEASE"}}
	for i := range links {
		rows = append(rows, links[i].row(now))
	}
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	var b strings.Builder
	for i, row := range rows {
		for j, cell := range row[:len(row)-1] {
			fmt.Fprintf(&b, "%-*s  ", width[j], cell)
		}
		b.WriteString(row[len(row)-1])
		b.WriteByte('\n')
		if i > 0 {
			b.WriteString(links[i-1].timelineText())
		}
	}
	return b.String()
}

func (l *linkStatus) row(now time.Duration) []string {
	state := safeText(l.state)
	switch {
	case l.index == 0:
		state = "absent"
	case !l.carrier:
		state = "no carrier"
	}
	row := []string{safeName(l.name), state, "-", "-", "-", "-"}
	if l.lease == nil {
		return row
	}
	row[2] = l.lease.address.String()
	if router := l.lease.router(); router != "" {
		row[3] = router
	}
	if len(l.lease.dns) > 0 {
		row[4] = joinAddrs(l.lease.dns[:min(len(l.lease.dns), maxResolvers)], ",")
	}
	row[5] = l.lease.remaining(now)
	return row
}

// maxResolvers is how many name servers resolv.conf has use for.
const maxResolvers = 3

func (l *leaseStatus) remaining(now time.Duration) string {
	if l.expiry == 0 {
		return "forever"
	}
	left := time.Duration(l.expiry)*time.Millisecond - now
	if left <= 0 {
		return "expired"
	}
	return shortDuration(left)
}

// timeline is a line such as "  up 0.3  carrier 1.2  DISCOVER 1.3 ms".
func (l *linkStatus) timelineText() string {
	if len(l.timeline) == 0 {
		return ""
	}
	var b strings.Builder
	for _, m := range l.timeline {
		fmt.Fprintf(&b, "  %s %.1f", safeText(m.what), m.ms)
	}
	return b.String() + " ms\n"
}

// shortDuration is a duration to the second, without the parts that are zero.
func shortDuration(d time.Duration) string {
	d = d.Round(time.Second)
	if d < time.Second {
		return "0s"
	}
	var b strings.Builder
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if n := d / unit.size; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, unit.name)
			d -= n * unit.size
		}
	}
	return b.String()
}
