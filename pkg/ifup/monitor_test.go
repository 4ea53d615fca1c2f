package ifup

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// monitor hears what the kernel announces of addresses and routes.
type monitor struct {
	t      testing.TB
	socket *nl.NetlinkSocket
}

// monitor begins to listen, to more groups if there are any.
func (l *lab) monitor(more ...uint) *monitor {
	l.t.Helper()
	m := &monitor{t: l.t}
	l.Do(l.t, func() {
		var err error
		m.socket, err = nl.Subscribe(unix.NETLINK_ROUTE, append(more, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV4_ROUTE)...)
		if err != nil {
			l.t.Fatal(err)
		}
	})
	l.t.Cleanup(m.socket.Close)
	return m
}

// heard lists the announcements since the last call. What a request changes is
// announced before the request returns.
func (m *monitor) heard() (events []string) {
	m.t.Helper()
	names := map[uint16]string{
		unix.RTM_NEWLINK: "new link", unix.RTM_DELLINK: "delete link",
		unix.RTM_NEWADDR: "new address", unix.RTM_DELADDR: "delete address",
		unix.RTM_NEWROUTE: "new route", unix.RTM_DELROUTE: "delete route",
	}
	b := make([]byte, 64<<10)
	for {
		size, err := unix.Read(m.socket.GetFd(), b)
		if errors.Is(err, unix.EAGAIN) {
			return events
		}
		if err != nil {
			m.t.Fatal(err)
		}
		for message := range messages(b[:size]) {
			events = append(events, names[message.typ])
		}
	}
}

// await returns when an announcement has been heard.
func (m *monitor) await(event string) {
	m.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !slices.Contains(m.heard(), event) {
		if time.Now().After(deadline) {
			m.t.Fatalf("%q is not announced", event)
		}
		wait(m.t, m.socket.GetFd())
	}
}

// wait returns when a descriptor is readable, or after a second.
func wait(t testing.TB, fd int) {
	t.Helper()
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	if _, err := unix.Poll(fds, 1000); err != nil && !errors.Is(err, unix.EINTR) {
		t.Fatal(err)
	}
}
