package main

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws/internal/manual"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// Each mistake costs one line that names the flag, what was wrong with it, and
// what is allowed.
func TestBadArguments(t *testing.T) {
	const aDuration = `; allowed is a duration such as 30s or 1m30s, or a number of seconds, up to 1000000h`
	tests := []struct {
		args string
		want string
	}{
		{"-timeout x", `invalid value "x" for flag -timeout` + aDuration},
		{"-timeout -1s", `invalid value "-1s" for flag -timeout` + aDuration},
		{"-timeout 1e99", `invalid value "1e99" for flag -timeout` + aDuration},
		{"-timeout 1000001h", `invalid value "1000001h" for flag -timeout` + aDuration},
		{"-timeout nan", `invalid value "nan" for flag -timeout` + aDuration},
		{"-timeout", `flag -timeout needs a value` + aDuration},
		{"-carrier-timeout=soon", `invalid value "soon" for flag -carrier-timeout` + aDuration},
		{"-grace 1y", `invalid value "1y" for flag -grace` + aDuration},
		{"-start-delay ten", `invalid value "ten" for flag -start-delay` + aDuration},
		{"-wait eth0,,eth1", `invalid value "eth0,,eth1" for flag -wait; allowed is all, any, none, bootif, or interface names with commas between them`},
		{"-wait all,eth0", `invalid value "all,eth0" for flag -wait; allowed is all, any, none, bootif, or interface names with commas between them`},
		{"-wait eth0,none", `invalid value "eth0,none" for flag -wait; allowed is all, any, none, bootif, or interface names with commas between them`},
		{"-mtu false eth0", `-mtu is a switch: write -mtu=false`},
		{"eth0 --once yes", `-once is a switch: write -once=true`},
		{"-no-dns off", `-no-dns is a switch: write -no-dns=false`},
		{"-wait=", `invalid value "" for flag -wait; allowed is all, any, none, bootif, or interface names with commas between them`},
		{"-metric 0", `invalid value "0" for flag -metric; allowed is a number from 1 to 2147483647`},
		{"-metric 2147483648", `invalid value "2147483648" for flag -metric; allowed is a number from 1 to 2147483647`},
		{"-v4-port 0", `invalid value "0" for flag -v4-port; allowed is a number from 1 to 65535`},
		{"-v4-port 65536", `invalid value "65536" for flag -v4-port; allowed is a number from 1 to 65535`},
		{"-extra_route_priority -1", `invalid value "-1" for flag -extra_route_priority; allowed is a number from 0 to 2147483647`},
		{"-retry -2", `invalid value "-2" for flag -retry; allowed is a number of attempts from -1 on, which has no effect`},
		{"-acd on", `invalid value "on" for flag -acd; allowed is optimistic, strict or off`},
		{"-metric ten", `invalid value "ten" for flag -metric; allowed is a number from 1 to 2147483647`},
		{"-mtu=1500", `invalid boolean value "1500" for -mtu; allowed is true or false`},
		{"-v=3", `invalid boolean value "3" for -v; allowed is true or false`},
		{"-client-id 0", `invalid value "0" for flag -client-id; allowed is mac, duid, none, or 2 to 255 bytes in hexadecimal`},
		{"-client-id ff", `invalid value "ff" for flag -client-id; allowed is mac, duid, none, or 2 to 255 bytes in hexadecimal`},
		{"-client-id " + strings.Repeat("ff", 256), `invalid value "` + strings.Repeat("ff", 256) + `" for flag -client-id; allowed is mac, duid, none, or 2 to 255 bytes in hexadecimal`},
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
		{"-vendor-class " + strings.Repeat("v", 255) + " -client-id " + strings.Repeat("ff", 255), `-client-id, -hostname, -vendor-class, -request and -netboot do not fit into one message together; say less`},
		{"a/b", `interface "a/b": no interface can have this name; ` + selectorHelp},
		{"sixteen-letters-", `interface "sixteen-letters-": no interface can have this name; ` + selectorHelp},
		{"02:00:00:00:00:0g", `interface "02:00:00:00:00:0g": no interface can have this name; ` + selectorHelp},
		{"02:00:00-00:00:00", `interface "02:00:00-00:00:00": no interface can have this name; ` + selectorHelp},
		{"eth[", `interface "eth[": not a shell pattern; ` + selectorHelp},
		{"^(", `interface "^(": not a regular expression; ` + selectorHelp},
	}
	for _, tt := range tests {
		_, err := parse("dhclient-lws", words(tt.args))
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
	for flag, want := range map[string]string{
		"-tiemout":     "unknown flag -tiemout; did you mean -timeout?",
		"--ocne=true":  "unknown flag -ocne; did you mean -once?",
		"-wiat":        "unknown flag -wiat; did you mean -wait?",
		"-resolvconf":  "unknown flag -resolvconf; did you mean -resolv-conf?",
		"-background=": `invalid boolean value "" for -background; allowed is true or false`,
		"-x":           "unknown flag -x; -h lists those there are",
		"-everything":  "unknown flag -everything; -h lists those there are",
		"-\x1b[2J":     `unknown flag -"\x1b[2J"; -h lists those there are`,
	} {
		for _, args := range [][]string{{flag}, {"eth0", flag, "eth1"}} {
			if _, err := parse("dhclient-lws", args); err == nil || err.Error() != want {
				t.Errorf("%q:\n got %v\nwant %s", args, err, want)
			}
		}
	}
}

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"once", "once", 0},
		{"", "once", 4},
		{"once", "", 4},
		{"onc", "once", 1},
		{"oncee", "once", 1},
		{"onca", "once", 1},
		{"ocne", "once", 1},
		{"noce", "once", 1},
		{"wait", "mtu", 4},
	} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("from %q to %q: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

// What cannot be had together is refused in one line.
func TestContradictions(t *testing.T) {
	for args, want := range map[string]string{
		"-once -background":                          "-once ends after the wait, and -background stays; choose one",
		"-once -wait none":                           "-once ends after the wait, so -wait none leaves no time for a lease",
		"-once -release":                             "-once ends and leaves the lease in use, and -release gives it back; choose one",
		"-keep -release":                             "-keep never takes an address away, and -release does; choose one",
		"-dry-run -background":                       "-dry-run ends after the wait, and -background stays; choose one",
		"-dry-run -release":                          "-dry-run ends after the wait, and -release is for a client that stays; choose one",
		"-dry-run -keep":                             "-dry-run configures nothing that -keep could keep; choose one",
		"-dry-run -bounce":                           "-dry-run sets no link down, and -bounce does; choose one",
		"-dry-run -reuse-lease":                      "-dry-run reads no lease that -reuse-lease could use; choose one",
		"-dry-run -wait none":                        "-dry-run ends after the wait, so -wait none leaves no time for a lease",
		"-reuse-lease -lease-dir=":                   "-reuse-lease needs a -lease-dir to find the lease in",
		"-ipv4=false":                                "-ipv4=false leaves nothing to ask for: IPv6 is not served yet",
		"-ipv4=false -ipv6":                          "-ipv4=false leaves nothing to ask for: IPv6 is not served yet",
		"-metric 2147483647 -extra_route_priority 1": "-metric and -extra_route_priority are more than the kernel takes together",
	} {
		if _, err := parse("dhclient-lws", words(args)); err == nil || err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", args, err, want)
		}
	}
	for _, args := range []string{
		"-once=false -background", "-once -wait any", "-keep -release=false", "-background -release",
		"-background -wait none", "-once -keep", "-ipv6=false", "-reuse-lease -lease-dir /x",
	} {
		if _, err := parse("dhclient-lws", words(args)); err != nil {
			t.Errorf("%q: %v", args, err)
		}
	}
}

