package machine

import (
	"slices"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// How long a link does without IPv4 where the network prefers that.
const (
	shortestAbstention = 5 * time.Minute // MIN_V6ONLY_WAIT of RFC 8925 section 3.4

	// RFC 8925 has no upper bound. A forged message shall not cost a century of IPv4.
	longestAbstention = 24 * time.Hour
)

// ipv6Only is V6ONLY_WAIT of RFC 8925 section 3.2 if a server says that the
// network prefers hosts without IPv4, else 0. It is said only to those who asked,
// and to ask for option 108 is to agree.
func (m *Machine) ipv6Only(r *dhcp4.Message) time.Duration {
	s, ok := r.Options.Uint32(dhcp4.IPv6OnlyPreferred)
	if !ok || !slices.Contains(m.c.Identity.Parameters, dhcp4.IPv6OnlyPreferred) {
		return 0
	}
	return min(max(time.Duration(s)*time.Second, shortestAbstention), longestAbstention)
}
