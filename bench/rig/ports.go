package rig

import (
	"encoding/binary"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// States of a bridge's port, and the attribute that has them (linux/if_link.h).
const (
	brportState = 1
	learning    = 2
	forwarding  = 3
)

// setPort sets the state of a port. It has to be called in the server's namespace.
func setPort(index int, state uint8) error {
	q := nl.NewNetlinkRequest(unix.RTM_SETLINK, unix.NLM_F_ACK)
	link := nl.NewIfInfomsg(unix.AF_BRIDGE)
	link.Index = int32(index)
	q.AddData(link)
	info := nl.NewRtAttr(unix.IFLA_PROTINFO|unix.NLA_F_NESTED, nil)
	info.AddRtAttr(brportState, []byte{state})
	q.AddData(info)
	_, err := q.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// forwarding tells how many ports of the bridge pass frames on. The first frame after
// a port's cable has carrier is lost if it is not waited for that.
func (r *Rig) forwarding(t testing.TB) (n int) {
	t.Helper()
	var messages [][]byte
	r.Server.Do(t, func() {
		q := nl.NewNetlinkRequest(unix.RTM_GETLINK, unix.NLM_F_DUMP)
		q.AddData(nl.NewIfInfomsg(unix.AF_BRIDGE))
		var err error
		if messages, err = q.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWLINK); err != nil {
			t.Fatal(err)
		}
	})
	ours := map[int]bool{}
	for _, port := range r.ports {
		ours[port] = true
	}
	for _, m := range messages {
		if ours[int(binary.NativeEndian.Uint32(m[4:]))] && portState(t, m) == forwarding {
			n++
		}
	}
	return n
}

func portState(t testing.TB, message []byte) uint8 {
	t.Helper()
	attributes, err := nl.ParseRouteAttr(message[unix.SizeofIfInfomsg:])
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range attributes {
		if a.Attr.Type&^unix.NLA_F_NESTED != unix.IFLA_PROTINFO {
			continue
		}
		info, err := nl.ParseRouteAttr(a.Value)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range info {
			if a.Attr.Type == brportState {
				return a.Value[0]
			}
		}
	}
	return 0
}
