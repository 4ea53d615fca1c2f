package machine

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// Handed is what a server says of which the client makes no use itself: it is
// handed on to whoever boots from the network or looks for a portal. Texts are
// printable ASCII without spaces, quotes, and what shells expand.
type Handed struct {
	NextServer    netip.Addr // siaddr: where the next stage of a boot is; not the DHCP server
	BootServer    string     // sname, or option 66
	BootFile      string     // file, or option 67
	RootPath      string     // option 17
	CaptivePortal string     // option 114 (RFC 8910)
	Vendor        []byte     // option 43
	Options       []Option   // what else was asked for (option 55) and given, in the order of the codes
}

// Option is an option that the client cannot read.
type Option struct {
	Code dhcp4.Code
	Data []byte
}

const maxText = 255

func (m *Machine) handed(r *dhcp4.Message) (h Handed) {
	o := &r.Options
	if dhcp4.IsHost(r.NextServer) {
		h.NextServer = r.NextServer
	}
	h.BootServer, h.BootFile = printable(r.ServerName()), printable(r.BootFile())
	h.RootPath, h.CaptivePortal = printable(o.Text(dhcp4.RootPath)), printable(o.Text(dhcp4.CaptivePortal))
	h.Vendor = slices.Clone(o.Bytes(dhcp4.VendorSpecific))
	for code, data := range o.All {
		if !isRead(code) && slices.Contains(m.c.Identity.Parameters, code) {
			h.Options = append(h.Options, Option{code, slices.Clone(data)})
		}
	}
	return h
}

func printable(t dhcp4.Text) string {
	s, ok := t.Printable()
	if !ok || len(s) > maxText {
		return ""
	}
	return s
}

// isRead reports whether an option has a place of its own in a Lease, or is part
// of the protocol.
func isRead(c dhcp4.Code) bool {
	switch c {
	case dhcp4.SubnetMask, dhcp4.Router, dhcp4.DNSServer, dhcp4.HostName, dhcp4.DomainName, dhcp4.RootPath,
		dhcp4.InterfaceMTU, dhcp4.BroadcastAddress, dhcp4.StaticRoute, dhcp4.NTPServer, dhcp4.VendorSpecific,
		dhcp4.LeaseTime, dhcp4.DHCPMessageType, dhcp4.ServerIdentifier, dhcp4.ErrorMessage, dhcp4.RenewalTime,
		dhcp4.RebindingTime, dhcp4.TFTPServerName, dhcp4.BootFileName, dhcp4.ClientFQDN, dhcp4.CaptivePortal, dhcp4.DomainSearch,
		dhcp4.ClasslessRoute:
		return true
	}
	return false
}

// Equal reports whether two servers said the same.
func (h *Handed) Equal(other *Handed) bool {
	return h.NextServer == other.NextServer && h.BootServer == other.BootServer && h.BootFile == other.BootFile &&
		h.RootPath == other.RootPath && h.CaptivePortal == other.CaptivePortal && slices.Equal(h.Vendor, other.Vendor) &&
		slices.EqualFunc(h.Options, other.Options, func(a, b Option) bool {
			return a.Code == b.Code && slices.Equal(a.Data, b.Data)
		})
}

func (h *Handed) valid() error {
	size := len(h.Vendor)
	for _, o := range h.Options {
		size += len(o.Data)
		if isRead(o.Code) || o.Code == dhcp4.Pad || o.Code == dhcp4.End {
			return errors.New("bad options")
		}
	}
	badText := func(s string) bool { return s != "" && (len(s) > maxText || !dhcp4.IsPrintable(s)) }
	switch {
	case size > dhcp4.MaxMessage || len(h.Options) > maxText:
		return errors.New("bad options")
	case h.NextServer.IsValid() && !dhcp4.IsHost(h.NextServer):
		return errors.New("bad next server")
	case slices.ContainsFunc([]string{h.BootServer, h.BootFile, h.RootPath, h.CaptivePortal}, badText):
		return errors.New("bad boot parameters")
	}
	return nil
}
