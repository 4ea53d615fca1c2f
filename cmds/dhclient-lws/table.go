package main

import (
	"fmt"
	"io"
	"iter"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// router is the first router of a lease, if there is one. Classless routes
// silence the list of routers.
func (l *leaseStatus) router() netip.Addr {
	for _, r := range l.routes {
		if r.Dst.Bits() == 0 && r.Gateway.IsValid() {
			return r.Gateway
		}
	}
	if len(l.routers) > 0 {
		return l.routers[0]
	}
	return netip.Addr{}
}

// table prints the state of links for a person, two lines to a link: what it
// has, and the timeline of how it came by it. It goes over the links twice.
func table(w io.Writer, links iter.Seq[*linkStatus], now time.Duration) error {
	title := row{"INTERFACE", "STATE", "ADDRESS", "ROUTER", "DNS", "LEASE"}
	var width row
	note := func(r *row) {
		for i, cell := range r {
			if len(cell) > len(width[i]) {
				width[i] = strings.Repeat(" ", len(cell))
			}
		}
	}
	note(&title)
	for l := range links {
		r := l.row(now)
		note(&r)
	}
	b := title.appendTo(nil, &width)
	for l := range links {
		r := l.row(now)
		b = l.appendRefused(l.appendTimeline(r.appendTo(b, &width)))
		if _, err := w.Write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	_, err := w.Write(b) // the title, if there was no link
	return err
}

// notEthernet is the last error of a link on which the client does not ask.
const notEthernet = "not an Ethernet link"

// row is a line of the table, one string to a column.
type row [6]string

// appendTo appends the cells, each as wide as the blanks of its column.
func (r *row) appendTo(b []byte, width *row) []byte {
	last := len(r) - 1
	for i, cell := range r[:last] {
		b = append(b, cell...)
		b = append(b, width[i][len(cell):]...)
		b = append(b, "  "...)
	}
	return append(append(b, r[last]...), '\n')
}

func (l *linkStatus) row(now time.Duration) row {
	r := row{safeName(l.name), safeText(l.state), "-", "-", "-", "-"}
	switch {
	case l.index == 0 && l.lastError == notEthernet:
		r[1] = "not Ethernet"
	case l.index == 0:
		r[1] = "absent"
	case !l.carrier:
		r[1] = "no carrier"
	}
	if l.lease.none() {
		return r
	}
	r[2] = l.lease.address.String()
	if router := l.lease.router(); router.IsValid() {
		r[3] = router.String()
	}
	if len(l.lease.dns) > 0 {
		r[4] = joinAddrs(l.lease.dns[:min(len(l.lease.dns), maxResolvers)], ",")
	}
	r[5] = l.lease.remaining(now)
	return r
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

// appendTimeline appends a line such as "  up 0.3  carrier 1.2  DISCOVER 1.3 ms".
func (l *linkStatus) appendTimeline(b []byte) []byte {
	if len(l.timeline) == 0 {
		return b
	}
	for _, m := range l.timeline {
		b = append(append(append(b, "  "...), safeText(m.what)...), ' ')
		b = strconv.AppendFloat(b, m.ms, 'f', 1, 64)
	}
	return append(b, " ms\n"...)
}

// appendRefused appends what a link without a lease has refused, a line such as
// "  refused: 3 not strict".
func (l *linkStatus) appendRefused(b []byte) []byte {
	if !l.lease.none() || len(l.refused) == 0 {
		return b
	}
	for i, c := range l.refused {
		lead := ", "
		if i == 0 {
			lead = "  refused: "
		}
		b = strconv.AppendInt(append(b, lead...), c.frames, 10)
		b = append(append(b, ' '), safeText(c.reason)...)
	}
	return append(b, '\n')
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
