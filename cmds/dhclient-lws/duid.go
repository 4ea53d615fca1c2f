package main

import (
	"strings"
	"sync"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// Where a machine tells apart what it is from all others. Both are the same in
// each boot, so nothing has to be stored.
const (
	productUUID = "/sys/class/dmi/id/product_uuid" // of the SMBIOS; for root only
	machineID   = "/etc/machine-id"                // of the installation, see machine-id(5)
)

// newDUID makes client identifiers in the form that RFC 4361, section 6.1 has
// for them: 255, an IAID that tells the links of the machine apart, and a DUID
// that tells the machine from others. Its UUID is asked for when the first is made.
// Without one each link speaks for itself, with a DUID of its own: to find
// one that is the same for all links, and in each boot, would mean to wait for all.
func newDUID(uuid func() []byte) func(dhcp4.HardwareAddr) []byte {
	machine := sync.OnceValue(uuid)
	return func(hw dhcp4.HardwareAddr) []byte {
		id := append([]byte{255}, hw[2:]...)
		if uuid := machine(); uuid != nil {
			return append(append(id, 0, duidUUID), uuid...)
		}
		return append(append(id, 0, duidLL, 0, 1), hw[:]...) // 1 is Ethernet
	}
}

// machineUUID is what the machine is called, by its firmware or else by the system
// on it, nil if by neither.
func machineUUID() []byte {
	if uuid := firmwareUUID(); uuid != nil {
		return uuid
	}
	return firstUUID([]string{machineID})
}

// firmwareUUID is read once, while /sys can be: see enterRoot.
var firmwareUUID = sync.OnceValue(func() []byte { return firstUUID([]string{productUUID}) })

// The types of DUIDs: RFC 8415, section 11.4, and RFC 6355.
const (
	duidLL   = 3
	duidUUID = 4
)

// firstUUID is the first that stands in one of the files, nil if there is none.
func firstUUID(files []string) []byte {
	for _, file := range files {
		text, err := readFile(file)
		if err != nil {
			continue
		}
		if uuid := parseUUID(string(text)); uuid != nil {
			return uuid
		}
	}
	return nil
}

// parseUUID reads a UUID, with or without hyphens. It returns nil for what is
// none, and for those that firmware has that was never given one of its own.
func parseUUID(text string) []byte {
	uuid, ok := fromHex(strings.ReplaceAll(strings.TrimSpace(text), "-", ""))
	if !ok || len(uuid) != 16 {
		return nil
	}
	switch toHex(uuid) {
	case "00000000000000000000000000000000",
		"ffffffffffffffffffffffffffffffff",
		"03000200040005000006000700080009": // the example of a firmware vendor
		return nil
	}
	return uuid
}