func TestDefaults(t *testing.T) {
	o, err := parse("dhclient-lws", nil)
	if err != nil {
		t.Fatal(err)
	}
	if o.wait.mode != waitAll || o.wait.timeout != time.Minute || o.wait.carrierTimeout != 5*time.Second || o.wait.grace != 10*time.Second {
		t.Errorf("wait: %+v", o.wait)
	}
	if o.once || o.background || o.dryRun || o.release || o.netConfDir != "/run" || o.remarks != nil {
		t.Errorf("options: %+v", o)
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
		{"-no-dns -resolv-conf /x", func(o *options) bool { return o.resolvConf == "" }},
		{"-no-dns=false -resolv-conf /x", func(o *options) bool { return o.resolvConf == "/x" }},
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
		{"-once", func(o *options) bool { return o.once && !o.background && !o.dryRun }},
		{"-background -release -bounce", func(o *options) bool { return o.background && o.release && o.client.Bounce }},
		{"-keep", func(o *options) bool { return o.client.KeepForever }},
		{"-dry-run -state-dir /x -lease-dir /x -net-conf /x -resolv-conf /x", func(o *options) bool {
			return o.dryRun && o.once && o.stateDir == "" && o.leaseDir == "" && o.netConfDir == "" && o.resolvConf == ""
		}},
		{"-lease-dir /x -net-conf /y -reuse-lease", func(o *options) bool {
			return o.leaseDir == "/x" && o.netConfDir == "/y" && o.client.ReuseLease
		}},
		{"-net-conf= -lease-dir=", func(o *options) bool { return o.leaseDir == "" && o.netConfDir == "" }},
		{"-state-dir /x", func(o *options) bool { return o.netConfDir == "/x" }},
		{"-state-dir=", func(o *options) bool { return o.netConfDir == "" }},
		{"-acd optimistic", func(o *options) bool { return o.client.Conflicts == dhcpc.DetectOptimistic }},
		{"-acd strict", func(o *options) bool { return o.client.Conflicts == dhcpc.DetectStrict }},
		{"-acd off", func(o *options) bool { return o.client.Conflicts == dhcpc.DetectOff }},
		{"-dry-run", func(o *options) bool { return o.client.Conflicts == dhcpc.DetectOff }},
		{"-v4-port 1067", func(o *options) bool { return o.client.ServerPort == 1067 }},
		{"-start-delay 10", func(o *options) bool { return o.client.StartDelay == 10*time.Second }},
		{"-retry-table rfc", func(o *options) bool { return o.client.Schedule.RFC }},
		{"-retry-table 1.5,1750ms,5s", func(o *options) bool {
			return slices.Equal(o.client.Schedule.Gaps, []time.Duration{1500 * time.Millisecond, 1750 * time.Millisecond, 5 * time.Second})
		}},
		{"-once eth0 on", func(o *options) bool { return o.once && len(o.selectors) == 2 }},
		{"-hostname on off", func(o *options) bool { return o.client.HostName == "on" && len(o.selectors) == 1 }},
		{"-v", func(o *options) bool { return o.verbosity == 1 }},
		{"-vv", func(o *options) bool { return o.verbosity == 2 }},
		{"-vv -v", func(o *options) bool { return o.verbosity == 2 }},
		{"-v -v", func(o *options) bool { return o.verbosity == 2 }},
		{"-v -v -v", func(o *options) bool { return o.verbosity == 2 }},
		{"-v -v=false", func(o *options) bool { return o.verbosity == 0 }},
		{"-v=false", func(o *options) bool { return o.verbosity == 0 }},
		{"eth0 -v 02:00:00:00:00:01 --metric=7 ^w", func(o *options) bool {
			return len(o.selectors) == 3 && o.verbosity == 1 && o.client.Metric == 7
		}},
	}
	for _, tt := range tests {
		o, err := parse("dhclient-lws", words(tt.args))
		if err != nil {
			t.Errorf("%q: %v", tt.args, err)
		} else if !tt.ok(o) {
			t.Errorf("%q: %+v", tt.args, o)
		}
	}
}

