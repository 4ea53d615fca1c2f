package moments

import (
	"errors"
	"net"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// Address is when the first IPv4 address came to this machine, to 10 ms; 0 if it has
// none but loopback's. The kernel notes that for every address, by another clock again:
// one that loopback gets for a moment shows how far that is from ours.
func Address() (time.Duration, error) {
	first, _, err := noted()
	if err != nil || first == 0 {
		return 0, err
	}
	lo, err := netlink.LinkByIndex(loopback)
	if err != nil {
		return 0, err
	}
	mark := &netlink.Addr{IPNet: &net.IPNet{IP: net.IPv4(127, 77, 77, 77), Mask: net.CIDRMask(32, 32)}}
	if err := netlink.AddrAdd(lo, mark); err != nil {
		return 0, err
	}
	now := packet.Now()
	_, last, err := noted()
	if err := errors.Join(err, netlink.AddrDel(lo, mark)); err != nil {
		return 0, err
	}
	return first + now - last, nil
}

const loopback = 1 // its index, in every network namespace

// noted is when the first address came to any link but loopback, and the last one to
// that, by the kernel's notes.
func noted() (first, last time.Duration, err error) {
	req := nl.NewNetlinkRequest(unix.RTM_GETADDR, unix.NLM_F_DUMP)
	req.AddData(nl.NewIfAddrmsg(unix.AF_INET))
	answers, err := req.Execute(unix.NETLINK_ROUTE, unix.RTM_NEWADDR)
	if err != nil {
		return 0, 0, err
	}
	for _, m := range answers {
		header := nl.DeserializeIfAddrmsg(m)
		attrs, err := nl.ParseRouteAttr(m[header.Len():])
		if err != nil {
			return 0, 0, err
		}
		for _, a := range attrs {
			if a.Attr.Type != unix.IFA_CACHEINFO {
				continue
			}
			came := time.Duration(nl.DeserializeIfaCacheInfo(a.Value).Cstamp) * 10 * time.Millisecond
			switch {
			case header.Index == loopback:
				last = max(last, came)
			case first == 0 || came < first:
				first = came
			}
		}
	}
	return first, last, nil
}
