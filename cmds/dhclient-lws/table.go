package main

import (
	"io"
	"iter"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
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

// table prints the state of links for a person, a row to a link, and below it what
// more appends unless it is nil. It goes over the links twice.
func table(w io.Writer, links iter.Seq[*linkStatus], now time.Duration, more func(*linkStatus, []byte) []byte) error {
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
		if b = r.appendTo(b, &width); more != nil {
			b = more(l, b)
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	_, err := w.Write(b) // the title, if there was no link
	return err
}

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
	case l.state == stateHeld:
		r[1] = heldBy(l.holder)
	case l.index == 0 && l.lastError == dhcpc.ErrNotEthernet.Error():
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
		r[4] = l.lease.dns[0].String()
		if more := len(l.lease.dns) - 1; more > 0 {
			r[4] += " +" + strconv.Itoa(more)
		}
	}
	r[5] = l.lease.remaining(now, roughDuration)
	return r
}

// maxResolvers is how many name servers resolv.conf has use for.
const maxResolvers = 3

// remaining is how long the lease lasts, in words.
func (l *leaseStatus) remaining(now time.Duration, words func(time.Duration) string) string {
	if l.expiry == 0 {
		return "forever"
	}
	left := time.Duration(l.expiry)*time.Millisecond - now
	if left <= 0 {
		return "expired"
	}
	return words(left)
}

// shortDuration is a duration to the second, without the parts that are zero.
func shortDuration(d time.Duration) string { return durationIn(d, len(units)) }

// roughDuration is the same with the two largest units that say anything.
func roughDuration(d time.Duration) string { return durationIn(d, 2) }

var units = [...]struct {
	name string
	size time.Duration
}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}}

func durationIn(d time.Duration, most int) string {
	d = d.Round(time.Second)
	if d < time.Second {
		return "0s"
	}
	var b strings.Builder
	for i, first := 0, len(units); i < min(len(units), first+most); i++ {
		if n := d / units[i].size; n > 0 {
			first = min(first, i)
			b.WriteString(strconv.Itoa(int(n)) + units[i].name)
			d -= n * units[i].size
		}
	}
	return b.String()
}
