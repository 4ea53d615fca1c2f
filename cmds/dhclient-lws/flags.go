package main

import (
	"math"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
)

// options is the command line, checked.
type options struct {
	selectors  []selector
	wait       waitPolicy
	once       bool     // end when the wait is over
	background bool     // the front process ends then, and the client stays
	dryRun     bool     // nothing is changed but links up; implies once
	release    bool     // give leases back at the end
	stateDir   string   // "" for no live state
	leaseDir   string   // "" keeps no lease
	netConfDir string   // "" for no net-<interface>.conf
	root       string   // the root directory of all these; "" is that of the caller
	resolvConf string   // "" leaves the file alone
	bootIF     [6]byte  // the MAC address of the link that the machine was booted from; zero: not known
	verbosity  int      // 1 shows each message, 2 also each option and refusal
	remarks    []string // what is asked for and not there, a line each
	version    bool
	applies    bool // ends when -static_network_config is applied
	client     dhcpc.Config

	interfaces  []string // as -interface has them
	metric      uint32
	extraMetric uint32
	noDNS       bool
	netboot     bool
	noIPv4      bool
	ipv6        bool
	staticNet   string
}

// The defaults that are neither zero nor the client's own.
const (
	defaultStateDir   = "/run/dhclient-lws"
	defaultNetConfDir = "/run" // where initramfs-tools and cloud-init look
	defaultResolvConf = "/etc/resolv.conf"
	defaultMetric     = 1024
	maxMetric         = math.MaxInt32

	// persistentDir outlives a reboot where it is there: on a gokrazy appliance.
	persistentDir = "/perm"
)

// parse reads the arguments of the command, without "-- command". An error is
// one line that says what is wrong and what would be right, or errHelp.
func parse(name string, args []string) (*options, error) {
	o := &options{
		wait:       waitPolicy{timeout: 60 * time.Second, carrierTimeout: 5 * time.Second, grace: 10 * time.Second},
		stateDir:   defaultStateDir,
		resolvConf: defaultResolvConf,
		metric:     defaultMetric,
	}
	o.client.HostName = kernelHostName()
	fs := o.flags()
	arguments, err := fs.parseInterspersed(args)
	if err != nil {
		return nil, err
	}
	if len(arguments) > 0 && arguments[0] == "help" {
		return nil, errHelp
	}
	if o.selectors, err = parseSelectors(append(o.interfaces, arguments...)); err != nil {
		return nil, err
	}
	switch name {
	case gokrazysDHCP:
		o.standIn(fs.given)
	case urootsDHClient:
		o.returns(fs.given)
	}
	o.complete(fs.given, persistentDir)
	if err := o.contradiction(); err != nil {
		return nil, err
	}
	if o.staticNet != "" {
		o.setStatic()
	}
	if o.client.ClientID != nil || o.client.VendorClass != "" || o.client.PXE != nil || o.client.Parameters != nil {
		return o, o.fits()
	}
	return o, nil
}

