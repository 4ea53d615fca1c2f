package machine

import (
	"net/netip"
	"time"
)

// The arcs of figure 5, by event. Each method returns why it changed the state,
// or NoReason.

func (m *Machine) enter(s state, why Reason) Reason {
	m.state = s
	return why
}

// discover starts over: INIT, with a DISCOVER at the given time.
func (m *Machine) discover(at time.Duration, why Reason) Reason {
	return m.enter(initial{m.open(at)}, why)
}

// request takes an offer: REQUEST is due at once, in the exchange of the
// DISCOVER and with its secs (RFC 2131 section 3.1). There is none if the offer
// is to do without.
func (m *Machine) request(now time.Duration, e exchange, o offer) Reason {
	if o.ipv6Only > 0 {
		return m.abstain(now, o.ipv6Only)
	}
	return m.enter(requesting{exchange{xid: e.xid, due: now}, o, e.secs(e.last)}, ReasonOffer)
}

// abstain does without IPv4 for a while (RFC 8925 section 3.2). An address of an
// earlier time is not kept either.
func (m *Machine) abstain(now, wait time.Duration) Reason {
	m.drop(now)
	return m.enter(ipv6Only{now + wait}, ReasonIPv6Only)
}

// unheard reports whether so many messages in a row found no answer that the
// answers may be what is lost. Who asks for broadcast always has no other way.
func (m *Machine) unheard(e exchange) bool {
	return e.tries > 0 && e.tries%enoughUnheard == 0 && !m.c.Identity.Broadcast
}

// otherWay asks again in another exchange, for answers by broadcast if they were
// to come to our future address before, and the other way round: some NICs,
// switches and hypervisors drop the one, some the other. Which of them works is
// kept. Only the xid is new, and time runs on.
func (m *Machine) otherWay(e exchange) Reason {
	m.broadcast = !m.broadcast
	e.xid = m.c.Rand()
	return m.enter(initial{e}, ReasonSilence)
}

// use puts a lease to use.
func (m *Machine) use(now time.Duration, l *Lease) {
	if change(m.lease, l) == Granted {
		m.installed, m.since = false, now
	}
	m.lease, m.remembered, m.hint = l, l, l.Addr.Addr()
	m.shunned, m.declined, m.letDown = netip.Addr{}, netip.Addr{}, 0
}

// drop takes the lease out of use and forgets it.
func (m *Machine) drop(now time.Duration) {
	if m.lease != nil && now-m.since >= lasting {
		m.brakes = brakes{}
	}
	m.lease, m.remembered = nil, nil
}

// expire ends the lease whose time is over, in use or only remembered. A client
// that is asking already goes on; its address may be asked for again (RFC 2131
// section 4.4.5).
func (m *Machine) expire(now time.Duration) Reason {
	if m.remembered == nil || now < m.remembered.Expiry {
		return NoReason
	}
	inUse := m.lease != nil
	m.drop(now)
	switch m.state.(type) {
	case rebooting, installing, bound, renewing, rebinding:
		return m.discover(now, ReasonExpiry)
	case releasing:
		return m.enter(stopped{}, ReasonExpiry)
	case down, initial, selecting, requesting, declining, static, ipv6Only, stopped:
	}
	if inUse {
		return ReasonExpiry
	}
	return NoReason
}

// linkUp asks for the remembered lease or, without one, for any. It begins from
// the top of the schedule, but a link that flaps does not make it chatter.
func (m *Machine) linkUp(now time.Duration) Reason {
	if m.State() != Down {
		return NoReason
	}
	m.carrier = now
	if s, ok := m.state.(static); ok {
		return m.show(s)
	}
	at := max(now, m.limiter.last+flapping)
	if m.remembered != nil {
		return m.enter(rebooting{m.open(at)}, ReasonCarrier)
	}
	if m.limiter.last < 0 { // nothing sent yet
		at += m.random(m.c.StartDelay)
	}
	return m.discover(at, ReasonCarrier)
}

// show puts what nobody was asked for to use. It is not remembered: no server knows
// of it.
func (m *Machine) show(s static) Reason {
	m.lease = s.lease
	s.shown = Installing
	if m.installed {
		s.shown = Bound
	}
	return m.enter(s, ReasonCarrier)
}

