package main

import (
	"os"
	"path/filepath"
	"runtime"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// sayNetboot has the client say of the machine what the ROM that booted it said.
func (o *options) sayNetboot(sys string) {
	_, err := os.Stat(filepath.Join(sys, "firmware/efi"))
	pxe := &dhcp4.PXE{Architecture: architecture(runtime.GOARCH, err == nil)}
	if uuid := firstUUID([]string{filepath.Join(sys, "class/dmi/id/product_uuid")}); uuid != nil {
		pxe.UUID = firmwareOrder([16]byte(uuid))
	}
	o.client.PXE = pxe
	if o.client.VendorClass == "" {
		o.client.VendorClass = pxe.VendorClass()
	}
	o.client.Parameters = append(o.client.Parameters, dhcp4.PXEParameters()...)
}

func architecture(goarch string, efi bool) dhcp4.Architecture {
	switch {
	case goarch == "arm64" && efi:
		return dhcp4.ArchEFIArm64
	case goarch == "arm64":
		return dhcp4.ArchArm64
	case goarch == "arm" && efi:
		return dhcp4.ArchEFIArm
	case goarch == "arm":
		return dhcp4.ArchArm
	case goarch == "386" && efi:
		return dhcp4.ArchEFIx86
	case efi:
		return dhcp4.ArchEFIx64
	}
	return dhcp4.ArchBIOS
}

// firmwareOrder is a UUID as it is stored in the firmware's tables, where the first
// three numbers have their lowest byte first (SMBIOS 2.6), and as PXE ROMs send it.
func firmwareOrder(u [16]byte) [16]byte {
	u[0], u[1], u[2], u[3] = u[3], u[2], u[1], u[0]
	u[4], u[5], u[6], u[7] = u[5], u[4], u[7], u[6]
	return u
}
