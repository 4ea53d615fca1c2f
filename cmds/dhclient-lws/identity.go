package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// What the client says about itself in its messages.

// setClientID takes the form of option 61.
func (o *options) setClientID(s string) error {
	switch s {
	case "mac":
		o.client.ClientID = nil // the client's default
		return nil
	case "none":
		o.client.ClientID = func(dhcp4.HardwareAddr) []byte { return nil }
		return nil
	case "duid":
		o.client.ClientID = newDUID(machineUUID)
		return nil
	}
	id, ok := fromHex(strings.ReplaceAll(s, ":", ""))
	if !ok || len(id) < 2 || len(id) > 255 {
		return errNotAllowed
	}
	o.client.ClientID = func(dhcp4.HardwareAddr) []byte { return id }
	return nil
}

func (o *options) setHostName(s string) error {
	o.client.HostName = s
	return check(s == "" || isHostName(s))
}

func (o *options) setVendorClass(s string) error {
	o.client.VendorClass = s
	return check(s != "" && len(s) <= 255 && safeText(s) == s)
}

func (o *options) setRequest(s string) error {
	o.client.Parameters = nil
	for word := range strings.SplitSeq(s, ",") {
		n, err := strconv.ParseUint(word, 10, 8)
		if err != nil || n == uint64(dhcp4.Pad) || n == uint64(dhcp4.End) {
			return errNotAllowed
		}
		if code := dhcp4.Code(n); !slices.Contains(o.client.Parameters, code) {
			o.client.Parameters = append(o.client.Parameters, code)
		}
	}
	return nil
}

// fits reports an error if what the user wants to be said does not fit into the
// smallest message that every server must accept.
func (o *options) fits() error {
	id := dhcp4.Identity{
		ClientID:    make([]byte, 7),
		HostName:    o.client.HostName,
		VendorClass: o.client.VendorClass,
		PXE:         o.client.PXE,
		Parameters:  dhcp4.ParameterList(o.client.Parameters...),
		MaxSize:     dhcp4.MaxMessage,
	}
	if o.client.ClientID != nil {
		id.ClientID = o.client.ClientID(dhcp4.HardwareAddr{})
	}
	if id.Check() != nil {
		return errors.New("-client-id, -hostname, -vendor-class, -request and -netboot do not fit into one message together; say less")
	}
	return nil
}

// kernelHostName is the name of this machine, or "" if it has none worth telling a server.
func kernelHostName() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	name := unix.ByteSliceToString(u.Nodename[:])
	if label, _, _ := strings.Cut(name, "."); label == "localhost" || !isHostName(name) { // "(none)" is no host name
		return ""
	}
	return name
}

// isHostName reports whether s may be sent as a host name: as Linux has them,
// of letters, digits, hyphens and dots, at most 64 bytes. An address is none: a
// kernel that was told only that by ip= takes it for its name.
func isHostName(s string) bool {
	if _, err := dhcp4.ParseAddr(s); err == nil {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, c := range []byte(label) {
			if c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
				return false
			}
		}
	}
	return len(s) <= 64
}
