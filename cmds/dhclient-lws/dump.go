package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// dump prints a message that was received, an option to a line, and why it was
// refused if it was: the debug dump of what was parsed. m is nil if it was
// refused before there was anything to parse.
func dump(say func(string), iface string, m *dhcp4.Message, r dhcp4.Refusal) {
	name := safeName(iface)
	if m == nil {
		say(name + ": refused a frame: " + r.String())
		return
	}
	say(name + ": " + m.Type.String() + " for " + m.HardwareAddr.String() + ", xid " + string(appendHex(nil, uint64(m.Xid), 8)) +
		", yiaddr " + m.YourAddr.String() + ", siaddr " + m.NextServer.String() + ", giaddr " + m.RelayAddr.String())
	for code, value := range m.Options.All {
		say(name + ":   option " + strconv.Itoa(int(code)) + " " + code.String() + ": " + optionText(&m.Options, code, value))
	}
	if text := m.ServerName(); !text.IsZero() {
		say(name + ":   server name: " + text.String())
	}
	if text := m.BootFile(); !text.IsZero() {
		say(name + ":   boot file: " + text.String())
	}
	if r != dhcp4.Accepted {
		say(name + ": " + refusalLine(m, r))
	}
}

// maxShown bounds lists and bytes in a line of the dump.
const maxShown = 16

// optionText is the value of an option for people. Text is quoted, and what
// cannot be read as what it should be is shown in hexadecimal.
func optionText(o *dhcp4.Options, code dhcp4.Code, value []byte) string {
	switch code {
	case dhcp4.SubnetMask, dhcp4.BroadcastAddress, dhcp4.RequestedAddress, dhcp4.ServerIdentifier,
		dhcp4.Router, dhcp4.DNSServer, dhcp4.NTPServer:
		if list := o.AppendAddrs(nil, code, maxShown); len(list) > 0 {
			return joinAddrs(list, " ")
		}
	case dhcp4.LeaseTime, dhcp4.RenewalTime, dhcp4.RebindingTime, dhcp4.IPv6OnlyPreferred:
		if v, ok := o.Uint32(code); ok {
			if v == 1<<32-1 {
				return "for ever"
			}
			return shortDuration(time.Duration(v) * time.Second)
		}
	case dhcp4.InterfaceMTU, dhcp4.MaxMessageSize:
		if v, ok := o.Uint16(code); ok {
			return strconv.Itoa(int(v))
		}
	case dhcp4.DHCPMessageType:
		if len(value) == 1 {
			return dhcp4.MessageType(value[0]).String()
		}
	case dhcp4.HostName, dhcp4.DomainName, dhcp4.RootPath, dhcp4.ErrorMessage, dhcp4.VendorClass,
		dhcp4.TFTPServerName, dhcp4.BootFileName, dhcp4.CaptivePortal:
		return o.Text(code).String()
	case dhcp4.ClientFQDN:
		if name, ok := o.FQDN(); ok {
			return name
		}
	case dhcp4.DomainSearch:
		if list := o.AppendDomainSearch(nil, maxShown); len(list) > 0 {
			return strings.Join(list, " ")
		}
	case dhcp4.ClasslessRoute:
		if routes, ok := o.AppendClasslessRoutes(nil, maxShown); ok {
			return routesText(routes)
		}
	case dhcp4.StaticRoute:
		if routes, ok := o.AppendStaticRoutes(nil, maxShown); ok {
			return routesText(routes)
		}
	}
	if len(value) > maxShown {
		return toHex(value[:maxShown]) + "... (" + strconv.Itoa(len(value)) + " bytes)"
	}
	return toHex(value)
}

func routesText(routes []dhcp4.Route) string {
	var b strings.Builder
	for i, r := range routes {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(r.Dst.String())
		if r.Gateway.IsValid() {
			b.WriteString(" via " + r.Gateway.String())
		}
	}
	return b.String()
}
