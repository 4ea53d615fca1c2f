package dhcpc

import (
	"errors"
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// ConflictDetection is how much is done to find out whether another host uses
// an address that a server gave (RFC 5227). Whoever claims an address that is in
// use is answered once; if the claim is repeated within 10 s the address is
// declined, and the server asked for another.
type ConflictDetection uint8

const (
	// DetectOptimistic uses an address at once and probes for others meanwhile.
	DetectOptimistic ConflictDetection = iota
	// DetectStrict uses an address after 4 to 7 s in which nobody objected.
	DetectStrict
	// DetectOff trusts the server.
	DetectOff
)

// afterRush is how long probing waits where no address waits for it: in the
// first moments of a boot other links need the time for their leases.
const afterRush = 200 * time.Millisecond

// afterFlaps is the same for an address that was in use before the carrier went: a
// link that comes and goes every second should not chatter.
const afterFlaps = 2 * time.Second

// conflicts is what the loop knows of ARP.
type conflicts struct {
	due      time.Duration // when the socket is to be told what is under watch; machine.Never if it was
	failures int           // to open it, in a row
	heard    int           // packets since
	since    time.Duration // that time
	addrs    []netip.Addr
}

// Whoever floods us with ARP is not heard for a while: hearing enough packets
// within a time, the socket is deaf for as long again.
const (
	enoughARP = 16
	arpPause  = time.Second
)

// probe begins to look for another user of the address of a lease that is about
// to be installed. A renewal is no reason for it, unless the link had no carrier
// meanwhile (RFC 5227 section 2.1).
func (c *Client) probe(l *link, now time.Duration) {
	lease := l.lease()
	addr := lease.Addr.Addr()
	if c.cfg.Conflicts == DetectOff || lease.Static() || l.facts.NoARP() || l.detector.Addr() == addr {
		return
	}
	begin, standing := now, machine.Candidate
	switch {
	case l.machine.Installed():
		begin, standing = now+afterFlaps, machine.Established
	case c.cfg.Conflicts == DetectOptimistic:
		begin, standing = now+afterRush, machine.Tentative
	}
	l.detector.Watch(begin, addr, standing, c.cfg.KeepForever, c.rand)
	c.conflicts.due = min(c.conflicts.due, begin)
}

// unwatch ends it.
func (c *Client) unwatch(l *link, now time.Duration) {
	if l.detector.Addr().IsValid() {
		l.detector.Stop()
		c.conflicts.due = min(c.conflicts.due, now)
	}
}

// onProbation reports whether the address of a link must not be used yet.
func (c *Client) onProbation(l *link) bool {
	lease := l.lease()
	return c.cfg.Conflicts == DetectStrict && lease != nil && !lease.Static() && !l.machine.Installed() &&
		(!l.detector.Clear() || c.conflicts.failures > 0) && !l.facts.NoARP()
}

// sendARP sends the probes and announcements that are due.
func (c *Client) sendARP(now time.Duration) {
	o := &c.out
	for _, l := range c.links {
		if l == nil || l.detector.Deadline() > now {
			continue
		}
		p, ok := l.detector.Outgoing(now, l.id.HardwareAddr)
		if !ok {
			continue
		}
		if l.detector.Clear() && !l.inKernel(now) {
			l.detector.Sent(now) // what we do not have we do not claim
			continue
		}
		start := len(o.frames)
		o.frames = dhcp4.AppendARP(o.frames, &p)
		o.msgs = append(o.msgs, packet.Out{Index: l.index, Frame: o.frames[start:], ARP: true})
		o.links = append(o.links, l)
	}
	if len(o.msgs) == 0 {
		return
	}
	c.net.Send(o.msgs)
	for i, l := range o.links {
		l.detector.Sent(now)
		// Without carrier it may vanish as well; only a socket that is missing is news.
		if err := o.msgs[i].Err; err != nil && c.conflicts.failures == 0 {
			c.fail(l, err, now)
		}
	}
	o.reset()
}

// inKernel reports whether the kernel has the address. It may have withdrawn it
// already: it counts whole seconds, so that a lease lasts up to one longer.
func (l *link) inKernel(now time.Duration) bool { return l.machine.Installed() && now < l.until }

// watch tells the socket which addresses it is about. That is done when the
// first probe is due, some time after the address came into use: no lease waits
// for it.
func (c *Client) watch(now time.Duration) {
	w := &c.conflicts
	if now < w.due {
		return
	}
	w.addrs = w.addrs[:0]
	candidates := false
	for _, l := range c.links {
		if l != nil && l.detector.Addr().IsValid() {
			w.addrs = append(w.addrs, l.detector.Addr())
			candidates = candidates || c.onProbation(l)
		}
	}
	if err := c.net.Watch(w.addrs, candidates); err != nil {
		w.failures++
		w.due = now + retryAfter(w.failures)
		for _, l := range c.links {
			if l != nil && l.detector.Addr().IsValid() {
				c.fail(l, err, now)
			}
		}
		return
	}
	deaf := w.failures > 0
	w.due, w.failures = machine.Never, 0
	for _, l := range c.links {
		if deaf && l != nil && l.detector.Addr().IsValid() {
			// Nobody can have objected.
			l.detector.Stop()
			c.probe(l, now)
		}
	}
}

// hearARP judges an ARP packet.
func (c *Client) hearARP(in *packet.In) {
	l := c.byIndex[in.Index]
	if l == nil || in.Outgoing || in.VLAN {
		return
	}
	c.endureARP()
	p, ok := dhcp4.ParseARP(in.Frame)
	if !ok || c.ownHardwareAddr(p.SenderHW) {
		return
	}
	addr := l.detector.Addr()
	verdict := l.detector.Receive(c.now, &p)
	if verdict == machine.Harmless {
		return
	}
	c.fail(l, errors.New(addr.String()+" is used by "+p.SenderHW.String()+" as well"), c.now)
	if verdict == machine.InConflict {
		c.step(l, c.now, machine.Conflict{})
	}
}

// endureARP counts a packet, and stops listening for a while if there are too many.
func (c *Client) endureARP() {
	w := &c.conflicts
	if c.now-w.since > arpPause {
		w.since, w.heard = c.now, 0
	}
	if w.heard++; w.heard == enoughARP && c.net.Watch(nil, false) == nil {
		w.due = c.now + arpPause
	}
}

// ownHardwareAddr reports whether an address is that of any link of this
// machine. If two of them are on one network, the kernel answers on one for the
// address of the other.
func (c *Client) ownHardwareAddr(hw dhcp4.HardwareAddr) bool {
	for _, l := range c.known {
		if l.HardwareAddr == hw {
			return true
		}
	}
	return false
}
