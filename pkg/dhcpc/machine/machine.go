package machine

import (
	"cmp"
	"math"
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// Never is the deadline of a machine that waits for an event only, and the
// expiry of an infinite lease.
const Never = time.Duration(math.MaxInt64)

// Config is what a machine is told once.
type Config struct {
	Identity   dhcp4.Identity
	Schedule   Schedule
	Strict     bool          // refuse a lease without mask, router or name server, or with server or router outside the subnet
	ReuseLease bool          // use a remembered lease that no server confirms, until it ends
	StartDelay time.Duration // before the first DISCOVER, a random time up to this
	Static     *Lease        // infinite and of no server: the machine asks nobody and uses this; or nil
	Rand       func() uint32 // uniform; required
}

// Machine is the client of one link. It is not safe for concurrent use.
type Machine struct {
	c     Config
	state state

	lease      *Lease        // in use, or nil
	installed  bool          // the address of lease, if there is one, is in the kernel
	since      time.Duration // when the address of lease came into use
	remembered *Lease        // what INIT-REBOOT asks for: the lease in use, or one of an earlier life; or nil
	hint       netip.Addr    // what DISCOVER asks for, if valid
	shunned    netip.Addr    // the server that let us down last, if valid: others go before it
	declined   netip.Addr    // the address that was declined last, if valid: likewise
	letDown    uint8         // how often one did since the last lease, up to 2
	broadcast  bool          // ask for answers by broadcast: those to our future address did not come, see otherWay

	carrier time.Duration // when it came
	limiter limiter
	brakes  brakes
}

// New makes a machine in state Down. stored is a lease remembered from an
// earlier life, or nil: it is confirmed by INIT-REBOOT as soon as there is
// carrier. inUse says that its address is on the link already; then it is kept
// until the lease ends or a server refuses it. A stored lease that is not Valid
// is ignored, in use or not.
func New(c Config, stored *Lease, inUse bool) *Machine {
	m := &Machine{c: c, state: down{}, limiter: limiter{last: -flapping}}
	if c.Static != nil {
		m.state = static{c.Static, Down}
		return m
	}
	if stored == nil || stored.Valid() != nil {
		return m
	}
	m.remembered, m.hint = stored, stored.Addr.Addr()
	if inUse {
		m.lease, m.installed = stored, true
	}
	return m
}

// State is where the machine is.
func (m *Machine) State() State { return m.state.name() }

// Lease is the lease in use, or nil.
func (m *Machine) Lease() *Lease { return m.lease }

// Remembered is the lease that INIT-REBOOT would ask for: the one in use, or one
// that may be asked for again, or nil. One that was given back is not asked for
// again, though its address is there for a moment more.
func (m *Machine) Remembered() *Lease {
	if s, ok := m.state.(releasing); ok && s.tries > 0 {
		return nil
	}
	return m.remembered
}

// Installed reports whether the address of the lease in use is in the kernel.
func (m *Machine) Installed() bool { return m.lease != nil && m.installed }

// Step tells the machine what happened. now must not run backwards.
func (m *Machine) Step(now time.Duration, ev Event) Effect {
	lease := m.lease
	var e Effect
	// The end of the lease comes before anything else that has to be done, and
	// before the news: none of it could keep the lease (RFC 2131 section 4.4.5).
	expired := m.expire(now)
	switch ev := ev.(type) {
	case LinkUp:
		e.Reason = m.linkUp(now)
	case LinkDown:
		e.Reason = m.linkDown(now)
	case Timer:
		e.Reason = m.timer(now)
	case Received:
		e.Reason, e.Refused = m.receive(now, ev.Message)
	case Sent:
		if expired == NoReason { // else the message belonged to what is over
			e.Reason = m.sent(now, true)
		}
	case SendFailed:
		if expired == NoReason {
			e.Reason = m.sent(now, false)
		}
	case Installed:
		e.Reason = m.installation()
	case InstallFailed:
		e.Reason = m.installFailed(now, ev.Gone)
	case Conflict:
		e.Reason = m.conflict(now)
	case Renew:
		e.Reason = m.renew(now)
	case Release:
		e.Reason = m.release(now)
	}
	e.Reason = cmp.Or(expired, e.Reason)
	return m.effect(e, lease)
}

// Deadline is when the machine next wants a Timer event or has a message to
// send, or Never.
func (m *Machine) Deadline() time.Duration {
	at, message := m.next()
	if message {
		at = m.sendAt()
	}
	if m.State() == Renewing {
		at = min(at, m.lease.T2)
	}
	if m.lease != nil {
		at = min(at, m.lease.Expiry)
	}
	return at
}

// next is when the state goes on by itself, or Never: with a message, or else by
// being left.
func (m *Machine) next() (at time.Duration, message bool) {
	switch s := m.state.(type) {
	case initial:
		return s.due, true
	case selecting:
		return s.due, !s.reserve.server.IsValid() && !m.unheard(s.exchange)
	case requesting:
		return s.due, s.tries < requestTries
	case rebooting:
		return s.due, s.tries < rebootTries
	case bound:
		return m.lease.T1, false
	case renewing:
		return s.due, true
	case rebinding:
		return s.due, true
	case declining:
		return s.due, true
	case releasing:
		return s.due, s.tries == 0
	case ipv6Only:
		return s.until, false
	case down, installing, static, stopped:
	}
	return Never, false
}

// sendAt is when the next message may leave, or Never.
func (m *Machine) sendAt() time.Duration {
	at, message := m.next()
	if !message {
		return Never
	}
	at = max(at, m.limiter.ready())
	switch m.state.(type) {
	case renewing, rebinding, releasing:
		if at > m.lease.Expiry-granularity {
			return Never
		}
	}
	return at
}

// granularity is how long before the end of a lease its address may be gone: a
// kernel counts in whole seconds. What names the address as its sender, and as
// one that answers, must not be sent then.
const granularity = time.Second

// Send is a message that is due and where it goes.
type Send struct {
	dhcp4.Outgoing
	Src, Dst netip.Addr // IP addresses; Src is 0.0.0.0 until there is a lease, Dst the server or 255.255.255.255
	First    bool       // opens an exchange, as opposed to repeating a message of it or answering an offer
}

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// Outgoing is the message that is due now; ok is false if none is. Asking changes nothing.
func (m *Machine) Outgoing(now time.Duration) (s Send, ok bool) {
	if m.sendAt() > now || m.lease != nil && m.lease.Expiry <= now {
		return Send{}, false
	}
	switch s := m.state.(type) {
	case initial:
		return m.ask(now, s.exchange, dhcp4.KindDiscover, m.hint), true
	case selecting:
		return m.ask(now, s.exchange, dhcp4.KindDiscover, m.hint), true
	case requesting:
		out := m.ask(now, s.exchange, dhcp4.KindSelecting, s.addr)
		out.Secs, out.ServerID, out.First = s.secs, s.server, false
		return out, true
	case rebooting:
		return m.ask(now, s.exchange, dhcp4.KindInitReboot, m.remembered.Addr.Addr()), true
	case renewing:
		out := s.send(now, dhcp4.KindRenewing, m.lease.Addr.Addr())
		out.Src, out.Dst = m.lease.Addr.Addr(), m.lease.Server
		return out, true
	case rebinding:
		out := s.send(now, dhcp4.KindRebinding, m.lease.Addr.Addr())
		out.Src = m.lease.Addr.Addr()
		return out, true
	case declining:
		out := s.send(now, dhcp4.KindDecline, s.addr)
		out.ServerID, out.Reason = s.server, "address in use"
		return out, true
	case releasing:
		out := s.send(now, dhcp4.KindRelease, m.lease.Addr.Addr())
		out.ServerID, out.Src, out.Dst = m.lease.Server, m.lease.Addr.Addr(), m.lease.Server
		return out, true
	case down, installing, bound, static, ipv6Only, stopped:
	}
	return Send{}, false
}

// ask is the next message of an exchange whose answer comes to an address that
// is not there yet.
func (m *Machine) ask(now time.Duration, e exchange, k dhcp4.Kind, addr netip.Addr) Send {
	out := e.send(now, k, addr)
	out.Broadcast = m.broadcast
	return out
}

// send is the next message of an exchange, to everyone on the link.
func (e exchange) send(now time.Duration, k dhcp4.Kind, addr netip.Addr) Send {
	return Send{
		Outgoing: dhcp4.Outgoing{Kind: k, Xid: e.xid, Secs: e.secs(now), Addr: addr},
		Src:      netip.IPv4Unspecified(),
		Dst:      broadcast,
		First:    e.tries == 0,
	}
}
