package ifup

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
	"github.com/dhclient-lws/dhclient-lws/pkg/internal/sockfilter"
)

// Netlink is the real kernel side: an rtnetlink socket for what the kernel
// tells, another for what it is asked. It is not safe for concurrent use.
type Netlink struct {
	events   int // its socket
	requests int

	links      map[int]*known
	generation uint32 // of the last dump
	lists      uint32 // asked for so far, of any kind
	complete   bool   // links is all there is, but for what events tells
	lost       bool   // events were lost, and no dump has made up for it
	buf        []byte

	installed   map[int]*installed
	existing    *existing // nil: to be listed
	queue       queue
	round       uint32      // how often the queue was sent, and one
	later       []later     // at most one for each link
	takenAddrs  []request   // creations of addresses that are there already
	takenRoutes []request   // the same of routes
	strayRoutes []request   // creations of routes whose gateway the kernel cannot reach, though it should
	named       []outcome   // of each link named since the last Flush, in that order
	byIndex     map[int]int // the places in named
	reported    []outcome   // the room of the last named, for the next
}

// The event socket's buffer has room for what the kernel tells of a thousand
// links that come up while nobody listens, about 2 KB for each of some four events.
const eventBuffer = 8 << 20

// Open opens both sockets and subscribes to events. The first Poll reports every
// link there is.
func Open() (*Netlink, error) {
	requests, port, err := openRequests()
	if err != nil {
		return nil, wrap.In("netlink", err)
	}
	// But for those that come of what is asked for on the other socket.
	events, err := openSocket(0, newsGroups, news(port))
	if err != nil {
		_ = unix.Close(requests)
		return nil, wrap.In("netlink", err)
	}
	// Forcing needs CAP_NET_ADMIN in the first user namespace. With whatever
	// buffer there is, an overrun costs a second dump and no more.
	if unix.SetsockoptInt(events, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, eventBuffer) != nil {
		_ = unix.SetsockoptInt(events, unix.SOL_SOCKET, unix.SO_RCVBUF, eventBuffer)
	}
	// Refusals need not repeat the request. Kernels before 4.3 do so all the same.
	_ = unix.SetsockoptInt(requests, unix.SOL_NETLINK, unix.NETLINK_CAP_ACK, 1)
	return &Netlink{
		events:    events,
		requests:  requests,
		links:     map[int]*known{},
		buf:       make([]byte, 32<<10), // the kernel fills no more than that in one message of a dump
		installed: map[int]*installed{},
		round:     1,
		byIndex:   map[int]int{},
	}, nil
}

// pidBits is how many bits a PID can have.
const pidBits = 22

// openRequests opens the socket for what is asked for, under a port of our choice: to
// ask the kernel for its own costs more code than all of this package. Another socket
// may have the port, of this process or of one with the same PID in another namespace.
// The PID alone is left to those that let the kernel choose.
func openRequests() (fd int, port uint32, err error) {
	for n := uint32(1); n < 1<<(31-pidBits); n++ {
		port = n<<pidBits | uint32(os.Getpid())
		if fd, err = openSocket(port, 0, nil); !errors.Is(err, unix.EADDRINUSE) {
			break
		}
	}
	return fd, port, err
}

// openSocket opens an rtnetlink socket under a port, or under any if that is 0. One
// from a library would be an os.File, watched by the runtime as well, which wakes
// another thread for each event.
func openSocket(port, groups uint32, filter []sockfilter.Instruction) (int, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_ROUTE)
	if err != nil {
		return -1, err
	}
	if filter != nil {
		err = sockfilter.Attach(fd, filter)
	}
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Pid: port, Groups: groups})
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// FD is readable when Poll has something to report.
func (n *Netlink) FD() int { return n.events }

// Close closes the sockets. What was installed stays.
func (n *Netlink) Close() error {
	return errors.Join(unix.Close(n.events), unix.Close(n.requests))
}

// read is one read(2) into the common buffer. What it returns is valid until
// the next. The sender needs no check: to send to another process's rtnetlink
// socket takes CAP_NET_ADMIN, and who has that need not lie to us about links.
func (n *Netlink) read(socket int) ([]byte, error) {
	for {
		size, err := unix.Read(socket, n.buf)
		if !errors.Is(err, unix.EINTR) {
			return n.buf[:max(size, 0)], err
		}
	}
}

func (n *Netlink) write(b []byte) error {
	for {
		_, err := unix.Write(n.requests, b)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
