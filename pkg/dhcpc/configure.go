package dhcpc

import (
	"net/netip"
	"slices"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// noCarrierMetric is added to the metrics of a link without carrier, so that
// its routes stand behind those of all living links.
const noCarrierMetric = 1 << 16

// configuration is what the kernel should know of a link with this lease, which
// may be nil.
func (c *Client) configuration(l *link, lease *machine.Lease, now time.Duration) ifup.Config {
	var cfg ifup.Config
	if !c.cfg.NoMTU {
		cfg.LinkMTU = l.mtu
	}
	if lease == nil {
		return cfg
	}
	cfg.Addr, cfg.Broadcast, cfg.Metric = lease.Addr, lease.Broadcast, l.metric(c.cfg.Metric)
	cfg.Lifetime = ifup.Forever
	if lease.Expiry != machine.Never && !c.cfg.KeepForever {
		// Whole seconds, and not one too many: the kernel withdraws the address by
		// itself if we are no longer there to do it.
		cfg.Lifetime = max((lease.Expiry - now).Truncate(time.Second), time.Second)
	}
	if !l.carrier {
		cfg.Metric += noCarrierMetric
	}
	if !c.cfg.NoRoutes {
		cfg.Routes = routes(lease)
	}
	if mtu := int(lease.MTU); !c.cfg.NoMTU && mtu >= l.facts.MinMTU && (l.facts.MaxMTU == 0 || mtu <= l.facts.MaxMTU) {
		cfg.MTU = mtu
	}
	return cfg
}

// routes is what a lease brings, in the order in which the kernel takes it: a
// gateway must be reachable before a route can name it.
func routes(lease *machine.Lease) []ifup.Route {
	var onLink, via []ifup.Route
	for _, r := range lease.Routes {
		switch {
		case !harmless(r.Dst, lease, r.Gateway.IsValid()):
		case r.Gateway.IsValid() && !harmless(netip.PrefixFrom(r.Gateway, 32), lease, false):
		case r.Gateway.IsValid():
			via = append(via, ifup.Route{Dst: r.Dst, Gateway: r.Gateway})
		default:
			onLink = append(onLink, ifup.Route{Dst: r.Dst})
		}
	}
	if !lease.Classless && len(lease.Routers) > 0 {
		via = append(via, ifup.Route{Dst: defaultRoute, Gateway: lease.Routers[0]})
	}
	// A gateway off the subnet, as with the /32 addresses of some clouds, gets a
	// host route of its own.
	for _, r := range via {
		if !reachable(r.Gateway, lease, onLink) {
			onLink = append(onLink, ifup.Route{Dst: netip.PrefixFrom(r.Gateway, 32)})
		}
	}
	list := append(onLink, via...)
	// The kernel has one route for a destination and metric: the first wins.
	seen := make([]netip.Prefix, 0, len(list))
	return slices.DeleteFunc(list, func(r ifup.Route) bool {
		if slices.Contains(seen, r.Dst) {
			return true
		}
		seen = append(seen, r.Dst)
		return false
	})
}

var defaultRoute = netip.PrefixFrom(netip.IPv4Unspecified(), 0)

func reachable(gateway netip.Addr, lease *machine.Lease, onLink []ifup.Route) bool {
	if lease.Addr.Contains(gateway) {
		return true
	}
	return slices.ContainsFunc(onLink, func(r ifup.Route) bool { return r.Dst.Contains(gateway) })
}

// harmless reports whether a route may be installed at all: not one that the
// kernel makes by itself, for the address and its subnet, nor one to where nothing
// can be.
func harmless(dst netip.Prefix, lease *machine.Lease, gateway bool) bool {
	a := dst.Addr()
	switch {
	case dst == lease.Addr.Masked(), dst.Bits() == 32 && a == lease.Addr.Addr():
		return false // the kernel has these already
	case dst.Bits() == 0:
		return true
	case a.IsLoopback(), a.IsMulticast(), a.As4()[0] == 0, a.As4()[0] >= 240:
		return false
	case gateway && a.IsLinkLocalUnicast():
		return false
	}
	return true
}
