package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
)

// options is the command line, checked.
type options struct {
	selectors  []selector
	wait       waitPolicy
	stateDir   string // "" for no live state
	resolvConf string // "" leaves the file alone
	verbosity  int    // 1 shows each message, 2 also each option and refusal
	client     dhcpc.Config
}

// The defaults that are neither zero nor the client's own.
const (
	defaultStateDir   = "/run/dhclient-lws"
	defaultResolvConf = "/etc/resolv.conf"
	defaultMetric     = 1024
)

// parse reads the arguments of the command, without "-- command". An error is
// one line that says what is wrong and what would be right, or flag.ErrHelp.
func parse(args []string) (*options, error) {
	o := &options{
		wait:       waitPolicy{timeout: 60 * time.Second, carrierTimeout: 5 * time.Second, grace: 10 * time.Second},
		stateDir:   defaultStateDir,
		resolvConf: defaultResolvConf,
	}
	o.client.Metric = defaultMetric
	o.client.HostName = kernelHostName()
	fs := o.flags()
	interfaces, err := parseInterspersed(fs, args)
	if err != nil {
		return nil, err
	}
	for _, text := range interfaces {
		s, err := parseSelector(text)
		if err != nil {
			return nil, fmt.Errorf("interface %q: %w; %s", text, err, selectorHelp)
		}
		o.selectors = append(o.selectors, s)
	}
	if o.client.ClientID != nil || o.client.VendorClass != "" || o.client.Parameters != nil {
		return o, o.fits()
	}
	return o, nil
}

// flags is the flag set that fills the options in.
func (o *options) flags() *flag.FlagSet {
	fs := quietFlagSet()
	fs.Func("wait", "all, any, none, or interface names with commas between them", o.setWait)
	duration(fs, "timeout", &o.wait.timeout)
	duration(fs, "carrier-timeout", &o.wait.carrierTimeout)
	duration(fs, "grace", &o.wait.grace)

	fs.Func("state-dir", "a directory, or nothing for no live state", o.setPath(&o.stateDir))
	fs.Func("resolv-conf", "a file, or nothing to leave it alone", o.setPath(&o.resolvConf))
	fs.Func("metric", "a number from 1 to 2147483647", func(s string) error {
		n, err := strconv.ParseUint(s, 10, 31)
		o.client.Metric = uint32(n)
		return check(err == nil && n > 0)
	})
	boolean(fs, "no-routes", func(v bool) { o.client.NoRoutes = v })
	boolean(fs, "no-dns", func(v bool) {
		if v {
			o.resolvConf = ""
		}
	})
	boolean(fs, "mtu", func(v bool) { o.client.NoMTU = !v })

	fs.Func("client-id", "mac, none, or 2 to 255 bytes in hexadecimal", o.setClientID)
	fs.Func("hostname", "a host name of at most 64 letters, digits, hyphens and dots, or nothing to send none", o.setHostName)
	fs.Func("vendor-class", "1 to 255 characters of printable ASCII", o.setVendorClass)
	fs.Func("request", "option codes from 1 to 254 with commas between them", o.setRequest)
	boolean(fs, "rapid-commit", func(v bool) { o.client.RapidCommit = v })
	boolean(fs, "broadcast", func(v bool) { o.client.Broadcast = v })
	boolean(fs, "strict", func(v bool) { o.client.Strict = v })
	duration(fs, "start-delay", &o.client.StartDelay)
	fs.Func("retry-table", "rfc, or 1 to 16 durations from 100ms to 1h with commas between them", o.setRetryTable)

	boolean(fs, "v", func(v bool) { o.setVerbosity(1, v) })
	boolean(fs, "vv", func(v bool) { o.setVerbosity(2, v) })
	return fs
}

// errNotAllowed makes package flag name the flag and the value; explain puts
// what is allowed in its place.
var errNotAllowed = errors.New("not allowed")

func check(ok bool) error {
	if !ok {
		return errNotAllowed
	}
	return nil
}

// quietFlagSet is a flag set that leaves the talking to us.
func quietFlagSet() *flag.FlagSet {
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs
}

func duration(fs *flag.FlagSet, name string, to *time.Duration) {
	fs.Func(name, "a duration such as 30s or 1m30s, or a number of seconds", func(s string) error {
		d, ok := parseDuration(s)
		*to = d
		return check(ok)
	})
}

func boolean(fs *flag.FlagSet, name string, set func(bool)) {
	fs.BoolFunc(name, "true or false", func(s string) error {
		v, err := strconv.ParseBool(s)
		if err == nil {
			set(v)
		}
		return check(err == nil)
	})
}

// parseDuration reads what time.ParseDuration does, and a plain number as seconds.
func parseDuration(s string) (time.Duration, bool) {
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		s += "s"
	}
	d, err := time.ParseDuration(s)
	return d, err == nil && d >= 0
}

// parseInterspersed parses flags that may stand before, between and after other
// arguments, and returns those.
func parseInterspersed(fs *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			return nil, explain(fs, err)
		}
		if fs.NArg() == 0 {
			return rest, nil
		}
		rest, args = append(rest, fs.Arg(0)), fs.Args()[1:]
	}
}

// explain adds what is allowed to an error of package flag, which has no types
// for its errors: what it does not recognise it leaves as it is.
func explain(fs *flag.FlagSet, err error) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		var known []string
		fs.VisitAll(func(f *flag.Flag) { known = append(known, "-"+f.Name) })
		return fmt.Errorf("unknown flag -%s; allowed are %s", safeText(name), strings.Join(known, " "))
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

func (o *options) setWait(s string) error {
	switch s {
	case "all":
		o.wait.mode = waitAll
	case "any":
		o.wait.mode = waitAny
	case "none":
		o.wait.mode = waitNone
	default:
		o.wait.mode, o.wait.names = waitNames, strings.Split(s, ",")
		return check(!slices.ContainsFunc(o.wait.names, func(name string) bool { return !possibleName(name) }))
	}
	return nil
}

// setPath takes a path that still means the same when the worker has moved to /.
func (o *options) setPath(to *string) func(string) error {
	return func(s string) error {
		if s != "" {
			abs, err := filepath.Abs(s)
			if err != nil {
				return check(false)
			}
			s = abs
		}
		*to = s
		return nil
	}
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

// setVerbosity takes -v and -vv; what was said last counts, for each of them.
func (o *options) setVerbosity(level int, on bool) {
	switch {
	case on:
		o.verbosity = max(o.verbosity, level)
	case o.verbosity >= level:
		o.verbosity = level - 1
	}
}