// flags is the flag set that fills the options in. What each flag is for stands
// in package manual.
func (o *options) flags() *flagSet {
	fs := newFlagSet()
	fs.add("wait", "all, any, none, bootif, or interface names with commas between them", o.setWait)
	duration(fs, "timeout", &o.wait.timeout)
	duration(fs, "carrier-timeout", &o.wait.carrierTimeout)
	duration(fs, "grace", &o.wait.grace)

	boolean(fs, "once", &o.once)
	boolean(fs, "background", &o.background)
	boolean(fs, "dry-run", &o.dryRun)
	boolean(fs, "release", &o.release)

	fs.add("resolv-conf", "a file, or nothing to leave it alone", setPath(&o.resolvConf))
	boolean(fs, "no-dns", &o.noDNS)
	boolean(fs, "no-routes", &o.client.NoRoutes)
	number(fs, "metric", 1, maxMetric, &o.metric)
	boolFunc(fs, "mtu", func(v bool) { o.client.NoMTU = !v })
	boolean(fs, "keep", &o.client.KeepForever)
	boolean(fs, "bounce", &o.client.Bounce)

	fs.add("state-dir", "a directory, or nothing for no live state", setPath(&o.stateDir))
	fs.add("lease-dir", "a directory, or nothing to remember no lease", setPath(&o.leaseDir))
	fs.add("root", "a directory", setPath(&o.root))
	fs.add("net-conf", "a directory, or nothing for no net-<interface>.conf", setPath(&o.netConfDir))

	fs.add("client-id", "mac, duid, none, or 2 to 255 bytes in hexadecimal", o.setClientID)
	fs.add("hostname", "a host name of at most 64 letters, digits, hyphens and dots, or nothing to send none", o.setHostName)
	fs.add("vendor-class", "1 to 255 characters of printable ASCII", o.setVendorClass)
	fs.add("request", "option codes from 1 to 254 with commas between them", o.setRequest)
	boolean(fs, "netboot", &o.netboot)
	boolean(fs, "rapid-commit", &o.client.RapidCommit)
	boolean(fs, "broadcast", &o.client.Broadcast)
	boolean(fs, "strict", &o.client.Strict)
	fs.add("acd", "optimistic, strict or off", o.setACD)
	boolean(fs, "reuse-lease", &o.client.ReuseLease)
	duration(fs, "start-delay", &o.client.StartDelay)
	fs.add("retry-table", "rfc, or 1 to 16 durations from 100ms to 1h with commas between them", o.setRetryTable)
	number(fs, "v4-port", 1, math.MaxUint16, &o.client.ServerPort)

	boolFunc(fs, "v", func(v bool) { o.setVerbosity(1, v) })
	boolFunc(fs, "vv", func(v bool) { o.setVerbosity(2, v) })
	boolean(fs, "version", &o.version)

	// The names that other clients have, so that what calls them can call us.
	fs.add("interface", "an interface", func(s string) error {
		o.interfaces = append(o.interfaces, s)
		return nil
	})
	number(fs, "extra_route_priority", 0, maxMetric, &o.extraMetric)
	fs.add("static_network_config", "an object in JSON, or a file", func(s string) error {
		o.staticNet = s
		return nil
	})
	boolFunc(fs, "ipv4", func(v bool) { o.noIPv4 = !v })
	boolean(fs, "ipv6", &o.ipv6)
	var unused uint16
	number(fs, "v6-port", 1, math.MaxUint16, &unused)
	fs.add("v6-server", "an address, which has no effect", func(string) error { return nil })
	fs.add("retry", "a number of attempts from -1 on, which has no effect", func(s string) error {
		n, err := strconv.Atoi(s)
		return check(err == nil && n >= -1)
	})
	return fs
}

// complete derives what was not given from what was.
func (o *options) complete(given map[string]bool, persistent string) {
	if !given["lease-dir"] {
		o.leaseDir = o.stateDir
		if unix.Access(filepath.Join(o.root, persistent), unix.W_OK) == nil {
			o.leaseDir = filepath.Join(persistent, "dhclient-lws")
		}
	}
	if !given["net-conf"] {
		o.netConfDir = o.stateDir
		if o.stateDir == defaultStateDir {
			o.netConfDir = defaultNetConfDir
		}
	}
	if o.noDNS {
		o.resolvConf = ""
	}
	if o.dryRun {
		o.remarks = append(o.remarks, "a dry run: leases are asked for, and nothing is configured")
		o.once = true
		o.stateDir, o.leaseDir, o.netConfDir, o.resolvConf = "", "", "", ""
		o.client.Conflicts = dhcpc.DetectOff // an address that is not used is not announced
	}
	if o.netboot {
		o.sayNetboot("/sys")
	}
	o.client.Metric = o.metric + o.extraMetric
	if o.ipv6 {
		o.remarks = append(o.remarks, "IPv6 is not served yet, -ipv6 has no effect")
	}
}
