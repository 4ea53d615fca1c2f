package ifup

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
)

// known is a link as it was reported last.
type known struct {
	Link
	generation uint32 // of the dump that held it last
}

// Poll reports what has happened to links since the last call and never waits,
// except for the dump of the first call and that after an overrun of the
// socket's buffer, when every link that differs is reported and those that are
// missing are reported as gone. What does not differ in any field of Link is
// not reported: drivers announce much that changes nothing.
//
// The kernel drops all routes of a link that is set down, so they are forgotten
// here, and the next Apply creates them again. So are an address and routes that
// somebody else took away, or the kernel at the end of their lifetime, which is
// reported.
//
// fn may call Up and Apply, but neither Poll nor Flush.
func (n *Netlink) Poll(fn func(Event)) error {
	n.existing = nil
	if !n.complete {
		if done, err := n.dump(fn); !done {
			return err
		}
	}
	for {
		b, err := n.read(n.events)
		switch {
		case errors.Is(err, unix.EAGAIN):
			if n.complete {
				return nil
			}
			// The events that survived the overrun are behind us, and what
			// happens from here on is queued behind the dump.
			if done, err := n.dump(fn); !done {
				return err
			}
		case errors.Is(err, unix.ENOBUFS):
			n.complete, n.lost = false, true
			n.forgetRoutes()
		case err != nil:
			return wrap.In("netlink", err)
		}
		for m := range messages(b) {
			n.take(m, fn)
		}
	}
}

// dump lists all links. Events are subscribed to before, so what changes during
// the dump is told by them, later. A dump that the kernel says was disturbed may
// lack links, so it is repeated; if it is disturbed again and again, the events
// that do so bring us back here. Until then nothing is taken for gone.
func (n *Netlink) dump(fn func(Event)) (done bool, err error) {
	const attempts = 8
	err = unix.EINTR
	for range attempts {
		if err = n.dumpOnce(fn); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if errors.Is(err, unix.EINTR) {
		return false, nil
	}
	if err != nil {
		return false, wrap.In("netlink: list links", err)
	}
	n.complete, n.lost = true, false
	for _, k := range n.links {
		if k.generation != n.generation {
			n.gone(k, fn)
		}
	}
	return true, nil
}

// dumpOnce returns EINTR if the list may be incomplete.
func (n *Netlink) dumpOnce(fn func(Event)) error {
	n.generation++
	return n.list((*queue).dumpLinks, func(m message) { n.take(m, fn) })
}

// list asks for all there is of a kind. It returns EINTR if something changed
// meanwhile, so that the list may be incomplete.
func (n *Netlink) list(ask func(*queue), fn func(message)) error {
	n.lists++
	q := queue{seq: n.lists} // not the common one: fn may be filling that
	ask(&q)
	if err := n.write(q.bytes); err != nil {
		return err
	}
	var disturbed bool
	for {
		b, err := n.read(n.requests)
		if err != nil {
			return err
		}
		for m := range messages(b) {
			if m.seq != q.seq {
				continue
			}
			disturbed = disturbed || m.flags&unix.NLM_F_DUMP_INTR != 0
			switch m.typ {
			case unix.NLMSG_DONE, unix.NLMSG_ERROR:
				if e := m.errno(); e != 0 {
					return e
				}
				if disturbed {
					return unix.EINTR
				}
				return nil
			}
			fn(m)
		}
	}
}

// take is told of a link, by an event or by a dump, or of what a link has lost.
func (n *Netlink) take(m message, fn func(Event)) {
	if m.typ != unix.RTM_NEWLINK && m.typ != unix.RTM_DELLINK {
		n.stripped(m, fn)
		return
	}
	index, ok := linkHeader(m.body)
	if !ok {
		return
	}
	k := n.links[index]
	if m.typ == unix.RTM_DELLINK {
		if k != nil {
			n.gone(k, fn)
		}
		return
	}
	if k == nil {
		k = &known{}
	}
	l, ok := parseLink(m.body, &k.Link)
	if !ok {
		return
	}
	l.Wireless = k.Wireless
	if l.Name != k.Name { // it is new; or it was renamed, perhaps before /sys was looked at
		l.Wireless = isWireless(&l)
	}
	k.generation = n.generation
	if l == k.Link && !n.lost {
		return
	}
	n.links[index] = k
	if at := n.installed[l.Index]; at != nil && !l.Up() {
		at.forgetRoutes()
	}
	k.Link = l
	fn(Event{Link: l, Resync: n.lost})
}

func (n *Netlink) gone(k *known, fn func(Event)) {
	delete(n.links, k.Index)
	delete(n.installed, k.Index)
	fn(Event{Link: k.Link, Gone: true})
}
