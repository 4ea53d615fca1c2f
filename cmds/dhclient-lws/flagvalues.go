package main

import (
	"errors"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
)

// How flags read their values. A value that is not allowed is an errNotAllowed,
// which mistakes.go makes a line of.

var errNotAllowed = errors.New("not allowed")

func check(ok bool) error {
	if !ok {
		return errNotAllowed
	}
	return nil
}

func duration(fs *flagSet, name string, to *time.Duration) {
	fs.add(name, "a duration such as 30s or 1m30s, or a number of seconds, up to 1000000h", func(s string) error {
		d, ok := parseDuration(s)
		*to = d
		return check(ok)
	})
}

// maxDuration leaves room for the sum of a duration and a time.
const maxDuration = 1_000_000 * time.Hour

// parseDuration reads what time.ParseDuration does, and a plain number as seconds.
func parseDuration(s string) (time.Duration, bool) {
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		s += "s"
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0 && d <= maxDuration
}

func boolean(fs *flagSet, name string, to *bool) {
	boolFunc(fs, name, func(v bool) { *to = v })
}

func boolFunc(fs *flagSet, name string, set func(bool)) {
	fs.flags = append(fs.flags, flagDef{name: name, allowed: "true or false", isSwitch: true, set: func(s string) error {
		v, err := strconv.ParseBool(s)
		if err == nil {
			set(v)
		}
		return check(err == nil)
	}})
}

func number[T uint16 | uint32](fs *flagSet, name string, from, to T, at *T) {
	allowed := "a number from " + strconv.Itoa(int(from)) + " to " + strconv.Itoa(int(to))
	fs.add(name, allowed, func(s string) error {
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil || n < uint64(from) || n > uint64(to) {
			return errNotAllowed
		}
		*at = T(n)
		return nil
	})
}

func (o *options) setWait(s string) error {
	switch s {
	case "all":
		o.wait.mode = waitAll
	case "any":
		o.wait.mode = waitAny
	case "none":
		o.wait.mode = waitNone
	case "bootif":
		o.wait.mode = waitBootIF
	default:
		o.wait.mode, o.wait.names = waitNames, strings.Split(s, ",")
		return check(!slices.ContainsFunc(o.wait.names, func(name string) bool {
			return !possibleName(name) || name == "all" || name == "any" || name == "none" || name == "bootif"
		}))
	}
	return nil
}

// setPath takes a path that still means the same when the worker has moved to /.
func setPath(to *string) func(string) error {
	return func(s string) error {
		if s != "" {
			above := "/"
			if !filepath.IsAbs(s) {
				var err error
				if above, err = unix.Getwd(); err != nil { // os.Getwd would look at files, see readFile
					return check(false)
				}
			}
			s = filepath.Join(above, s)
		}
		*to = s
		return nil
	}
}

func (o *options) setACD(s string) error {
	switch s {
	case "optimistic":
		o.client.Conflicts = dhcpc.DetectOptimistic
	case "strict":
		o.client.Conflicts = dhcpc.DetectStrict
	case "off":
		o.client.Conflicts = dhcpc.DetectOff
	default:
		return errNotAllowed
	}
	return nil
}

func (o *options) setRetryTable(s string) error {
	if s == "rfc" {
		o.client.Schedule.RFC, o.client.Schedule.Gaps = true, nil
		return nil
	}
	words := strings.Split(s, ",")
	gaps := make([]time.Duration, len(words))
	for i, word := range words {
		d, ok := parseDuration(word)
		if !ok || d < 100*time.Millisecond || d > time.Hour {
			return errNotAllowed
		}
		gaps[i] = d
	}
	o.client.Schedule.RFC, o.client.Schedule.Gaps = false, gaps
	return check(len(gaps) <= 16)
}

// setVerbosity takes -v and -vv; -v twice is -vv. What was said last counts, for
// each of them.
func (o *options) setVerbosity(level int, on bool) {
	switch {
	case on && level == 1:
		o.verbosity = min(o.verbosity+1, 2)
	case on:
		o.verbosity = level
	case o.verbosity >= level:
		o.verbosity = level - 1
	}
}
