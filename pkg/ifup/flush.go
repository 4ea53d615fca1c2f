package ifup

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"
)

// outcome is what became of all that was asked for a link.
type outcome struct {
	index   int
	refused *Refused
}

// name puts a link on the list of those that Flush reports.
func (n *Netlink) name(index int) {
	if _, ok := n.byIndex[index]; !ok {
		n.byIndex[index] = len(n.named)
		n.named = append(n.named, outcome{index: index})
	}
}

// refuse notes a refusal for a link that was named.
func (n *Netlink) refuse(index int, r *Refused) {
	o := &n.named[n.byIndex[index]]
	if o.refused == nil || o.refused.Op == OpMTU {
		o.refused = r
	}
}

// Flush sends what is queued, in as few system calls as possible, and reports
// for each link named in Apply or Up since the last Flush whether the kernel
// took it: err is nil, or the first refusal, a *Refused. A refused MTU is
// reported only if nothing else was refused, since a network works without.
//
// fn may call Up and Apply, for the next Flush.
func (n *Netlink) Flush(fn func(index int, err error)) {
	n.send()
	n.settle()
	for i := range n.later {
		n.apply(n.later[i].index, &n.later[i].c)
	}
	n.later = n.later[:0]
	n.send()
	n.settle()
	outcomes := n.named
	n.named, n.reported = n.reported[:0], nil // fn may name links again
	clear(n.byIndex)
	for _, o := range outcomes {
		if o.refused == nil {
			fn(o.index, nil)
		} else {
			fn(o.index, o.refused)
		}
	}
	n.reported = outcomes
}

// inFlight is how many requests one system call carries. If the kernel refuses
// all of them its answers, of which each takes some 800 bytes of the socket's
// buffer, must fit into the 208 KB that a socket has by default.
const inFlight = 256

// send sends the queue and deals with the answers, which are there when the
// system call returns.
func (n *Netlink) send() {
	n.existing = nil
	q := &n.queue
	firstSeq := q.seq - uint32(len(q.requests)) + 1
	sent := 0
	for chunk := range slices.Chunk(q.requests, inFlight) {
		end := chunk[len(chunk)-1].end
		err := n.write(q.bytes[sent:end])
		if err == nil {
			err = n.answers(chunk, firstSeq)
		}
		if err != nil { // nothing is known of the rest of them
			for i := range chunk {
				n.answer(&chunk[i], err)
			}
		}
		sent = end
		firstSeq += uint32(len(chunk))
	}
	q.clear()
	n.round++
}

// answers reads the refusals of the requests in chunk, the first of which has
// the given sequence number.
func (n *Netlink) answers(chunk []request, firstSeq uint32) (lost error) {
	for {
		b, err := n.read(n.requests)
		switch {
		case errors.Is(err, unix.EAGAIN):
			return lost
		case errors.Is(err, unix.ENOBUFS):
			lost = err
		case err != nil:
			return err
		}
		for m := range messages(b) {
			i := m.seq - firstSeq
			if m.typ == unix.NLMSG_ERROR && i < uint32(len(chunk)) && m.errno() != 0 {
				n.answer(&chunk[i], m.errno())
			}
		}
	}
}

// answer deals with the refusal of a request: it is not one, or needs a closer
// look, or is reported and what was to be installed is not.
func (n *Netlink) answer(r *request, err error) {
	switch r.verb {
	case promote:
		return // a kernel that cannot is left with its ways
	case deleteAddr:
		if errors.Is(err, unix.EADDRNOTAVAIL) || errors.Is(err, unix.ENODEV) {
			return
		}
	case deleteRoute:
		if errors.Is(err, unix.ESRCH) || errors.Is(err, unix.ENODEV) {
			return
		}
	case createAddr:
		if errors.Is(err, unix.EEXIST) {
			n.takenAddrs = append(n.takenAddrs, *r)
			return
		}
		n.withdraw(r)
	case createRoute:
		if errors.Is(err, unix.EEXIST) {
			n.takenRoutes = append(n.takenRoutes, *r)
			return
		}
		if errors.Is(err, unix.ENETUNREACH) && n.cutOff(r) {
			n.strayRoutes = append(n.strayRoutes, *r)
			return
		}
		n.withdraw(r)
	case refreshAddr:
		if in := n.installed[r.index]; in != nil {
			in.ends = monotonic() // or before long; what is there will be found to be ours
		}
	case setDown, setUp, setMTU:
	}
	n.refuse(r.index, r.refused(err))
}

// withdraw forgets what a request would have installed.
func (n *Netlink) withdraw(r *request) {
	in := n.installed[r.index]
	if in == nil {
		return
	}
	switch {
	case r.verb == createRoute:
		in.routes = slices.DeleteFunc(in.routes, func(o route) bool { return o == r.route })
	case in.addr.Prefix == r.addr:
		in.addr = address{}
	}
}
