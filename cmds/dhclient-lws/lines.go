package main

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// line is what people are told of an event, "" if it does not concern them. Only
// changes do: a renewal that changes nothing, and the messages, are for -v.
func (l *knownLink) line(ev *dhcpc.Event, start time.Duration, verbosity int) string {
	switch ev.Kind {
	case dhcpc.LinkUp:
		return "carrier"
	case dhcpc.LinkDown:
		return "no carrier"
	case dhcpc.LinkGone:
		return "gone"
	case dhcpc.Bound:
		l.lease = ev.Lease
		text := leaseLine(ev.Lease, ev.Time) + ", after " + elapsed(ev.Time-start)
		if ev.Reason != machine.NoReason {
			text = ev.Reason.String() + ", the remembered lease is used: " + text
		}
		return text
	case dhcpc.Renewed:
		before := l.lease
		l.lease = ev.Lease
		if before == nil || !sameTerms(before, ev.Lease) {
			return "changed: " + leaseLine(ev.Lease, ev.Time)
		}
		if verbosity > 0 {
			return "renewed: " + leaseLine(ev.Lease, ev.Time)
		}
	case dhcpc.Lost:
		l.lease = nil
		text := ev.Lease.Addr.String() + " lost"
		if ev.Reason != machine.NoReason {
			text += ": " + ev.Reason.String()
		}
		return text
	case dhcpc.IPv6Only:
		return ev.Reason.String() + "; no IPv4 for " + shortDuration(ev.Until-ev.Time)
	case dhcpc.Failed:
		return safeText(ev.Err.Error())
	case dhcpc.MessageSent:
		if verbosity > 0 {
			return "sent " + ev.Message.String()
		}
	case dhcpc.MessageReceived:
		if verbosity > 0 {
			return "received " + ev.Message.String()
		}
	}
	return ""
}

// refusalLine tells of a message that was not used.
func refusalLine(m *dhcp4.Message, why dhcp4.Refusal) string {
	text := "refused " + m.Type.String()
	if server, ok := m.Options.Addr(dhcp4.ServerIdentifier); ok {
		text += " from " + server.String()
	}
	return text + ": " + why.String()
}

// leaseLine is a lease in a line.
func leaseLine(l *machine.Lease, now time.Duration) string {
	d := describeLease(l)
	var b strings.Builder
	b.WriteString(l.Addr.String())
	if l.Static() {
		b.WriteString(" as configured")
	} else {
		b.WriteString(" from " + l.Server.String())
	}
	if l.Classful {
		b.WriteString(" (which sent no mask: that of the address's class)")
	}
	if router := d.router(); router.IsValid() {
		b.WriteString(", router " + router.String())
	}
	if len(l.DNS) > 0 {
		b.WriteString(", DNS " + joinAddrs(l.DNS[:min(len(l.DNS), maxResolvers)], " "))
	}
	if d.expiry == 0 {
		b.WriteString(", for ever")
	} else {
		b.WriteString(", for " + d.remaining(now, shortDuration))
	}
	return b.String()
}

// sameTerms reports whether two leases differ at most in their times.
func sameTerms(a, b *machine.Lease) bool {
	return a.Addr == b.Addr && a.Server == b.Server && a.Broadcast == b.Broadcast &&
		a.Domain == b.Domain && a.HostName == b.HostName && a.MTU == b.MTU &&
		slices.Equal(a.Routers, b.Routers) && slices.Equal(a.Routes, b.Routes) &&
		slices.Equal(a.DNS, b.DNS) && slices.Equal(a.NTP, b.NTP) && slices.Equal(a.Search, b.Search) &&
		a.Handed.Equal(&b.Handed)
}

// elapsed is a time that may be a fraction of a millisecond or an hour.
func elapsed(d time.Duration) string {
	switch {
	case d < time.Second:
		return tenths(float64(d.Microseconds())/1000) + " ms"
	case d < time.Minute:
		return tenths(d.Seconds()) + " s"
	}
	return shortDuration(d)
}

func tenths(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }

// verdict tells how the wait ended, and how many links have what they should have.
func verdict(r result, shot *snapshot, have string, after time.Duration) string {
	count := strconv.Itoa(countLeases(shot.links)) + " of " + strconv.Itoa(len(shot.links)+len(shot.held)) + " links " + have
	resting := 0
	for i := range shot.links {
		if shot.links[i].State == machine.IPv6Only {
			resting++
		}
	}
	if resting > 0 {
		count += ", " + strconv.Itoa(resting) + " IPv6 only"
	}
	switch r {
	case resultTimeout:
		return "timeout after " + elapsed(after) + ", " + count
	case resultNoLink:
		return "no link to ask on after " + elapsed(after)
	case undecided, resultOK, resultUsage, resultError:
	}
	return count + " after " + elapsed(after)
}

func countLeases(links []dhcpc.LinkStatus) (n int) {
	for i := range links {
		if inUse(&links[i]) != nil {
			n++
		}
	}
	return n
}

// leaseCount is a number of leases in words.
func leaseCount(n int) string {
	if n != 1 {
		return strconv.Itoa(n) + " leases"
	}
	return "1 lease"
}
