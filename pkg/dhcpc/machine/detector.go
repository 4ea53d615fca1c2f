package machine

import (
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// The numbers of RFC 5227 section 1.1.
const (
	probeWait        = time.Second // before the first probe, at most
	probeNum         = 3
	probeMin         = time.Second
	probeMax         = 2 * time.Second
	announceWait     = 2 * time.Second // after the last probe
	announceNum      = 2
	announceInterval = 2 * time.Second
	defendInterval   = 10 * time.Second
)

// Detector finds out whether another host uses an address, after RFC 5227: it
// probes, announces and defends. It runs beside a Machine, which it tells no
// more than that there is a Conflict. The zero value watches nothing.
//
// Like a Machine it sends nothing itself: [Detector.Outgoing] is the packet that
// is due, until [Detector.Sent] says that it has left, or could not.
type Detector struct {
	addr     netip.Addr
	rand     func() uint32
	standing Standing
	stubborn bool

	phase    phase
	sent     int           // packets of this phase
	due      time.Duration // when the next is, or when the phase is over
	defended time.Duration // when the address was last, if it was
}

type phase uint8

const (
	idle phase = iota
	probing
	announcing
	watching
	defending // an announcement is due
)

// Standing is what an address is when it comes under watch.
type Standing uint8

const (
	Candidate   Standing = iota // not to be used before it was found free
	Tentative                   // used from now on. The kernel answers the probes of others, and these are no conflict
	Established                 // the same, and used before: its link only had no carrier for a while
)

// Watch begins with an address: its link has a lease for it, and carrier.
//
// stubborn says that the address is never to be given up once it was found free
// (RFC 5227 section 2.4, c). rand is uniform.
func (d *Detector) Watch(now time.Duration, addr netip.Addr, s Standing, stubborn bool, rand func() uint32) {
	*d = Detector{addr: addr, rand: rand, standing: s, stubborn: stubborn, phase: probing, defended: -defendInterval}
	d.due = now + d.random(probeWait)
}

// Stop ends the watch: the address was given up, or the carrier is gone.
func (d *Detector) Stop() { *d = Detector{} }

// Addr is the address under watch; invalid if there is none.
func (d *Detector) Addr() netip.Addr { return d.addr }

// Clear reports whether probing has found no other user of the address.
func (d *Detector) Clear() bool { return d.phase >= announcing }

// Deadline is when a packet is due, or Timer has something to do; or Never.
func (d *Detector) Deadline() time.Duration {
	if d.phase == idle || d.phase == watching {
		return Never
	}
	return d.due
}

// Timer lets time pass. It reports whether the address has just become ours to
// use: nobody objected. It is announced next.
func (d *Detector) Timer(now time.Duration) (cleared bool) {
	if d.phase != probing || d.sent < probeNum || d.due > now {
		return false
	}
	d.phase, d.sent = announcing, 0
	return true
}

// Outgoing is the packet that is due now from a link with this hardware address;
// ok is false if none is. A probe names no sender: nobody's cache may change for
// an address that is perhaps not ours (RFC 5227 section 2.1.1).
func (d *Detector) Outgoing(now time.Duration, hw dhcp4.HardwareAddr) (p dhcp4.ARP, ok bool) {
	if d.Deadline() > now || d.phase == probing && d.sent == probeNum {
		return p, false
	}
	p = dhcp4.ARP{SenderHW: hw, SenderIP: d.addr, TargetIP: d.addr}
	if d.phase == probing {
		p.SenderIP = netip.IPv4Unspecified()
	}
	return p, true
}

// Sent counts the packet that was due. One that could not be sent counts like
// one that was lost.
func (d *Detector) Sent(now time.Duration) {
	d.sent++
	switch {
	case d.phase == probing && d.sent == probeNum:
		d.due = now + announceWait
	case d.phase == probing:
		d.due = now + probeMin + d.random(probeMax-probeMin)
	case d.phase == announcing && d.sent < announceNum:
		d.due = now + announceInterval
	default:
		d.phase = watching
	}
}

// Verdict is what a packet means for the address under watch.
type Verdict uint8

const (
	Harmless   Verdict = iota // or not to be answered now
	Contested                 // somebody claims it; it is defended
	InConflict                // it must be given up
)

// Receive judges a packet that did not come from this machine, from any of its
// links.
func (d *Detector) Receive(now time.Duration, p *dhcp4.ARP) Verdict {
	switch {
	case d.phase == idle:
		return Harmless
	case p.SenderIP != d.addr:
		// Somebody else wants to know whether the address is free.
		probe := !p.Reply && p.SenderIP.IsUnspecified() && p.TargetIP == d.addr
		if probe && d.phase == probing && d.standing == Candidate {
			return InConflict
		}
		return Harmless
	case d.phase == probing && !(d.stubborn && d.standing == Established):
		return InConflict
	case d.phase == defending: // the same news again, before the answer to it has left
		return Harmless
	case now-d.defended >= defendInterval:
		d.phase, d.due, d.defended = defending, now, now
		return Contested
	case d.stubborn:
		return Harmless
	}
	return InConflict
}

func (d *Detector) random(limit time.Duration) time.Duration { return random(limit, d.rand) }
