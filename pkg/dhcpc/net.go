package dhcpc

import (
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// Net is the client's side of the wire: the clock, the sockets, and the one
// place where the loop sleeps. All methods but Wake are called by the loop only.
// The default is [packet.Sockets]; tests use a virtual network in virtual time.
type Net interface {
	// Now is CLOCK_BOOTTIME.
	Now() time.Duration
	// Wait returns when a socket or fd has something to read, after a Wake, or
	// at the deadline. A deadline in the past makes it a poll.
	Wait(deadline time.Duration, fd int) error
	// Wake makes the current or the next Wait return. It may be called from any goroutine.
	Wake()
	// Listen opens what is missing and closes what is not wanted: the packet
	// socket and the UDP socket. On error the sockets that are open stay open.
	Listen(raw, udp bool) error
	// Watch makes Receive deliver ARP packets in which somebody claims one of
	// these addresses, or, with probes, asks whether it is free; with no addresses it
	// ends that. Until the first call ARP cannot be sent.
	Watch(addrs []netip.Addr, probes bool) error
	// Send sends all messages in as few system calls as possible and sets Err in each.
	Send(out []packet.Out)
	// Receive calls fn for what has arrived and returns when nothing is left.
	Receive(fn func(*packet.In))
	// Close closes everything.
	Close() error
}

// Kernel is what the client needs of the kernel beside sockets. *[ifup.Netlink]
// is the default; a program that configures its links by other means, or not at
// all, brings its own.
type Kernel interface {
	// FD is readable when Poll has something to report; -1 if it never is.
	FD() int
	// Poll reports links that are new, changed or gone. The first call reports all.
	Poll(fn func(ifup.Event)) error
	// Holds reports whether the link has this address from an earlier life of the
	// program, which then counts as installed by an earlier Apply. An address that
	// is somebody else's is not held. It is asked only for a remembered lease.
	Holds(index int, addr netip.Prefix) bool
	// Up queues: set the link up.
	Up(index int)
	// Down queues: set the link down, for Config.Bounce. Poll must tell when it has
	// gone down; where it will not, Flush must report an error.
	Down(index int)
	// Apply queues: make the link's configuration so. The zero Config removes
	// what earlier calls installed.
	Apply(index int, c ifup.Config)
	// Flush does what is queued and reports the outcome for each link named since the last Flush.
	Flush(fn func(index int, err error))
	Close() error
}
