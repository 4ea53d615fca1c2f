package dhcptest

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// Server is a DHCP server, honest by RFC 2131 section 4.3 unless Respond makes
// it otherwise. Its fields may be changed at any time.
type Server struct {
	ID     netip.Addr   // its address and server identifier
	Subnet netip.Prefix // addresses are given out of it; its length makes the mask
	First  netip.Addr   // the first address given out; invalid: the tenth after the subnet's

	Lease   time.Duration // option 51, whole seconds; Forever for an infinite lease, 0: an hour
	T1, T2  time.Duration // options 58 and 59, whole seconds; 0 for none
	Router  netip.Addr    // option 3; invalid: the server itself
	DNS     []netip.Addr  // option 6
	Options []Option      // beside those above

	Silent        bool // hears nothing
	Authoritative bool // answers NAK, not silence, to a client that it has no record of
	Broadcast     bool // broadcasts every reply
	RapidCommit   bool // answers a DISCOVER that asks for it with an ACK (RFC 4039)
	NoClientID    bool // does not repeat option 61, as before RFC 6842

	// Think is how long the server works on one message, Backlog how many
	// messages may wait for it; the rest is lost. 0 means no limit.
	Think   time.Duration
	Backlog int

	// Respond, if set, stands between the server and the wire: it is told what
	// the server makes of a message, nil for silence, and returns what is sent
	// instead, in this order. [Server.Frame] makes frames of replies.
	Respond func(m *Message, r *Reply) []Frame

	// Brief keeps Received empty, for a life of many days.
	Brief bool
	// Received is every message that the server heard.
	Received []*Message
	// Dropped is how many were lost for want of Backlog.
	Dropped int

	world  *World // nil on a real Ethernet
	hw     dhcp4.HardwareAddr
	now    time.Duration // when it heard the message that it works on
	idle   time.Duration // when it will have worked off what it has
	leases map[string]*lease
	taken  map[netip.Addr]*lease
}

// Forever is the Lease of a server that wants nothing back.
const Forever = 0xffffffff * time.Second

// lease is what the server knows of one client.
type lease struct {
	addr  netip.Addr
	bound bool          // as opposed to offered
	until time.Duration // if bound
}

func (s *Server) init() {
	if s.leases != nil {
		return
	}
	id := s.ID.As4()
	s.hw = dhcp4.HardwareAddr{2, 0xaa, id[0], id[1], id[2], id[3]}
	s.leases, s.taken = map[string]*lease{}, map[netip.Addr]*lease{}
}

// first is the lowest address that is given out.
func (s *Server) first() netip.Addr {
	a := s.First
	if !a.IsValid() {
		a = s.Subnet.Masked().Addr()
		for range 10 {
			a = a.Next()
		}
	}
	return a
}

// leaseTime is how long a lease lasts.
func (s *Server) leaseTime() time.Duration { return cmp.Or(s.Lease, time.Hour) }

// Forget loses the server's records, as one that was set up anew.
func (s *Server) Forget() {
	clear(s.leases)
	clear(s.taken)
}

// receive takes a message from the wire.
func (s *Server) receive(seg *Segment, m *Message) {
	if s.Silent {
		return
	}
	now := s.world.now
	if s.Backlog > 0 && s.idle-now > time.Duration(s.Backlog)*s.Think {
		s.Dropped++
		return
	}
	s.idle = max(s.idle, now) + s.Think
	s.world.At(s.idle, func() {
		for _, f := range s.Answer(s.world.now, m) {
			seg.Send(f)
		}
	})
}

// Answer is the frames that the server sends for a message. On a LAN the server
// is asked by itself; a test that reads a real Ethernet (see [Witness]) asks it.
func (s *Server) Answer(now time.Duration, m *Message) []Frame {
	s.init()
	s.now = now
	if !s.Brief {
		s.Received = append(s.Received, m)
	}
	r := s.answer(m)
	switch {
	case s.Respond != nil:
		return s.Respond(m, r)
	case r != nil:
		return []Frame{s.Frame(m, r)}
	}
	return nil
}