// What calls u-root's dhclient or gokrazy's dhcp can call us.
func TestFlagsOfOthers(t *testing.T) {
	for _, tt := range []struct {
		args    string
		remarks []string
		ok      func(o *options) bool
	}{
		{"-timeout 15 -retry 5 -v4-port 67 -ipv4 -ipv6=false ^e.*", nil, func(o *options) bool {
			return o.wait.timeout == 15*time.Second && len(o.selectors) == 1
		}},
		{"-v6-port 547 -v6-server ff02::1:2", nil, func(*options) bool { return true }},
		{"-retry -1", nil, func(*options) bool { return true }},
		{"-ipv6=true", []string{"IPv6 is not served yet, -ipv6 has no effect"}, func(*options) bool { return true }},
		{"-interface=wlan0", nil, func(o *options) bool { return len(o.selectors) == 1 && o.selectors[0].text == "wlan0" }},
		{"-interface wlan0 -extra_route_priority 5", nil, func(o *options) bool { return o.client.Metric == 1029 }},
		{"-extra_route_priority 5 -metric 10", nil, func(o *options) bool { return o.client.Metric == 15 }},
		{"-static_network_config=", nil, func(*options) bool { return true }},
		{"-static_network_config {}", []string{"-static_network_config: IP: there is none; DHCP is used"}, func(*options) bool { return true }},
	} {
		o, err := parse("dhclient-lws", words(tt.args))
		if err != nil {
			t.Errorf("%q: %v", tt.args, err)
		} else if !tt.ok(o) || !slices.Equal(o.remarks, tt.remarks) {
			t.Errorf("%q: %+v", tt.args, o)
		}
	}
	if _, err := parse("dhclient-lws", []string{"-interface", "a/b"}); err == nil || !strings.HasPrefix(err.Error(), `interface "a/b": `) {
		t.Errorf("-interface a/b: %v", err)
	}
}

