package machine

import (
	"bytes"
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// receive acts on a reply. One that is refused changes nothing.
func (m *Machine) receive(now time.Duration, r *dhcp4.Message) (Reason, dhcp4.Refusal) {
	w := m.awaited()
	if why := m.refuse(now, r, &w); why != dhcp4.Accepted {
		return NoReason, why
	}
	server, _ := r.Options.Addr(dhcp4.ServerIdentifier)
	switch r.Type {
	case dhcp4.Offer:
		o := offer{r.YourAddr, server, m.ipv6Only(r)}
		if w.reserve && (m.doubtful(o) || m.letDown > 1) {
			return NoReason, m.hold(o)
		}
		return m.request(now, w.exchange, o), dhcp4.Accepted
	case dhcp4.Nak:
		return m.nak(now, w.addr, server), dhcp4.Accepted
	}
	if wait := m.ipv6Only(r); wait > 0 && m.State() == Rebooting {
		return m.abstain(now, wait), dhcp4.Accepted
	}
	m.use(now, m.grant(r, w.began(now, leaseTime(r))))
	return m.enter(installing{}, ReasonAck), dhcp4.Accepted
}

// doubtful reports whether any other offer goes before this one: it is from the
// server that let us down last, or for an address that we had to decline. That
// alone says nothing against the server: anybody can claim an address.
func (m *Machine) doubtful(o offer) bool { return o.server == m.shunned || o.addr == m.declined }

// hold keeps an offer until the next DISCOVER would be due. One that is doubtful
// goes behind any other; among the others chance decides, so that a rogue that is
// always first, under a new name each time, is not always chosen.
func (m *Machine) hold(o offer) dhcp4.Refusal {
	s, ok := m.state.(selecting)
	held := s.reserve.server.IsValid()
	if !ok || o == s.reserve || held && m.doubtful(o) {
		return dhcp4.UnexpectedType
	}
	s.heard++
	if !held || m.doubtful(s.reserve) || m.c.Rand()%s.heard == 0 {
		s.reserve = o
	}
	m.state = s
	return dhcp4.Accepted
}

// disappointed notes that a server's offer led to nothing.
func (m *Machine) disappointed(server netip.Addr) {
	m.shunned = server
	m.letDown = min(m.letDown+1, 2)
}

// awaited is what may answer the exchange of a state (RFC 2131 section 4.4).
type awaited struct {
	exchange                   // nothing is awaited before its first message
	offer, ack, nak bool       // the message types that may
	addr            netip.Addr // the address that was asked for; invalid: any may be given
	server          netip.Addr // only this one may answer; invalid: any
	nakServer       netip.Addr // only this one may refuse; invalid: any, even one that does not name itself
	rapid           bool       // an ACK must carry option 80 (RFC 4039)
	reserve         bool       // an OFFER can wait, if there is reason to doubt it
}

func (m *Machine) awaited() awaited {
	switch s := m.state.(type) {
	case selecting:
		return awaited{exchange: s.exchange, offer: true, ack: m.c.Identity.RapidCommit, rapid: true, reserve: s.tries < 2}
	case requesting:
		return awaited{exchange: s.exchange, ack: true, nak: true, addr: s.addr, server: s.server, nakServer: s.server}
	case rebooting:
		return awaited{exchange: s.exchange, ack: true, nak: true, addr: m.remembered.Addr.Addr()}
	case renewing:
		// Another server may extend the lease, as the partner in a failover pair
		// does; but only the one that granted it may end it.
		return awaited{exchange: s.exchange, ack: true, nak: true, addr: m.lease.Addr.Addr(), nakServer: m.lease.Server}
	case rebinding:
		return awaited{exchange: s.exchange, ack: true, nak: true, addr: m.lease.Addr.Addr()}
	case down, initial, installing, bound, declining, releasing, ipv6Only, stopped:
	}
	return awaited{}
}

// refuse says why a reply is not used: it does not answer what was asked, or is
// not fit to be used.
func (m *Machine) refuse(now time.Duration, r *dhcp4.Message, w *awaited) dhcp4.Refusal {
	o := &r.Options
	switch {
	case r.HType != 1 || r.HLen != 6 || r.HardwareAddr != m.c.Identity.HardwareAddr:
		return dhcp4.WrongHardwareAddr
	case w.tries == 0:
		return dhcp4.UnexpectedType
	case r.Xid != w.xid:
		return dhcp4.WrongXid
	case !w.takes(r):
		return dhcp4.UnexpectedType
	case o.Has(dhcp4.ClientIdentifier) && !bytes.Equal(o.Bytes(dhcp4.ClientIdentifier), m.c.Identity.ClientID):
		return dhcp4.WrongClientID
	}
	server, ok := o.Addr(dhcp4.ServerIdentifier)
	anonymous := !o.Has(dhcp4.ServerIdentifier)
	if r.Type == dhcp4.Nak {
		switch {
		case anonymous && !w.nakServer.IsValid():
			return dhcp4.Accepted // RFC 2132 section 9.7 leaves it out
		case !ok || !dhcp4.IsHost(server):
			return dhcp4.NoServerID
		case w.nakServer.IsValid() && server != w.nakServer:
			return dhcp4.WrongServer
		}
		return dhcp4.Accepted
	}
	switch {
	case !ok || !dhcp4.IsHost(server):
		return dhcp4.NoServerID
	case w.server.IsValid() && server != w.server:
		return dhcp4.WrongServer
	}
	if r.Type == dhcp4.Offer && m.ipv6Only(r) > 0 {
		return dhcp4.Accepted // there may be no address in it (RFC 8925 section 3.3)
	}
	if why := m.unfit(r, server); why != dhcp4.Accepted {
		return why
	}
	if w.addr.IsValid() && r.YourAddr != w.addr {
		return dhcp4.WrongAddress
	}
	if length := leaseTime(r); r.Type == dhcp4.Ack && length != Never && w.began(now, length)+length <= now {
		return dhcp4.BadLeaseTime // over before it came
	}
	return dhcp4.Accepted
}

// takes reports whether a reply of this type is awaited.
func (w *awaited) takes(r *dhcp4.Message) bool {
	switch r.Type {
	case dhcp4.Offer:
		return w.offer
	case dhcp4.Ack:
		return w.ack && (!w.rapid || r.Options.Has(dhcp4.RapidCommit))
	case dhcp4.Nak:
		return w.nak
	}
	return false
}

// unfit says why the lease in an OFFER or ACK cannot be lived with. What else
// is wrong in a message is left out one by one, see grant.
func (m *Machine) unfit(r *dhcp4.Message, server netip.Addr) dhcp4.Refusal {
	switch length := leaseTime(r); {
	case length < 0:
		return dhcp4.NoLeaseTime
	case length < shortestLease:
		return dhcp4.BadLeaseTime
	}
	if r.YourAddr == server {
		return dhcp4.BadAddress
	}
	subnet, classful, ok := subnetOf(r)
	switch {
	case !ok:
		return dhcp4.BadMask
	case !isLeasable(subnet):
		return dhcp4.BadAddress
	case m.c.Strict && (classful || !strict(r, subnet, server)):
		return dhcp4.NotStrict
	}
	return dhcp4.Accepted
}

// strict are the rules of the client that this one descends from, which refuses
// a lease without mask, router or name server, and requires that server and
// router are in the subnet. It takes the server from siaddr, which only names
// the next boot stage; here it is the server identifier, option 54.
func strict(r *dhcp4.Message, subnet netip.Prefix, server netip.Addr) bool {
	var space [1]netip.Addr
	routers := r.Options.AppendAddrs(space[:0], dhcp4.Router, 1)
	if len(routers) == 0 || !subnet.Contains(routers[0]) {
		return false
	}
	dns := r.Options.AppendAddrs(space[:0], dhcp4.DNSServer, 1)
	return len(dns) > 0 && subnet.Contains(server)
}