// answer is what an honest server says, or nil.
func (s *Server) answer(m *Message) *Reply {
	key := string(m.Option(dhcp4.ClientIdentifier))
	if key == "" {
		key = string(m.HardwareAddr[:])
	}
	l := s.leases[key]
	asked := m.Addr(dhcp4.RequestedAddress)
	switch m.Kind {
	case dhcp4.KindDiscover:
		l = s.offer(key, asked)
		if l == nil {
			return nil
		}
		if s.RapidCommit && m.Has(dhcp4.RapidCommit) {
			r := s.grant(m, l)
			r.Options = append(r.Options, Option{Code: dhcp4.RapidCommit})
			return r
		}
		return s.reply(m, dhcp4.Offer, l.addr)
	case dhcp4.KindSelecting:
		if m.Addr(dhcp4.ServerIdentifier) != s.ID {
			if l != nil && !l.bound {
				s.drop(key, l)
			}
			return nil
		}
	case dhcp4.KindInitReboot:
		if !s.Subnet.Contains(asked) {
			return s.reply(m, dhcp4.Nak, netip.Addr{})
		}
	case dhcp4.KindRenewing, dhcp4.KindRebinding:
		asked = m.ClientAddr
		if !s.Subnet.Contains(asked) {
			return s.reply(m, dhcp4.Nak, netip.Addr{})
		}
	case dhcp4.KindDecline:
		if l != nil && l.addr == asked {
			delete(s.leases, key) // and the address stays taken
		}
		return nil
	case dhcp4.KindRelease:
		if l != nil && l.addr == m.ClientAddr {
			s.drop(key, l)
		}
		return nil
	default:
		return nil
	}
	switch {
	case l == nil && !s.Authoritative && m.Kind != dhcp4.KindSelecting:
		return nil // RFC 2131 section 4.3.2: no record, no answer
	case l == nil || l.addr != asked || l.bound && l.until <= s.now:
		return s.reply(m, dhcp4.Nak, netip.Addr{})
	}
	return s.grant(m, l)
}

// grant is the ACK for a lease.
func (s *Server) grant(m *Message, l *lease) *Reply {
	l.bound, l.until = true, s.now+s.leaseTime()
	return s.reply(m, dhcp4.Ack, l.addr)
}

// offer finds an address for the client: the one it has, the one it asks for,
// or the next (RFC 2131 section 4.3.1).
func (s *Server) offer(key string, asked netip.Addr) *lease {
	if l := s.leases[key]; l != nil {
		l.bound = l.bound && s.now < l.until
		return l
	}
	addr := asked
	if s.taken[addr] != nil || !s.Subnet.Contains(addr) || addr.Less(s.first()) {
		for addr = s.first(); s.taken[addr] != nil; {
			addr = addr.Next()
		}
	}
	if !s.Subnet.Contains(addr) {
		return nil
	}
	l := &lease{addr: addr}
	s.leases[key], s.taken[addr] = l, l
	return l
}

func (s *Server) drop(key string, l *lease) {
	delete(s.leases, key)
	delete(s.taken, l.addr)
}

// reply fills in a message as RFC 2131 table 3 has it.
func (s *Server) reply(m *Message, t dhcp4.MessageType, addr netip.Addr) *Reply {
	r := &Reply{
		Type: t, Xid: m.Xid, Flags: m.Flags,
		HardwareAddr: m.HardwareAddr, YourAddr: addr, ServerID: s.ID,
	}
	if id := m.Option(dhcp4.ClientIdentifier); id != nil && !s.NoClientID {
		r.Options = append(r.Options, Option{dhcp4.ClientIdentifier, bytes.Clone(id)})
	}
	if t == dhcp4.Nak {
		return r
	}
	if t == dhcp4.Ack {
		r.ClientAddr = m.ClientAddr
	}
	r.Lease = seconds(s.leaseTime())
	bits := s.Subnet.Bits()
	r.Options = append(r.Options,
		Option{dhcp4.SubnetMask, Uint32(^uint32(0) << (32 - bits))},
		Option{dhcp4.Router, s.router().AsSlice()})
	if len(s.DNS) > 0 {
		var b []byte
		for _, a := range s.DNS {
			b = append(b, a.AsSlice()...)
		}
		r.Options = append(r.Options, Option{dhcp4.DNSServer, b})
	}
	if s.T1 != 0 {
		r.Options = append(r.Options, Option{dhcp4.RenewalTime, Uint32(seconds(s.T1))})
	}
	if s.T2 != 0 {
		r.Options = append(r.Options, Option{dhcp4.RebindingTime, Uint32(seconds(s.T2))})
	}
	r.Options = append(r.Options, slices.Clone(s.Options)...)
	return r
}

func (s *Server) router() netip.Addr {
	if s.Router.IsValid() {
		return s.Router
	}
	return s.ID
}

func seconds(d time.Duration) uint32 { return uint32(d / time.Second) }

// Frame addresses a reply as RFC 2131 section 4.1 has it: to ciaddr if the
// client has one; broadcast if it asks for that or is refused; else to the
// address that it is about to get.
func (s *Server) Frame(m *Message, r *Reply) Frame {
	return s.address(m, r, r.Append(nil))
}

// address makes a frame of a payload that goes where r would go.
func (s *Server) address(m *Message, r *Reply, payload []byte) Frame {
	d := datagram{
		hwSrc: s.hw, hwDst: m.HardwareAddr,
		src: netip.AddrPortFrom(s.ID, serverPort), payload: payload,
	}
	dst := r.YourAddr
	switch {
	case s.Broadcast, r.Type == dhcp4.Nak, !dst.IsValid():
		dst, d.hwDst = limitedBroadcast, dhcp4.Broadcast
	case !m.ClientAddr.IsUnspecified():
		dst = m.ClientAddr
	case m.Flags&0x8000 != 0:
		dst, d.hwDst = limitedBroadcast, dhcp4.Broadcast
	}
	d.dst = netip.AddrPortFrom(dst, clientPort)
	return Frame{Data: d.frame()}
}