// linkDown stops all asking. The lease in use stays: the cable may come back
// before anything noticed.
func (m *Machine) linkDown(now time.Duration) Reason {
	switch s := m.state.(type) {
	case down, stopped:
		return NoReason
	case static:
		if s.shown == Down {
			return NoReason
		}
		s.shown = Down
		return m.enter(s, ReasonNoCarrier)
	case releasing:
		m.drop(now) // RELEASE has left by now, or cannot any more
		return m.enter(stopped{}, ReasonNoCarrier)
	case initial, selecting, requesting, rebooting, installing, bound, renewing, rebinding, declining, ipv6Only:
	}
	return m.enter(down{}, ReasonNoCarrier)
}

func (m *Machine) timer(now time.Duration) Reason {
	switch s := m.state.(type) {
	case selecting:
		if s.reserve.server.IsValid() && s.due <= now {
			return m.request(now, s.exchange, s.reserve)
		}
		if m.c.ReuseLease && m.remembered != nil && s.tries >= reuseTries && s.due <= now {
			return m.reuse(now)
		}
		if m.unheard(s.exchange) && s.due <= now {
			return m.otherWay(s.exchange)
		}
	case requesting:
		if s.tries == requestTries && s.due <= now {
			m.disappointed(s.server)
			return m.otherWay(exchange{due: now})
		}
	case rebooting:
		if s.tries == rebootTries && s.due <= now {
			return m.discover(now, ReasonSilence) // a lease in use stays in use
		}
	case bound:
		if m.lease.T1 <= now {
			return m.extend(now, ReasonT1)
		}
	case renewing:
		if m.lease.T2 <= now {
			return m.extend(now, ReasonT2)
		}
	case releasing:
		if s.tries > 0 && s.due <= now {
			m.drop(now)
			return m.enter(stopped{}, ReasonRelease)
		}
	case ipv6Only:
		if s.until <= now {
			return m.discover(now, ReasonWaited)
		}
	case down, initial, installing, rebinding, declining, static, stopped:
	}
	return NoReason
}

// reuse puts a remembered lease to use, or leaves it in use: nobody confirmed it,
// and nobody offered another (RFC 2131 section 3.7).
func (m *Machine) reuse(now time.Duration) Reason {
	m.use(now, m.remembered)
	if m.installed {
		return m.enter(bound{}, ReasonSilence)
	}
	return m.enter(installing{}, ReasonSilence)
}

// extend asks for more time: of the leasing server, or of all after T2.
func (m *Machine) extend(now time.Duration, why Reason) Reason {
	if m.lease.T2 <= now {
		return m.enter(rebinding{m.open(now)}, ReasonT2)
	}
	return m.enter(renewing{m.open(now)}, why)
}

// sent counts the message that was due. In INIT it must have left, or SELECTING
// would wait for what nobody was asked; everywhere else a message that could not
// be sent is a message lost.
func (m *Machine) sent(now time.Duration, left bool) Reason {
	if m.sendAt() > now {
		return NoReason // nothing was due
	}
	m.limiter.note(now)
	switch s := m.state.(type) {
	case initial:
		e := m.discovered(s.exchange, now, left)
		if left {
			return m.enter(selecting{exchange: e}, ReasonSent)
		}
		m.state = initial{e}
	case selecting:
		m.state = selecting{exchange: m.discovered(s.exchange, now, left)}
	case requesting:
		s.exchange = s.tried(now, m.jitter(m.c.Schedule.gap(s.tries+1, 0, false)), left)
		m.state = s
	case rebooting:
		m.state = rebooting{s.tried(now, m.jitter(m.c.Schedule.rebootGap(s.tries+1)), left)}
	case renewing:
		m.state = renewing{s.tried(now, m.renewGap(now, m.lease.T2), left)}
	case rebinding:
		m.state = rebinding{s.tried(now, m.renewGap(now, m.lease.Expiry), left)}
	case declining:
		why := ReasonSent
		if !left {
			why = ReasonNotSent
		}
		return m.discover(now+m.brakes.conflict(), why)
	case releasing:
		if left {
			m.state = releasing{s.tried(now, lingering, left)}
			return NoReason
		}
		m.drop(now)
		return m.enter(stopped{}, ReasonRelease)
	case down, installing, bound, static, ipv6Only, stopped:
	}
	return NoReason
}

// discovered is the exchange after one more DISCOVER.
func (m *Machine) discovered(e exchange, now time.Duration, left bool) exchange {
	e.gap = m.c.Schedule.gap(e.tries+1, e.gap, now-m.carrier >= learning)
	return e.tried(now, m.jitter(e.gap), left)
}

