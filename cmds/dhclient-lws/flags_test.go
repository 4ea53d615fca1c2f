package main

import (
	"errors"
	"flag"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// Each mistake costs one line that names the flag, what was wrong with it, and
// what is allowed.
func TestBadArguments(t *testing.T) {
	const aDuration = `; allowed is a duration such as 30s or 1m30s, or a number of seconds`
	tests := []struct {
		args string
		want string
	}{
		{"-timeout x", `invalid value "x" for flag -timeout` + aDuration},
		{"-timeout -1s", `invalid value "-1s" for flag -timeout` + aDuration},
		{"-timeout 1e99", `invalid value "1e99" for flag -timeout` + aDuration},
		{"-timeout nan", `invalid value "nan" for flag -timeout` + aDuration},
		{"-timeout", `flag -timeout needs a value` + aDuration},
		{"-carrier-timeout=soon", `invalid value "soon" for flag -carrier-timeout` + aDuration},
		{"-grace 1y", `invalid value "1y" for flag -grace` + aDuration},
		{"-start-delay ten", `invalid value "ten" for flag -start-delay` + aDuration},
		{"-wait eth0,,eth1", `invalid value "eth0,,eth1" for flag -wait; allowed is all, any, none, or interface names with commas between them`},
		{"-wait=", `invalid value "" for flag -wait; allowed is all, any, none, or interface names with commas between them`},
		{"-metric 0", `invalid value "0" for flag -metric; allowed is a number from 1 to 2147483647`},
		{"-metric 2147483648", `invalid value "2147483648" for flag -metric; allowed is a number from 1 to 2147483647`},
		{"-metric ten", `invalid value "ten" for flag -metric; allowed is a number from 1 to 2147483647`},
		{"-mtu=1500", `invalid boolean value "1500" for -mtu; allowed is true or false`},
		{"-v=3", `invalid boolean value "3" for -v; allowed is true or false`},
		{"-client-id 0", `invalid value "0" for flag -client-id; allowed is mac, none, or 2 to 255 bytes in hexadecimal`},
		{"-client-id ff", `invalid value "ff" for flag -client-id; allowed is mac, none, or 2 to 255 bytes in hexadecimal`},
		{"-client-id " + strings.Repeat("ff", 256), `invalid value "` + strings.Repeat("ff", 256) + `" for flag -client-id; allowed is mac, none, or 2 to 255 bytes in hexadecimal`},
		{"-hostname a_b", `invalid value "a_b" for flag -hostname; allowed is a host name of at most 64 letters, digits, hyphens and dots, or nothing to send none`},
		{"-hostname a\nb", `invalid value "a\nb" for flag -hostname; allowed is a host name of at most 64 letters, digits, hyphens and dots, or nothing to send none`},
		{"-vendor-class=", `invalid value "" for flag -vendor-class; allowed is 1 to 255 characters of printable ASCII`},
		{"-vendor-class \x1b[2J", `invalid value "\x1b[2J" for flag -vendor-class; allowed is 1 to 255 characters of printable ASCII`},
		{"-request 0", `invalid value "0" for flag -request; allowed is option codes from 1 to 254 with commas between them`},
		{"-request 1,255", `invalid value "1,255" for flag -request; allowed is option codes from 1 to 254 with commas between them`},
		{"-request 256", `invalid value "256" for flag -request; allowed is option codes from 1 to 254 with commas between them`},
		{"-retry-table 1s,", `invalid value "1s," for flag -retry-table; allowed is rfc, or 1 to 16 durations from 100ms to 1h with commas between them`},
		{"-retry-table 0", `invalid value "0" for flag -retry-table; allowed is rfc, or 1 to 16 durations from 100ms to 1h with commas between them`},
		{"-retry-table 2h", `invalid value "2h" for flag -retry-table; allowed is rfc, or 1 to 16 durations from 100ms to 1h with commas between them`},
		{"-retry-table " + strings.Repeat("1,", 16) + "1", `invalid value "` + strings.Repeat("1,", 16) + `1" for flag -retry-table; allowed is rfc, or 1 to 16 durations from 100ms to 1h with commas between them`},
		{"-vendor-class " + strings.Repeat("v", 255) + " -client-id " + strings.Repeat("ff", 255), `-client-id, -hostname, -vendor-class and -request do not fit into one message together; make them shorter`},
		{"a/b", `interface "a/b": no interface can have this name; ` + selectorHelp},
		{"sixteen-letters-", `interface "sixteen-letters-": no interface can have this name; ` + selectorHelp},
		{"02:00:00:00:00:0g", `interface "02:00:00:00:00:0g": no interface can have this name; ` + selectorHelp},
		{"02:00:00-00:00:00", `interface "02:00:00-00:00:00": no interface can have this name; ` + selectorHelp},
		{"eth[", `interface "eth[": not a shell pattern; ` + selectorHelp},
		{"^(", `interface "^(": not a regular expression; ` + selectorHelp},
	}
	for _, tt := range tests {
		_, err := parse(words(tt.args))
		if err == nil {
			t.Errorf("%q was taken", tt.args)
		} else if err.Error() != tt.want {
			t.Errorf("%q:\n got %s\nwant %s", tt.args, err, tt.want)
		}
	}
}

// words splits a command line, which may hold no other white space.
func words(line string) []string { return strings.Split(line, " ") }

func TestUnknownFlag(t *testing.T) {
	for _, args := range [][]string{{"-once"}, {"eth0", "-once"}, {"--once=true"}} {
		_, err := parse(args)
		if err == nil {
			t.Fatalf("%q was taken", args)
		}
		text := err.Error()
		if !strings.HasPrefix(text, "unknown flag -once; allowed are -broadcast -carrier-timeout ") || strings.Contains(text, "\n") {
			t.Errorf("%q: %s", args, text)
		}
	}
	if _, err := parse([]string{"-\x1b[2J"}); err == nil || strings.Contains(err.Error(), "\x1b") {
		t.Errorf("an escape sequence comes back as it was: %q", err)
	}
}

func TestDefaults(t *testing.T) {
	o, err := parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.wait.mode != waitAll || o.wait.timeout != time.Minute || o.wait.carrierTimeout != 5*time.Second || o.wait.grace != 10*time.Second {
		t.Errorf("wait: %+v", o.wait)
	}
	if o.stateDir != "/run/dhclient-lws" || o.resolvConf != "/etc/resolv.conf" || o.verbosity != 0 || o.selectors != nil {
		t.Errorf("options: %+v", o)
	}
	c := &o.client
	if c.Metric != 1024 || c.NoRoutes || c.NoMTU || c.ClientID != nil || c.VendorClass != "" || c.Parameters != nil ||
		c.RapidCommit || c.Broadcast || c.Strict || c.StartDelay != 0 || c.Schedule.Gaps != nil || c.Schedule.RFC {
		t.Errorf("client: %+v", c)
	}
	if c.HostName != kernelHostName() {
		t.Errorf("host name %q, want the kernel's", c.HostName)
	}
}

func TestGoodArguments(t *testing.T) {
	hw := dhcp4.HardwareAddr{2, 0, 0, 0, 0, 1}
	tests := []struct {
		args string
		ok   func(o *options) bool
	}{
		{"-timeout 90", func(o *options) bool { return o.wait.timeout == 90*time.Second }},
		{"-timeout 1.5", func(o *options) bool { return o.wait.timeout == 1500*time.Millisecond }},
		{"-timeout 1m30s", func(o *options) bool { return o.wait.timeout == 90*time.Second }},
		{"-timeout 0", func(o *options) bool { return o.wait.timeout == 0 }},
		{"-carrier-timeout 2 -grace=3s", func(o *options) bool {
			return o.wait.carrierTimeout == 2*time.Second && o.wait.grace == 3*time.Second
		}},
		{"-wait any", func(o *options) bool { return o.wait.mode == waitAny }},
		{"-wait none", func(o *options) bool { return o.wait.mode == waitNone }},
		{"-wait eth0,eth1", func(o *options) bool {
			return o.wait.mode == waitNames && slices.Equal(o.wait.names, []string{"eth0", "eth1"})
		}},
		{"-state-dir /x/../y", func(o *options) bool { return o.stateDir == "/y" }},
		{"-state-dir=", func(o *options) bool { return o.stateDir == "" }},
		{"-resolv-conf=", func(o *options) bool { return o.resolvConf == "" }},
		{"-no-dns", func(o *options) bool { return o.resolvConf == "" }},
		{"-no-routes -mtu=false -strict -broadcast -rapid-commit", func(o *options) bool {
			c := &o.client
			return c.NoRoutes && c.NoMTU && c.Strict && c.Broadcast && c.RapidCommit
		}},
		{"-client-id mac", func(o *options) bool { return o.client.ClientID == nil }},
		{"-client-id none", func(o *options) bool { return o.client.ClientID(hw) == nil }},
		{"-client-id 00:66:6f6f", func(o *options) bool { return string(o.client.ClientID(hw)) == "\x00foo" }},
		{"-hostname router.example.org", func(o *options) bool { return o.client.HostName == "router.example.org" }},
		{"-hostname=", func(o *options) bool { return o.client.HostName == "" }},
		{"-vendor-class a;b", func(o *options) bool { return o.client.VendorClass == "a;b" }},
		{"-request 66,67,66", func(o *options) bool { return slices.Equal(o.client.Parameters, []dhcp4.Code{66, 67}) }},
		{"-start-delay 10", func(o *options) bool { return o.client.StartDelay == 10*time.Second }},
		{"-retry-table rfc", func(o *options) bool { return o.client.Schedule.RFC }},
		{"-retry-table 1.5,1750ms,5s", func(o *options) bool {
			return slices.Equal(o.client.Schedule.Gaps, []time.Duration{1500 * time.Millisecond, 1750 * time.Millisecond, 5 * time.Second})
		}},
		{"-v", func(o *options) bool { return o.verbosity == 1 }},
		{"-vv", func(o *options) bool { return o.verbosity == 2 }},
		{"-vv -v", func(o *options) bool { return o.verbosity == 2 }},
		{"-v=false", func(o *options) bool { return o.verbosity == 0 }},
		{"eth0 -v 02:00:00:00:00:01 --metric=7 ^w", func(o *options) bool {
			return len(o.selectors) == 3 && o.verbosity == 1 && o.client.Metric == 7
		}},
	}
	for _, tt := range tests {
		o, err := parse(words(tt.args))
		if err != nil {
			t.Errorf("%q: %v", tt.args, err)
		} else if !tt.ok(o) {
			t.Errorf("%q: %+v", tt.args, o)
		}
	}
}

func TestRelativePathsAreMadeAbsolute(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	o, err := parse([]string{"-state-dir", "state", "-resolv-conf", "./resolv.conf"})
	if err != nil {
		t.Fatal(err)
	}
	if o.stateDir != dir+"/state" || o.resolvConf != dir+"/resolv.conf" {
		t.Errorf("%q, %q", o.stateDir, o.resolvConf)
	}
}

func TestCutCommand(t *testing.T) {
	tests := []struct {
		args, own, command []string
	}{
		{[]string{"-v", "eth0"}, []string{"-v", "eth0"}, nil},
		{[]string{"-v", "--", "sh", "-c", "x", "--", "y"}, []string{"-v"}, []string{"sh", "-c", "x", "--", "y"}},
		{[]string{"--", "sh"}, []string{}, []string{"sh"}},
	}
	for _, tt := range tests {
		own, command := cutCommand(tt.args)
		if !slices.Equal(own, tt.own) || !slices.Equal(command, tt.command) || (command == nil) != (tt.command == nil) {
			t.Errorf("%q: %q and %q", tt.args, own, command)
		}
	}
	if _, command := cutCommand([]string{"eth0", "--"}); command == nil {
		t.Error(`"--" without a command is not noticed`)
	}
}

// The page and the flags name the same flags.
func TestHelpPage(t *testing.T) {
	if _, err := parse([]string{"-h"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
	var have, told []string
	new(options).flags().VisitAll(func(f *flag.Flag) { have = append(have, f.Name) })
	for _, m := range regexp.MustCompile(`(?m)^  -([a-z-]+)`).FindAllStringSubmatch(helpPage, -1) {
		if m[1] != "h" {
			told = append(told, m[1])
		}
	}
	slices.Sort(told)
	if !slices.Equal(have, told) {
		t.Errorf("the flags are %q, the page tells of %q", have, told)
	}
	for line := range strings.Lines(helpPage) {
		if len(line) > 81 {
			t.Errorf("wider than a terminal: %s", line)
		}
	}
}

func TestHostNames(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "box-1": true, "box.example.org": true, strings.Repeat("a", 63): true,
		"": false, "(none)": false, "-a": false, "a-": false, "a..b": false, "a.": false, "a b": false, "a_b": false,
		"x;reboot": false, "ä": false, strings.Repeat("a", 64): false, strings.Repeat("a.", 32) + "a": false,
	} {
		if isHostName(name) != want {
			t.Errorf("%q: %v, want %v", name, !want, want)
		}
	}
}
