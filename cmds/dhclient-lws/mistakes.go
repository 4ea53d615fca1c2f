package main

import (
	"errors"
	"strconv"
	"strings"
)

// What is wrong with a command line, in one line that says what would be right.

// contradiction is an error if the flags ask for what cannot be had together.
func (o *options) contradiction() error {
	waitsForNothing := o.wait.mode == waitNone
	for _, c := range []struct {
		asked bool
		why   string
	}{
		{o.noIPv4, "-ipv4=false leaves nothing to ask for: IPv6 is not served yet"},
		{o.dryRun && o.background, "-dry-run ends after the wait, and -background stays; choose one"},
		{o.dryRun && o.release, "-dry-run ends after the wait, and -release is for a client that stays; choose one"},
		{o.dryRun && o.client.KeepForever, "-dry-run configures nothing that -keep could keep; choose one"},
		{o.dryRun && o.client.Bounce, "-dry-run sets no link down, and -bounce does; choose one"},
		{o.dryRun && o.client.ReuseLease, "-dry-run reads no lease that -reuse-lease could use; choose one"},
		{o.dryRun && waitsForNothing, "-dry-run ends after the wait, so -wait none leaves no time for a lease"},
		{o.once && o.background, "-once ends after the wait, and -background stays; choose one"},
		{o.once && o.release, "-once ends and leaves the lease in use, and -release gives it back; choose one"},
		{o.once && waitsForNothing, "-once ends after the wait, so -wait none leaves no time for a lease"},
		{o.client.KeepForever && o.release, "-keep never takes an address away, and -release does; choose one"},
		{o.client.ReuseLease && o.leaseDir == "", "-reuse-lease needs a -lease-dir to find the lease in"},
		{o.client.Metric > maxMetric, "-metric and -extra_route_priority are more than the kernel takes together"},
	} {
		if c.asked {
			return errors.New(c.why)
		}
	}
	return nil
}

// unknown is the error of a flag that there is not.
func (fs *flagSet) unknown(name string) error {
	text := "unknown flag -" + safeText(name)
	if near := fs.nearest(name); near != "" {
		return errors.New(text + "; did you mean -" + near + "?")
	}
	return errors.New(text + "; -h lists those there are")
}

// refuses is the error of a value that is not allowed.
func (f *flagDef) refuses(value string) error {
	text := "invalid value " + strconv.Quote(value) + " for flag -"
	if f.isSwitch {
		text = "invalid boolean value " + strconv.Quote(value) + " for -"
	}
	return errors.New(text + f.name + "; allowed is " + f.allowed)
}

// strayValue is an error if a word behind a switch is meant as its value, which it
// would not be.
func (fs *flagSet) strayValue(before, word string) error {
	f := fs.lookup(strings.TrimLeft(before, "-"))
	if f == nil || !f.isSwitch || before == f.name {
		return nil
	}
	switch word {
	case "true", "yes", "on":
		word = "true"
	case "false", "no", "off":
		word = "false"
	default:
		return nil
	}
	return errors.New("-" + f.name + " is a switch: write -" + f.name + "=" + word)
}

// nearest is the flag that a mistyped one may stand for, "" if none is near.
func (fs *flagSet) nearest(typed string) (name string) {
	if len(typed) > 40 {
		return ""
	}
	// A third of the letters may be wrong, but not all of a short name.
	best := min(len(typed)/3, 2) + 1
	for i := range fs.flags {
		if d := distance(typed, fs.flags[i].name); d < best {
			best, name = d, fs.flags[i].name
		}
	}
	return name
}

// distance is how many letters must be put in, left out, replaced, or swapped
// with their neighbour to make b of a.
func distance(a, b string) int {
	var before []int // the row of a's prefix one shorter than that of last
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			replace := last[j]
			if a[i] != b[j] {
				replace++
			}
			row[j+1] = min(replace, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