// nak is a server's refusal of an address. It is heard only where the address
// was asked for; a lease for another address, kept meanwhile, stays.
func (m *Machine) nak(now time.Duration, addr, server netip.Addr) Reason {
	if m.remembered != nil && m.remembered.Addr.Addr() == addr {
		m.drop(now)
	}
	if m.hint == addr {
		m.hint = netip.Addr{}
	}
	pause := m.brakes.nak()
	if m.State() == Requesting && pause > 0 {
		m.disappointed(server)
	}
	return m.discover(now+m.vary(pause, pause/5), ReasonNak)
}

// installation is the kernel's word that the lease is in place. It may come in
// any state: the carrier may have gone meanwhile.
func (m *Machine) installation() Reason {
	if m.lease == nil {
		return NoReason
	}
	m.installed = true
	if m.State() != Installing {
		return NoReason
	}
	if s, ok := m.state.(static); ok {
		s.shown = Bound
		return m.enter(s, ReasonInstalled)
	}
	return m.enter(bound{}, ReasonInstalled)
}

// installFailed gives up a lease that never worked, so that another server or
// address gets its turn, with a growing pause. But when an extension fails, the
// address is still there and leased: the client stays bound until it is gone.
func (m *Machine) installFailed(now time.Duration, gone bool) Reason {
	if _, ok := m.state.(static); ok || m.lease == nil {
		return NoReason // there is nothing else to be tried
	}
	if m.installed && !gone {
		if m.State() == Installing {
			return m.enter(bound{}, ReasonInstallFailed)
		}
		return NoReason
	}
	m.drop(now)
	m.hint = netip.Addr{}
	switch s := m.state.(type) {
	case initial:
		return m.discover(s.due, ReasonInstallFailed) // what is repeated must not change
	case selecting:
		return m.discover(s.due, ReasonInstallFailed)
	case rebooting, installing, bound, renewing, rebinding:
		return m.discover(now+m.brakes.failure(), ReasonInstallFailed)
	case releasing:
		return m.enter(stopped{}, ReasonInstallFailed)
	case down, requesting, declining, static, ipv6Only, stopped:
	}
	return ReasonInstallFailed
}

// conflict gives up an address that another host uses, and tells the server so
// if there is carrier (RFC 2131 section 3.1).
func (m *Machine) conflict(now time.Duration) Reason {
	l := m.lease
	if _, ok := m.state.(static); ok || l == nil || m.State() == Releasing { // nobody to tell; it goes in a moment
		return NoReason
	}
	m.drop(now)
	m.hint = netip.Addr{}
	m.declined = l.Addr.Addr()
	if m.State() == Down {
		return ReasonConflict
	}
	return m.enter(declining{m.open(now), l.Addr.Addr(), l.Server}, ReasonConflict)
}

// renew asks for more time at once, or for a lease where that was put off.
func (m *Machine) renew(now time.Duration) Reason {
	switch s := m.state.(type) {
	case bound:
		return m.extend(now, ReasonRenew)
	case renewing:
		s.due = min(s.due, now)
		m.state = s
	case rebinding:
		s.due = min(s.due, now)
		m.state = s
	case ipv6Only: // who asks for a renewal wants an address
		return m.discover(now, ReasonRenew)
	case down, initial, selecting, requesting, rebooting, installing, declining, releasing, static, stopped:
	}
	return NoReason
}

// lingering is how long the address stays after RELEASE was sent: the kernel may
// first have to ask for the server's hardware address, and with a link's last
// address goes all that waits for such an answer.
const lingering = 500 * time.Millisecond

// release gives a lease back that is confirmed and in the kernel: RELEASE leaves
// from its address. Anywhere else there is nobody to tell, and the lease just ends.
func (m *Machine) release(now time.Duration) Reason {
	switch m.state.(type) {
	case releasing, stopped:
		return NoReason
	case installing:
		if m.installed {
			return m.enter(releasing{m.open(now)}, ReasonRelease)
		}
	case bound, renewing, rebinding:
		return m.enter(releasing{m.open(now)}, ReasonRelease)
	case down, initial, selecting, requesting, rebooting, declining, static, ipv6Only:
	}
	m.drop(now)
	return m.enter(stopped{}, ReasonRelease)
}
