package main

import (
	"cmp"
	"errors"
	"math"
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// statusVersion is that of the schema below. It grows when a field changes its
// meaning or goes away; fields that are added do not change it.
const statusVersion = 1

// statusFile is the content of <state-dir>/status.json. The methods called
// fields give the names in it. Times whose names end in _ms are milliseconds of
// CLOCK_BOOTTIME, the clock that runs on in suspend and that nobody sets.
type statusFile struct {
	version  int64
	pid      int64  // of the resident
	pidStart int64  // when that process was started, as in /proc/PID/stat; PIDs are used again
	start    int64  // when the program was started
	written  int64  // when this was written
	result   string // of the wait, once it is decided
	links    []linkStatus
}

func (s *statusFile) fields(f *fields) {
	f.int("version", &s.version)
	f.int("pid", &s.pid)
	f.int("pid_start", &s.pidStart)
	f.int("start_ms", &s.start)
	f.int("written_ms", &s.written)
	f.optionalText("result", &s.result)
	list(f, "links", &s.links, func(f *fields, l *linkStatus) { f.object(l.fields) }) // in metric order
}

// linkStatus is one link.
type linkStatus struct {
	name      string
	index     int64  // 0: there is no such interface
	hardware  string // its MAC address
	state     string // those of RFC 2131 figure 5, and a few in which nothing is asked for
	holder    int64  // the process that has the link, in state HELD
	carrier   bool
	metric    int64 // of its routes while it has carrier
	lease     leaseStatus
	since     int64 // when it came into its state
	why       string
	lost      lostStatus
	resumes   int64 // when it asks for IPv4 again, if it does without for now
	timeline  []markStatus
	sent      int64 // messages
	received  int64 // messages that were used
	refused   []refusedCount
	lastError string
}

func (l *linkStatus) fields(f *fields) {
	f.text("interface", &l.name)
	f.int("index", &l.index)
	f.optionalText("mac", &l.hardware)
	f.text("state", &l.state)
	f.optionalInt("held_by", &l.holder)
	f.optionalInt("since_ms", &l.since)
	f.optionalText("why", &l.why)
	if f.at("lost", !l.lost.address.IsValid()) {
		f.object(l.lost.fields)
	}
	f.moment("resumes_ms", "resumes_in_s", &l.resumes)
	f.bool("carrier", &l.carrier)
	f.int("metric", &l.metric)
	if f.at("lease", l.lease.none()) {
		f.object(l.lease.fields)
	}
	list(f, "timeline", &l.timeline, func(f *fields, m *markStatus) { f.object(m.fields) })
	f.int("sent", &l.sent)
	f.int("received", &l.received)
	list(f, "refused", &l.refused, func(f *fields, c *refusedCount) { f.object(c.fields) })
	f.optionalText("last_error", &l.lastError)
}

// lostStatus is the lease that was lost last, until there is one again.
type lostStatus struct {
	address netip.Prefix
	why     string
	at      int64
}

func (l *lostStatus) fields(f *fields) {
	parsedField(f, "address", &l.address, dhcp4.ParsePrefix)
	f.int("at_ms", &l.at)
	f.optionalText("why", &l.why)
}

// markStatus is when something happened, in milliseconds since the start.
type markStatus struct {
	what string
	ms   float64
}

func (m *markStatus) fields(f *fields) {
	f.text("what", &m.what)
	f.float("ms", &m.ms)
}

// refusedCount is how many frames were refused for one reason.
type refusedCount struct {
	reason string
	frames int64
}

func (c *refusedCount) fields(f *fields) {
	f.text("reason", &c.reason)
	f.int("frames", &c.frames)
}

// leaseStatus is a lease. "status -json" adds the seconds that are left. What
// the server did not say is not there, and a lease that never ends has no end.
type leaseStatus struct {
	address   netip.Prefix // with the length of the subnet
	classful  bool         // the server sent no mask
	broadcast netip.Addr
	server    netip.Addr
	routers   []netip.Addr
	routes    []dhcp4.Route
	classless bool // the routes are from option 121
	dns, ntp  []netip.Addr
	domain    string
	search    []string
	hostName  string
	mtu       int64
	handed    machine.Handed
	start     int64 // when it was asked for
	renew     int64
	rebind    int64
	expiry    int64
}

func (l *leaseStatus) fields(f *fields) {
	addr := parsedValue(dhcp4.ParseAddr)
	parsedField(f, "address", &l.address, dhcp4.ParsePrefix)
	f.optionalBool("classful", &l.classful)
	parsedField(f, "broadcast", &l.broadcast, dhcp4.ParseAddr)
	parsedField(f, "server", &l.server, dhcp4.ParseAddr)
	list(f, "routers", &l.routers, addr)
	list(f, "routes", &l.routes, func(f *fields, r *dhcp4.Route) {
		f.object(func(f *fields) {
			parsedField(f, "to", &r.Dst, dhcp4.ParsePrefix)
			parsedField(f, "via", &r.Gateway, dhcp4.ParseAddr) // none: on the link itself
		})
	})
	f.optionalBool("classless", &l.classless)
	list(f, "dns", &l.dns, addr)
	list(f, "ntp", &l.ntp, addr)
	f.optionalText("domain", &l.domain)
	list(f, "search", &l.search, (*fields).textValue)
	f.optionalText("host_name", &l.hostName)
	f.optionalInt("mtu", &l.mtu)
	handedFields(f, &l.handed)
	f.int("start_ms", &l.start)
	f.moment("renew_ms", "renew_in_s", &l.renew)
	f.moment("rebind_ms", "rebind_in_s", &l.rebind)
	f.moment("expiry_ms", "expires_in_s", &l.expiry)
}

// handedFields is what a server says to others. Bytes are in hexadecimal.
func handedFields(f *fields, h *machine.Handed) {
	parsedField(f, "next_server", &h.NextServer, dhcp4.ParseAddr)
	f.optionalText("boot_server", &h.BootServer)
	f.optionalText("boot_file", &h.BootFile)
	f.optionalText("root_path", &h.RootPath)
	f.optionalText("captive_portal", &h.CaptivePortal)
	if f.at("vendor", len(h.Vendor) == 0) {
		f.hexValue(&h.Vendor)
	}
	list(f, "options", &h.Options, func(f *fields, o *machine.Option) {
		f.object(func(f *fields) {
			code := int64(o.Code)
			f.int("code", &code)
			if o.Code = dhcp4.Code(code); int64(o.Code) != code {
				f.r.fail()
			}
			if f.at("hex", false) {
				f.hexValue(&o.Data)
			}
		})
	})
}

// none reports whether there is no lease.
func (l *leaseStatus) none() bool { return !l.address.IsValid() }

// describe takes over the state of a link. What was in s before is gone, but its
// memory is used again: there are hundreds of links.
func (s *linkStatus) describe(l *dhcpc.LinkStatus, start time.Duration) {
	timeline, refused := s.timeline[:0], s.refused[:0]
	for _, m := range l.Timeline {
		timeline = append(timeline, markStatus{m.What, float64((m.At - start).Microseconds()) / 1000})
	}
	for reason, n := range l.Refused {
		if n > 0 {
			refused = append(refused, refusedCount{dhcp4.Refusal(reason).String(), int64(n)})
		}
	}
	*s = linkStatus{
		name: l.Interface, index: int64(l.Index), state: l.State.String(), carrier: l.Carrier, metric: int64(l.Metric),
		since: l.Since.Milliseconds(), why: l.Why.String(), resumes: l.Resumes.Milliseconds(),
		lost:     lostStatus{l.Lost.Addr, l.Lost.Reason.String(), l.Lost.At.Milliseconds()},
		timeline: timeline, sent: int64(l.Sent), received: int64(l.Received), refused: refused, lastError: l.LastErr,
	}
	if l.Index != 0 && l.HardwareAddr != (dhcp4.HardwareAddr{}) {
		s.hardware = l.HardwareAddr.String()
	}
	if l.Lease != nil {
		s.lease = describeLease(l.Lease)
	}
}

func describeLease(l *machine.Lease) leaseStatus {
	return leaseStatus{
		address: l.Addr, classful: l.Classful, broadcast: l.Broadcast, server: l.Server,
		routers: l.Routers, routes: l.Routes, classless: l.Classless, dns: l.DNS, ntp: l.NTP,
		domain: l.Domain, search: l.Search, hostName: l.HostName, mtu: int64(l.MTU), handed: l.Handed,
		start: l.Start.Milliseconds(), renew: millisecond(l.T1), rebind: millisecond(l.T2), expiry: millisecond(l.Expiry),
	}
}

// lease is the lease that was described, unchecked but for what does not fit.
func (l *leaseStatus) lease() (*machine.Lease, error) {
	if l.mtu < 0 || l.mtu > math.MaxUint16 {
		return nil, errors.New("bad MTU")
	}
	start := time.Duration(l.start) * time.Millisecond
	times := [3]time.Duration{machine.Never, machine.Never, machine.Never}
	for i, ms := range []int64{l.renew, l.rebind, l.expiry} {
		if !possibleStart(l.start) || ms < -longestLease || ms > longestLease {
			return nil, errors.New("bad times")
		}
		if ms != 0 {
			times[i] = time.Duration(ms) * time.Millisecond
		}
	}
	return &machine.Lease{
		Addr: l.address, Classful: l.classful, Broadcast: l.broadcast, Server: l.server,
		Routers: l.routers, Routes: l.routes, Classless: l.classless, DNS: l.dns, NTP: l.ntp,
		Domain: l.domain, Search: l.search, HostName: l.hostName, MTU: uint16(l.mtu), Handed: l.handed,
		Start: start, T1: times[0], T2: times[1], Expiry: times[2],
	}, nil
}

// What times from outside are bounded by, in milliseconds, so that sums of them
// are still a time.Duration: a boot may have lasted 20 years when a lease began,
// and none that ends is longer than 137.
const (
	year         = 365 * 24 * 3600 * 1000
	longestBoot  = 20 * year
	longestLease = longestBoot + 137*year
)

func possibleStart(ms int64) bool { return -longestBoot <= ms && ms <= longestBoot }

// millisecond is a moment in milliseconds, 0 for never.
func millisecond(t time.Duration) int64 {
	if t == machine.Never {
		return 0
	}
	return cmp.Or(t.Milliseconds(), 1)
}
