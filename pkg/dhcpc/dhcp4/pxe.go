package dhcp4

import (
	"encoding/binary"
	"strconv"
)

// PXE is what network boot clients say about their machine (RFC 4578). Servers
// choose the boot file by it.
type PXE struct {
	Architecture Architecture // option 93
	UUID         [16]byte     // option 97, in the order of the bytes in the firmware's tables; all zero if it is not known
}

// Architecture is a processor architecture type.
type Architecture uint16

const (
	ArchBIOS     Architecture = 0
	ArchEFIx86   Architecture = 6
	ArchEFIx64   Architecture = 7 // in the field; the table of RFC 4578 has 9 by mistake
	ArchEFIArm   Architecture = 10
	ArchEFIArm64 Architecture = 11
	ArchArm      Architecture = 21 // started by U-Boot
	ArchArm64    Architecture = 22
)

// VendorClass is what network boot clients send as option 60 (PXE specification 2.1).
func (p *PXE) VendorClass() string {
	undi := p.undi()
	return "PXEClient:Arch:" + digits(int(p.Architecture), 5) + ":UNDI:" + digits(int(undi[0]), 3) + digits(int(undi[1]), 3)
}

// digits is a number of at most five digits, with zeros in front.
func digits(n, width int) string {
	s := "0000" + strconv.Itoa(n)
	return s[len(s)-width:]
}

// undi is the version of the network interface that the firmware has (option 94).
func (p *PXE) undi() [2]byte {
	if p.Architecture == ArchBIOS {
		return [2]byte{2, 1}
	}
	return [2]byte{3, 16}
}

// PXEParameters is what network boot clients ask for: where the next stage is, and
// the options that RFC 4578 section 2.4 keeps for them.
func PXEParameters() []Code {
	return []Code{RootPath, VendorSpecific, TFTPServerName, BootFileName, 128, 129, 130, 131, 132, 133, 134, 135}
}

func (p *PXE) append(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(append(dst, byte(ClientArchitecture), 2), uint16(p.Architecture))
	undi := p.undi()
	dst = append(dst, byte(ClientNetworkDevice), 3, 1, undi[0], undi[1])
	return append(append(dst, byte(ClientUUID), 17, 0), p.UUID[:]...)
}
