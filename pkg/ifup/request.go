package ifup

import (
	"net/netip"
	"strconv"
)

// request is what is remembered of a message in the queue, to make sense of a refusal.
type request struct {
	index int
	verb  verb
	end   int // in queue.bytes: where its message ends
	addr  netip.Prefix
	route route
	mtu   int
}

type verb uint8

const (
	setDown verb = iota
	setUp
	setMTU
	promote
	createAddr
	refreshAddr
	deleteAddr
	createRoute
	deleteRoute
)

func (r *request) op() Op {
	switch r.verb {
	case setDown:
		return OpDown
	case setUp:
		return OpUp
	case setMTU:
		return OpMTU
	case promote, createAddr, refreshAddr, deleteAddr:
		return OpAddr
	case createRoute, deleteRoute:
		return OpRoute
	}
	return OpUp
}

func (r *request) refused(err error) *Refused {
	what := ""
	switch r.op() {
	case OpMTU:
		what = strconv.Itoa(r.mtu)
	case OpAddr:
		what = r.addr.String()
	case OpRoute:
		what = r.route.Dst.String()
		if r.route.Gateway.IsValid() {
			what += " via " + r.route.Gateway.String()
		}
	}
	return &Refused{Op: r.op(), What: what, Err: err}
}

// address is an address as it is, or is to be, on a link.
type address struct {
	netip.Prefix
	broadcast netip.Addr // invalid where the subnet has none
	lifetime  uint32     // seconds, or forever
	metric    uint32     // of the prefix route
}

const forever = 0xffffffff // INFINITY_LIFE_TIME

// route is a route as it is, or is to be, through a link.
type route struct {
	Route
	source netip.Addr
	metric uint32
}
