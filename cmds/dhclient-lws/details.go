package main

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// What stands below the row of a link.

// appendStory appends how a link came by its lease, a line such as "  up 0.3
// carrier 1.2  DISCOVER 1.3 ms", and what one without a lease has refused. It is
// shown once, at the end of the wait.
func (l *linkStatus) appendStory(b []byte) []byte {
	if len(l.timeline) > 0 {
		b = append(append(append(b, "  "...), strings.Join(l.marks(), "  ")...), '\n')
	}
	if l.lease.none() && len(l.refused) > 0 {
		b = append(append(append(b, "  "...), strings.Join(l.refusals(), ", ")...), '\n')
	}
	return b
}

// appendDetails appends all that there is to say, in lines that fit a terminal:
// what happened last, and what will; the counters; the timeline; what does not work.
func (l *linkStatus) appendDetails(b []byte, now time.Duration) []byte {
	b = appendWrapped(b, ", ", l.present(now))
	if l.index != 0 || l.sent+l.received > 0 {
		counters := []string{strconv.FormatInt(l.sent, 10) + " sent", strconv.FormatInt(l.received, 10) + " received"}
		b = appendWrapped(b, ", ", append(counters, l.refusals()...))
	}
	b = appendWrapped(b, "  ", l.marks())
	if l.lastError != "" {
		b = appendWrapped(b, " ", strings.Split("error: "+safeText(l.lastError), " "))
	}
	return b
}

// present is why the link is in its state, and since when, and what its lease has
// beside what stands in the row.
func (l *linkStatus) present(now time.Duration) (list []string) {
	if l.why != "" {
		list = append(list, safeText(l.why)+" "+roughDuration(now-time.Duration(l.since)*time.Millisecond)+" ago")
	}
	if l.lost.address.IsValid() {
		text := "lost " + l.lost.address.String() + " " + roughDuration(now-time.Duration(l.lost.at)*time.Millisecond) + " ago"
		if l.lost.why != "" {
			text += ": " + safeText(l.lost.why)
		}
		list = append(list, text)
	}
	for _, coming := range []struct {
		what string
		ms   int64
	}{{"renews", l.lease.renew}, {"rebinds", l.lease.rebind}, {"asks again", l.resumes}} {
		if left := time.Duration(coming.ms)*time.Millisecond - now; left > 0 {
			list = append(list, coming.what+" in "+roughDuration(left))
		}
	}
	if l.lease.server.IsValid() {
		list = append(list, "lease from "+l.lease.server.String())
	}
	if len(l.lease.dns) > 1 {
		list = append(list, "DNS "+joinAddrs(l.lease.dns, " "))
	}
	return list
}

// longMark is where the timeline goes on in words, in milliseconds.
const longMark = 10_000

// marks are the timeline, such as "up 0.3", "carrier 1.2 ms", "DISCOVER 2m58s". It is
// in the order of time, and the last number of milliseconds says what they are.
func (l *linkStatus) marks() []string {
	list := make([]string, len(l.timeline))
	for i, m := range l.timeline {
		list[i] = safeText(m.what) + " "
		if m.ms >= longMark {
			list[i] += roughDuration(time.Duration(m.ms) * time.Millisecond)
			continue
		}
		list[i] += strconv.FormatFloat(m.ms, 'f', 1, 64)
		if i == len(list)-1 || l.timeline[i+1].ms >= longMark {
			list[i] += " ms"
		}
	}
	return list
}

// refusals are what was refused, such as "refused: 3 wrong xid", "1 not strict".
func (l *linkStatus) refusals() []string {
	list := make([]string, len(l.refused))
	for i, c := range l.refused {
		list[i] = strconv.FormatInt(c.frames, 10) + " " + safeText(c.reason)
	}
	if len(list) > 0 {
		list[0] = "refused: " + list[0]
	}
	return list
}

// columns is how wide a terminal is at least.
const columns = 80

// appendWrapped appends a list with something between its parts, indented, on as
// many lines as it takes.
func appendWrapped(b []byte, between string, parts []string) []byte {
	const indent = "  "
	start := len(b) // of the line
	for i, part := range parts {
		if i < len(parts)-1 {
			part += between
		}
		switch {
		case i == 0:
			b = append(b, indent...)
		case len(b)-start+len(strings.TrimRight(part, " ")) > columns:
			b = append(bytes.TrimRight(b, " "), '\n')
			start = len(b)
			b = append(b, indent...)
		}
		b = append(b, part...)
	}
	if len(parts) > 0 {
		b = append(b, '\n')
	}
	return b
}
