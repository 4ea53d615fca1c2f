package main

import (
	"github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws/internal/bootargs"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// heedBootLoader takes in what the boot loader knew, as far as that was left open.
func (o *options) heedBootLoader() {
	if len(o.selectors) > 0 && o.wait.mode != waitBootIF {
		return
	}
	line, err := readFile("/proc/cmdline")
	if err != nil {
		o.remarks = append(o.remarks, "the kernel's command line: "+err.Error())
	}
	o.heed(bootargs.Parse(string(line)))
}

// heed lets ip= say which links are meant, and what they are to have without
// asking. What is malformed is asked for.
func (o *options) heed(boot bootargs.Args) {
	o.bootIF = boot.BootIF
	if len(o.selectors) == 0 {
		for _, err := range boot.Errors {
			o.remarks = append(o.remarks, safeText(err.Error()))
		}
		o.selectors = meantBy(boot.IP)
		if static := withAddress(boot.IP); len(static) > 0 {
			o.client.Static = static.claim
		}
	}
	switch {
	case o.wait.mode != waitBootIF:
	case boot.BootIF == [6]byte{}:
		o.remarks = append(o.remarks, "the kernel's command line has no usable BOOTIF=, waiting for all links")
		o.wait.mode = waitAll
	case len(o.selectors) > 0: // who waits for a link wants it to be asked on
		o.selectors = append(o.selectors, selector{text: bootIFText(o.bootIF), hw: &o.bootIF})
	}
}

// bootIFText is what people call the link that the machine was booted from.
func bootIFText(hw [6]byte) string { return "BOOTIF " + dhcp4.HardwareAddr(hw).String() }

// meantBy is the links that are named, or none if one of the words means any.
func meantBy(words []bootargs.IP) (list []selector) {
	for i := range words {
		if !possibleName(words[i].Device) {
			return nil
		}
		list = append(list, selector{text: words[i].Device})
	}
	return list
}

// staticLinks is what links are to have, each of them for one link.
type staticLinks []staticLink

type staticLink struct {
	bootargs.IP
	owner *[6]byte // the hardware address of the NIC that has it, if it is for any
}

func withAddress(words []bootargs.IP) (list staticLinks) {
	for i := range words {
		if words[i].Static() {
			list = append(list, staticLink{IP: words[i]})
		}
	}
	return list
}

// claim is what a link is to have, or nil. Without a name it is for the first NIC
// that comes, whatever that is called later.
func (s staticLinks) claim(l ifup.Link) *machine.Lease {
	for i := range s {
		w := &s[i]
		if w.Device == "" && w.owner == nil && isNIC(&l) {
			w.owner = &l.HardwareAddr
		}
		if w.Device == l.Name || w.owner != nil && *w.owner == l.HardwareAddr && isNIC(&l) {
			return staticLease(&w.IP)
		}
	}
	return nil
}

func staticLease(ip *bootargs.IP) *machine.Lease {
	l := &machine.Lease{
		Addr: ip.Address, DNS: ip.DNS, NTP: ip.NTP,
		T1: machine.Never, T2: machine.Never, Expiry: machine.Never,
	}
	if l.NextServer = ip.Server; isHostName(ip.Host) {
		l.HostName = ip.Host
	}
	if ip.Gateway.IsValid() {
		l.Routers = append(l.Routers, ip.Gateway)
	}
	return l
}