// Leases are kept where they outlive a reboot, if there is such a place.
func TestDefaultLeaseDir(t *testing.T) {
	o := options{stateDir: "/s"}
	o.complete(nil, t.TempDir()+"/perm")
	if o.leaseDir != "/s" {
		t.Errorf("%q, want the state directory", o.leaseDir)
	}
	perm := t.TempDir()
	o.complete(nil, perm)
	if o.leaseDir != perm+"/dhclient-lws" {
		t.Errorf("%q, want one in %s", o.leaseDir, perm)
	}
	o.leaseDir = "/l"
	o.complete(map[string]bool{"lease-dir": true}, perm)
	if o.leaseDir != "/l" {
		t.Errorf("%q, want that which was given", o.leaseDir)
	}
}

func TestRelativePathsAreMadeAbsolute(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	o, err := parse("dhclient-lws", []string{"-state-dir", "state", "-resolv-conf", "./resolv.conf"})
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

// The page tells of the flags there are, and of no others.
func TestEveryFlagIsDescribed(t *testing.T) {
	for _, name := range []string{"-h", "-help", "--help", "help"} {
		if _, err := parse("dhclient-lws", []string{name}); !errors.Is(err, errHelp) {
			t.Errorf("%s: %v", name, err)
		}
	}
	have, told := []string{"h"}, []string{}
	for _, f := range new(options).flags().flags {
		have = append(have, f.name)
	}
	for f := range manual.Command.Flags {
		told = append(told, f.Name)
	}
	slices.Sort(have)
	slices.Sort(told)
	if !slices.Equal(have, told) {
		t.Errorf("the flags are %q, the page tells of %q", have, told)
	}
}

// To give a flag the value that the page calls its default changes nothing.
func TestDescribedDefaults(t *testing.T) {
	plain, err := parse("dhclient-lws", nil)
	if err != nil {
		t.Fatal(err)
	}
	for f := range manual.Command.Flags {
		value := f.Default
		switch {
		case f.Name == "h", f.Name == "hostname", f.Name == "lease-dir", f.Name == "net-conf":
			continue // not a value: TestDefaults and TestDefaultLeaseDir show what holds
		case f.Argument == "" && value == "":
			value = "false"
		case f.Argument == "" && value == "on":
			value = "true"
		case value == "":
			continue // without it nothing is done
		}
		o, err := parse("dhclient-lws", []string{"-" + f.Name + "=" + value})
		if err != nil {
			t.Errorf("-%s=%s: %v", f.Name, value, err)
			continue
		}
		// The client's own defaults may be given and not given in several ways.
		switch f.Name {
		case "retry-table":
			if !slices.Equal(o.client.Schedule.Gaps, []time.Duration{1500 * time.Millisecond, 1750 * time.Millisecond, 5 * time.Second}) {
				t.Errorf("-%s=%s: %v", f.Name, value, o.client.Schedule)
			}
			o.client.Schedule = plain.client.Schedule
		case "v4-port":
			if o.client.ServerPort != 67 {
				t.Errorf("-%s=%s: %d", f.Name, value, o.client.ServerPort)
			}
			o.client.ServerPort = plain.client.ServerPort
		}
		if !reflect.DeepEqual(o, plain) {
			t.Errorf("-%s=%s:\n got %+v\nwant %+v", f.Name, value, o, plain)
		}
	}
}

func TestHostNames(t *testing.T) {
	rfc.Shows(t, "P-HN-02")
	for name, want := range map[string]bool{
		"a": true, "box-1": true, "box.example.org": true, strings.Repeat("a", 63): true,
		"": false, "(none)": false, "-a": false, "a-": false, "a..b": false, "a.": false, "a b": false, "a_b": false,
		"10.77.9.9": false, "x;reboot": false, "ä": false, strings.Repeat("a", 64): false, strings.Repeat("a.", 32) + "a": false,
	} {
		if isHostName(name) != want {
			t.Errorf("%q: %v, want %v", name, !want, want)
		}
	}
}
