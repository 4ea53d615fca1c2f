package main

import (
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// sayNetboot has the client say of the machine what the ROM that booted it said.
func (o *options) sayNetboot(sys string) {
	o.client.Parameters = append(o.client.Parameters, dhcp4.PXEParameters()...)
	err := unix.Access(filepath.Join(sys, "firmware/efi"), unix.F_OK)
	architecture, known := architecture(runtime.GOARCH, err == nil)
	if !known {
		return // RFC 4578 section 2: what is said of a machine is said as a whole
	}
	pxe := &dhcp4.PXE{Architecture: architecture}
	if uuid := firstUUID([]string{filepath.Join(sys, "class/dmi/id/product_uuid")}); uuid != nil {
		pxe.UUID = firmwareOrder([16]byte(uuid))
	}
	o.client.PXE = pxe
	if o.client.VendorClass == "" {
		o.client.VendorClass = pxe.VendorClass()
	}
}

// architecture is the processor architecture type of a machine in IANA's list, if it is
// of a kind that we are built for.
func architecture(goarch string, efi bool) (a dhcp4.Architecture, known bool) {
	var without, with dhcp4.Architecture
	switch goarch {
	case "386":
		without, with = dhcp4.ArchBIOS, dhcp4.ArchEFIx86
	case "amd64":
		without, with = dhcp4.ArchBIOS, dhcp4.ArchEFIx64
	case "arm":
		without, with = dhcp4.ArchArm, dhcp4.ArchEFIArm
	case "arm64":
		without, with = dhcp4.ArchArm64, dhcp4.ArchEFIArm64
	default:
		return 0, false
	}
	if efi {
		return with, true
	}
	return without, true
}

// firmwareOrder is a UUID as it is stored in the firmware's tables, where the first
// three numbers have their lowest byte first (SMBIOS 2.6), and as PXE ROMs send it.
func firmwareOrder(u [16]byte) [16]byte {
	u[0], u[1], u[2], u[3] = u[3], u[2], u[1], u[0]
	u[4], u[5], u[6], u[7] = u[5], u[4], u[7], u[6]
	return u
}
