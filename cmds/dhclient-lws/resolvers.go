package main

import (
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// inUse is the lease that a link has installed, or nil.
func inUse(l *dhcpc.LinkStatus) *machine.Lease {
	if l.State == machine.Installing {
		return nil
	}
	return l.Lease
}

// resolvers is what the links contribute to resolv.conf, in metric order: like
// its routes, the servers of a link without carrier stand behind all others.
func resolvers(links []dhcpc.LinkStatus) []ifup.Resolver {
	list := make([]ifup.Resolver, 0, len(links))
	for _, carrier := range []bool{true, false} {
		for i := range links {
			if l := inUse(&links[i]); l != nil && links[i].Carrier == carrier {
				list = append(list, ifup.Resolver{Servers: l.DNS, Domain: l.Domain, Search: l.Search})
			}
		}
	}
	return list
}
