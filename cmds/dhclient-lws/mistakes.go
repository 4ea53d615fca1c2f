package main

import (
	"errors"
	"flag"
	"fmt"
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

// explain adds what is allowed to an error of package flag, which has no types
// for its errors: what it does not recognise it leaves as it is.
func explain(fs *flag.FlagSet, err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		if near := nearest(fs, name); near != "" {
			return fmt.Errorf("unknown flag -%s; did you mean -%s?", safeText(name), near)
		}
		return fmt.Errorf("unknown flag -%s; -h lists those there are", safeText(name))
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		if f := fs.Lookup(name); f != nil {
			return fmt.Errorf("flag -%s needs a value; allowed is %s", name, f.Usage)
		}
	}
	if !strings.HasSuffix(text, errNotAllowed.Error()) {
		return err
	}
	var bad *flag.Flag
	fs.VisitAll(func(f *flag.Flag) {
		if strings.HasSuffix(text, "-"+f.Name+": "+errNotAllowed.Error()) {
			bad = f
		}
	})
	if bad == nil {
		return err
	}
	return fmt.Errorf("%s; allowed is %s", strings.TrimSuffix(text, ": "+errNotAllowed.Error()), bad.Usage)
}

// strayValue is an error if a word behind a switch is meant as its value, which it
// would not be.
func strayValue(fs *flag.FlagSet, before, word string) error {
	f := fs.Lookup(strings.TrimLeft(before, "-"))
	if f == nil || before == f.Name {
		return nil
	}
	if s, ok := f.Value.(interface{ IsBoolFlag() bool }); !ok || !s.IsBoolFlag() {
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
	return fmt.Errorf("-%s is a switch: write -%s=%s", f.Name, f.Name, word)
}

// nearest is the flag that a mistyped one may stand for, "" if none is near.
func nearest(fs *flag.FlagSet, typed string) (name string) {
	if len(typed) > 40 {
		return ""
	}
	// A third of the letters may be wrong, but not all of a short name.
	best := min(len(typed)/3, 2) + 1
	fs.VisitAll(func(f *flag.Flag) {
		if d := distance(typed, f.Name); d < best {
			best, name = d, f.Name
		}
	})
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
