package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"

	"github.com/vishvananda/netlink"

	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
)

// gather finds out all that a report tells, and kills the client in the end if
// that is wanted. What fails becomes a line in it.
func gather(kill bool) report.Report {
	r := report.Report{Result: os.Getenv("DHCLIENT_LWS_RESULT")}
	failed := func(what string, err error) {
		if err != nil {
			r.Errors = append(r.Errors, fmt.Sprintf("%s: %v", what, err))
		}
	}
	var err error

	r.Links, err = links()
	failed("links", err)
	r.Routes, err = defaultRoutes()
	failed("routes", err)

	resolv, err := os.ReadFile("/etc/resolv.conf")
	failed("resolv.conf", err)
	r.Resolv = string(resolv)

	r.Processes, err = processes()
	failed("processes", err)
	for _, p := range r.Processes {
		if p.PID == os.Getpid() {
			r.Self = p
		}
	}
	err = wake(r.Processes)
	failed("resident", err)
	r.Answered = err == nil

	r.Status, err = status()
	failed("status", err)

	if kill {
		err = killResident(r.Processes)
		failed("kill", err)
		r.Killed = err == nil
	}
	// All that ran for a moment, the status command too, is over by now.
	r.Zombies, err = zombies()
	failed("zombies", err)
	return r
}

func links() ([]report.Link, error) {
	all, err := netlink.LinkList()
	if err != nil {
		return nil, err
	}
	var out []report.Link
	for _, l := range all {
		a := l.Attrs()
		if a.Flags&net.FlagLoopback != 0 {
			continue
		}
		addrs, err := netlink.AddrList(l, netlink.FAMILY_V4)
		if err != nil {
			return nil, err
		}
		link := report.Link{Name: a.Name, MAC: a.HardwareAddr.String()}
		for _, addr := range addrs {
			link.Addrs = append(link.Addrs, prefix(addr.IPNet))
		}
		out = append(out, link)
	}
	return out, nil
}

// defaultRoutes lists them as the kernel prefers them: by metric.
func defaultRoutes() ([]report.Route, error) {
	all, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return nil, err
	}
	var out []report.Route
	for _, r := range all {
		if r.Dst != nil && prefix(r.Dst).Bits() != 0 {
			continue
		}
		l, err := netlink.LinkByIndex(r.LinkIndex)
		if err != nil {
			return nil, err
		}
		gw, _ := netip.AddrFromSlice(r.Gw)
		out = append(out, report.Route{Link: l.Attrs().Name, Gateway: gw.Unmap(), Metric: r.Priority})
	}
	slices.SortStableFunc(out, func(a, b report.Route) int { return cmp.Compare(a.Metric, b.Metric) })
	return out, nil
}

func prefix(n *net.IPNet) netip.Prefix {
	addr, _ := netip.AddrFromSlice(n.IP)
	bits, _ := n.Mask.Size()
	return netip.PrefixFrom(addr.Unmap(), bits)
}

// status is what the command itself says about the machine.
func status() (json.RawMessage, error) {
	out, err := exec.Command("/bbin/dhclient-lws", "status", "-json").Output()
	if err != nil {
		return nil, err
	}
	if !json.Valid(out) {
		return nil, fmt.Errorf("not JSON: %q", out)
	}
	return out, nil
}
