package sim

import (
	"net/netip"
	"slices"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// turned is told that a client went to sleep, or died. What it did in this turn
// must have had all its consequences.
func (j *judge) turned(l *dhcptest.LAN) {
	b := j.boxes[l]
	j.site.trace.note(b.name, "sleeps")
	if err := l.Err(); err != nil {
		j.fail(&record{who: b.name}, Form, "%w", err)
	}
	for k, link := range b.links {
		if link == nil {
			continue
		}
		r := j.of(link)
		if !l.Runs() {
			// It died before it could act on what it heard or said. The next one does
			// not know of it.
			for _, g := range r.grants {
				g.gone, g.released = false, 0
			}
			continue
		}
		if r.name != link.Name() || r.hw != link.HardwareAddr() {
			r.name, r.hw, r.confirmed = link.Name(), link.HardwareAddr(), false
		}
		j.consequences(r, r.name == ifname(k))
	}
	if l.Runs() {
		j.states(b)
	}
	j.everywhere()
}

// consequences holds what the kernel has, and the client knows of, against the
// grants. The link may have a name that nobody asked for.
func (j *judge) consequences(r *record, wanted bool) {
	held := r.link.Config().Addr
	for a, g := range r.grants {
		if !g.gone && g.hw == r.link.HardwareAddr() && wanted {
			continue
		}
		switch {
		case !held.IsValid() || held.Addr() != a:
			if g.gone {
				delete(r.grants, a)
			}
		case a == r.known:
			j.fail(r, Withdrawn, "%v is still there", held)
		default: // an earlier client left it; a later one may remember
			g.gone = false
		}
	}
}

// states is what the client says of itself.
func (j *judge) states(b *box) {
	for _, st := range b.client.Status().Links {
		for _, link := range b.links {
			if link == nil || link.Name() != st.Interface {
				continue
			}
			r := j.of(link)
			if r.state != st.State {
				r.state = st.State
				j.site.trace.note(r.who, st.State)
			}
			// Probing begins when an address comes into use, or the carrier comes to a
			// link that has one, and not again when a server confirms it.
			used := link.Config().Addr
			before := r.watched
			r.watched = st.State != machine.Down && link.Carries() && used.IsValid() && used.Addr() == r.known
			switch {
			case !r.watched:
				r.probed = machine.Never
			case !before:
				r.probed = j.world.Now()
			}
			if r.settled() && !r.confirmed {
				j.fail(r, Confirmed, "%v with %v", st.State, st.Lease.Addr)
			}
			if len(link.Refuse) > 0 {
				r.terms, r.lacking = nil, true // until the next renewal
			}
			if has := termsIn(link.Config()); r.settled() && link.Carries() && link.Config().Addr.IsValid() && len(r.terms) > 0 && !slices.Contains(r.terms, has) {
				j.fail(r, Current, "has %v, granted was %v", has, r.terms)
			}
		}
	}
}

// settled reports whether the client takes its lease for confirmed.
func (r *record) settled() bool {
	return r.state == machine.Bound || r.state == machine.Renewing || r.state == machine.Rebinding
}

// everywhere looks at all machines: time has passed for them as well.
func (j *judge) everywhere() {
	now := j.world.Now()
	for _, b := range j.site.boxes {
		for _, link := range b.links {
			if link == nil || b.Suspended() || !link.Config().Addr.IsValid() {
				continue
			}
			r := j.of(link)
			// A machine that slept has its turn first, when it wakes. Without a client
			// that knows of the address its kernel counts the time that it was awake.
			a := link.Config().Addr.Addr()
			if g := r.grants[a]; g != nil && now >= g.end() && b.Runs() && b.Due() > now && r.known == a {
				j.fail(r, Granted, "%v was granted until %v", link.Config().Addr, g.end())
			}
		}
	}
	j.unique(now)
}

// detected is how long it takes until a machine that has no trouble knows that its
// address is another's: probes begin within 3 s, where the carrier was away, and are
// answered at once (RFC 5227 section 2.1.1).
const detected = 5 * time.Second

// unique looks for addresses that two have.
func (j *judge) unique(now time.Duration) {
	for _, n := range j.site.networks {
		if n.Loss > 0 || n.Jitter > 0 {
			n.restful = now
		}
		seen := map[netip.Addr]*record{}
		for _, b := range j.site.boxes {
			for _, link := range b.links {
				if link == nil || link.Segment() != n.Segment || !link.Carries() || !link.Config().Addr.IsValid() {
					continue
				}
				r, addr := j.of(link), link.Config().Addr.Addr()
				if !b.Runs() || b.send != nil {
					r.probed = machine.Never // or heard no answer
				}
				for _, h := range n.hosts {
					if h.Addr == addr && now-h.met(r, n) > detected {
						j.fail(r, Unique, "%v is a stranger's", addr)
					}
				}
				earlier, later := seen[addr], r
				if earlier == nil || earlier.box == b {
					seen[addr] = r
					continue
				}
				if earlier.probed > later.probed {
					earlier, later = later, earlier
				}
				// Whoever has it for a shorter time must notice, if nothing was lost then.
				if since := later.probed; since > n.restful && now-since > detected {
					j.fail(later, Unique, "%v is also %s's, since %v", addr, earlier.who, since)
				}
			}
		}
	}
}

// met is since when a link has had every chance to notice a stranger: by probing,
// or by what the stranger has said twice.
func (s *squatter) met(r *record, n *network) time.Duration {
	switch {
	case r.probed >= s.since && r.probed > n.restful:
		return r.probed
	case r.probed < s.since-between && s.since-between > n.restful:
		return s.since
	}
	return machine.Never
}
