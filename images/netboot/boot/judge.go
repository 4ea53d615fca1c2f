package boot

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"

	"github.com/dhclient-lws/dhclient-lws/images/u-root/boot"
	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// userClass is option 77, by which iPXE says that it is iPXE.
const userClass dhcp4.Code = 77

// whoAsks are the options by which a server knows a machine again: vendor class,
// client identifier, architecture, network interface, UUID.
var whoAsks = []dhcp4.Code{dhcp4.VendorClass, dhcp4.ClientIdentifier, 93, 94, 97}

// Judge tells what is wrong with a machine that was booted from the network, and
// with what was heard there: nil, or an error with a line for each fault.
func Judge(r report.Report, heard []*dhcptest.Message) error {
	return errors.Join(
		boot.Judge(r, []boot.NIC{booted}),
		judgeIdentity(heard),
		judgeAddress(r, heard),
	)
}

// The client in the image is to the server who the ROM was.
func judgeIdentity(heard []*dhcptest.Message) error {
	var rom *dhcptest.Message
	ours := 0
	var errs []error
	for _, m := range heard {
		switch {
		case m.Has(userClass):
			rom = m
			continue
		case rom == nil:
			return fmt.Errorf("the client was heard before the ROM: %v", m)
		}
		ours++
		for _, code := range whoAsks {
			if was, is := rom.Option(code), m.Option(code); was == nil || !bytes.Equal(was, is) {
				errs = append(errs, fmt.Errorf("option %v was %x in the ROM and is %x in %v", code, was, is, m))
			}
		}
	}
	if ours == 0 {
		errs = append(errs, errors.New("nothing was heard of the client"))
	}
	return errors.Join(errs...)
}

// The machine has the address that its ROM had.
func judgeAddress(r report.Report, heard []*dhcptest.Message) error {
	var was netip.Addr
	for _, m := range heard {
		if m.Has(userClass) && m.Type == dhcp4.Request {
			was = m.Addr(dhcp4.RequestedAddress)
		}
	}
	for _, l := range r.Links {
		if l.MAC == booted.MAC && len(l.Addrs) > 0 && l.Addrs[0].Addr() != was {
			return fmt.Errorf("the ROM had %v, and %s has %v", was, l.Name, l.Addrs)
		}
	}
	return nil
}
