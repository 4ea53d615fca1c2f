package machine

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// Lease is what a server granted, checked; values that failed a check are
// absent. It is never modified once made.
type Lease struct {
	Addr      netip.Prefix // the address with its subnet's length
	Classful  bool         // the server sent no mask: the length is that of the address's class
	Server    netip.Addr   // option 54
	Start     time.Duration
	T1        time.Duration // Never for an infinite lease
	T2        time.Duration
	Expiry    time.Duration
	Routers   []netip.Addr  // option 3, at most 3; empty if Classless
	Routes    []dhcp4.Route // option 121, or else 33, at most 256
	Classless bool          // Routes are from option 121, which silences options 3 and 33 (RFC 3442)
	DNS       []netip.Addr  // option 6, at most 3
	NTP       []netip.Addr  // option 42, at most 3
	Broadcast netip.Addr    // option 28, if it fits the subnet
	Domain    string        // option 15
	Search    []string      // option 119, at most 16
	HostName  string        // option 81, or else 12
	MTU       uint16        // option 26, 0 if absent or below 576
	// LinkMTU is what the link had before MTU was applied, as an earlier life of the
	// program knew it; 0 in a lease that was granted in this one.
	LinkMTU int

	Handed // to others
}

const (
	shortestLease = 5 * time.Second
	smallestMTU   = 576 // what every host takes (RFC 791); less would starve the link
	widestSubnet  = 8   // bits: a class A network

	maxServers = 3 // of a kind: resolvers use no more
	maxRoutes  = 256
	maxSearch  = 16
)

// grant is the lease of an ACK that was found fit. A single value that makes no
// sense is left out.
func (m *Machine) grant(r *dhcp4.Message, start time.Duration) *Lease {
	o := &r.Options
	l := &Lease{Start: start}
	l.Addr, l.Classful, _ = subnetOf(r)
	l.Server, _ = o.Addr(dhcp4.ServerIdentifier)
	l.T1, l.T2, l.Expiry = m.timers(r, start)
	gateway := func(a netip.Addr) bool { return isGateway(a, l.Addr) }
	if l.Routes, l.Classless = o.AppendClasslessRoutes(nil, maxRoutes); !l.Classless {
		l.Routes, _ = o.AppendStaticRoutes(nil, maxRoutes)
		l.Routers = addrs(o, dhcp4.Router, gateway)
	}
	l.Routes = slices.DeleteFunc(l.Routes, func(r dhcp4.Route) bool {
		return r.Gateway.IsValid() && !gateway(r.Gateway)
	})
	l.DNS = addrs(o, dhcp4.DNSServer, dhcp4.IsHost)
	l.NTP = addrs(o, dhcp4.NTPServer, dhcp4.IsHost)
	if a, ok := o.Addr(dhcp4.BroadcastAddress); ok && a == broadcastOf(l.Addr) {
		l.Broadcast = a
	}
	l.Domain, _ = o.Text(dhcp4.DomainName).Domain()
	l.Search = o.AppendDomainSearch(nil, maxSearch)
	var named bool
	if l.HostName, named = o.FQDN(); !named { // RFC 4702 section 3.1
		l.HostName, _ = o.Text(dhcp4.HostName).HostName()
	}
	if mtu, ok := o.Uint16(dhcp4.InterfaceMTU); ok && mtu >= smallestMTU {
		l.MTU = mtu
	}
	l.Handed = m.handed(r)
	return l
}

// addrs reads a list of addresses, as far as they are good.
func addrs(o *dhcp4.Options, c dhcp4.Code, good func(netip.Addr) bool) []netip.Addr {
	list := o.AppendAddrs(nil, c, 16)
	list = slices.DeleteFunc(list, func(a netip.Addr) bool { return !good(a) })
	return list[:min(len(list), maxServers)]
}

// timers are T1, T2 and the end of a lease that begins at start. T1 < T2 < end
// always (RFC 2131 section 4.4.5): if what the server says is not so, both are
// half and seven eighths of the lease. Only those defaults are varied, and only
// downwards: a server that names a time is obeyed to the second.
func (m *Machine) timers(r *dhcp4.Message, start time.Duration) (t1, t2, end time.Duration) {
	length := leaseTime(r)
	if length == Never {
		return Never, Never, Never
	}
	t1, own1 := offset(r, dhcp4.RenewalTime, length/2)
	t2, own2 := offset(r, dhcp4.RebindingTime, length/8*7)
	if t1 >= t2 || t2 >= length {
		t1, t2 = length/2, length/8*7
		own1, own2 = false, false
	}
	fuzz := min(length/40, (t2-t1)/2)
	if !own1 {
		t1 -= m.random(fuzz)
	}
	if !own2 {
		t2 -= m.random(fuzz)
	}
	return start + t1, start + t2, start + length
}

// offset reads T1 or T2. 0 and infinity count as absent.
func offset(r *dhcp4.Message, c dhcp4.Code, fallback time.Duration) (d time.Duration, own bool) {
	s, _ := r.Options.Uint32(c)
	if s == 0 || s == math.MaxUint32 {
		return fallback, false
	}
	return time.Duration(s) * time.Second, true
}

// leaseTime reads option 51: Never for an infinite lease, negative if absent.
func leaseTime(r *dhcp4.Message) time.Duration {
	s, ok := r.Options.Uint32(dhcp4.LeaseTime)
	switch {
	case !ok:
		return -1
	case s == math.MaxUint32: // RFC 2131 section 3.3
		return Never
	}
	return time.Duration(s) * time.Second
}

// subnetOf is yiaddr with the length of its subnet. Without a mask of four bytes
// that is its class's; ok is false if the mask is none, or wider than any class.
func subnetOf(r *dhcp4.Message) (p netip.Prefix, classful, ok bool) {
	mask, given := r.Options.Addr(dhcp4.SubnetMask)
	if !given {
		return netip.PrefixFrom(r.YourAddr, dhcp4.Classful(r.YourAddr).Bits()), true, true
	}
	length, ok := dhcp4.MaskBits(mask)
	if !ok || length < widestSubnet {
		return netip.Prefix{}, false, false
	}
	return netip.PrefixFrom(r.YourAddr, length), false, true
}

// isLeasable reports whether an address can be given to a host in its subnet.
// 169.254.0.0/16 is not a server's to give (RFC 3927 section 2.1).
func isLeasable(p netip.Prefix) bool { return isOwn(p) && !p.Addr().IsLinkLocalUnicast() }

// isOwn reports whether a host can have an address in its subnet.
func isOwn(p netip.Prefix) bool {
	return p.IsValid() && dhcp4.IsHost(p.Addr()) && !isEdge(p.Addr(), p)
}

// isGateway reports whether an address can be a router's for a host with this one.
func isGateway(a netip.Addr, own netip.Prefix) bool {
	return dhcp4.IsHost(a) && a != own.Addr() && !isEdge(a, own)
}

// isEdge reports whether a is the network or broadcast address of a subnet. A
// /31 has neither (RFC 3021), nor has a /32.
func isEdge(a netip.Addr, p netip.Prefix) bool {
	return p.Bits() < 31 && (a == p.Masked().Addr() || a == broadcastOf(p))
}

// broadcastOf is the last address of a subnet.
func broadcastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	v := binary.BigEndian.Uint32(b[:]) | uint32(uint64(math.MaxUint32)>>p.Bits())
	binary.BigEndian.PutUint32(b[:], v)
	return netip.AddrFrom4(b)
}

// Valid checks a lease that was remembered outside this program as strictly as
// if it came from the wire.
func (l *Lease) Valid() error {
	switch {
	case l.Addr.Addr().IsLinkLocalUnicast(): // not a server's to give (RFC 3927 section 2.1)
		return errors.New("bad address")
	case !dhcp4.IsHost(l.Server) || l.Server == l.Addr.Addr():
		return errors.New("bad server")
	}
	return l.sound()
}

// Static reports whether no server granted the lease: the link's owner did.
func (l *Lease) Static() bool { return !l.Server.IsValid() }

// ValidStatic checks in the same way what a link is to have of no server.
func (l *Lease) ValidStatic() error {
	if !l.Static() {
		return errors.New("bad server")
	}
	if l.Expiry != Never {
		return errors.New("bad times")
	}
	return l.sound()
}

// sound checks a lease, but for who granted it.
func (l *Lease) sound() error {
	infinite := l.T1 == Never && l.T2 == Never && l.Expiry == Never
	finite := l.Start < l.T1 && l.T1 < l.T2 && l.T2 < l.Expiry && l.Expiry < Never
	notGateway := func(a netip.Addr) bool { return !isGateway(a, l.Addr) }
	notHost := func(a netip.Addr) bool { return !dhcp4.IsHost(a) }
	badRoute := func(r dhcp4.Route) bool {
		return !r.Dst.IsValid() || !r.Dst.Addr().Is4() || r.Dst != r.Dst.Masked() ||
			r.Gateway.IsValid() && notGateway(r.Gateway)
	}
	badName := func(s string) bool { return !isName(s) }
	switch {
	case !isOwn(l.Addr) || l.Addr.Bits() < widestSubnet:
		return errors.New("bad address")
	case !infinite && !finite:
		return errors.New("bad times")
	case len(l.Routers) > maxServers || slices.ContainsFunc(l.Routers, notGateway) || l.Classless && len(l.Routers) > 0:
		return errors.New("bad routers")
	case len(l.Routes) > maxRoutes || slices.ContainsFunc(l.Routes, badRoute):
		return errors.New("bad routes")
	case len(l.DNS) > maxServers || slices.ContainsFunc(l.DNS, notHost):
		return errors.New("bad name servers")
	case len(l.NTP) > maxServers || slices.ContainsFunc(l.NTP, notHost):
		return errors.New("bad time servers")
	case l.Broadcast.IsValid() && l.Broadcast != broadcastOf(l.Addr):
		return errors.New("bad broadcast address")
	case l.Domain != "" && badName(l.Domain), len(l.Search) > maxSearch || slices.ContainsFunc(l.Search, badName):
		return errors.New("bad domain")
	case l.HostName != "" && badName(l.HostName):
		return errors.New("bad host name")
	case l.MTU != 0 && l.MTU < smallestMTU:
		return errors.New("bad MTU")
	}
	return l.Handed.valid()
}

// isName reports whether s can stand in resolv.conf as a domain: it consists of
// dots and what names are made of.
func isName(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return 0 < len(s) && len(s) <= 253 && s[0] != '.' && s[0] != '-'
}
