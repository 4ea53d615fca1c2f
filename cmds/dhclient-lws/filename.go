package main

import (
	"strings"
)

// Names of our own files beside those of interfaces. They are longer than the
// name of an interface can be.
const (
	firstResidentLock = "first-of-the-residents.lock"
	resolvConfLock    = "writer-of-resolv.conf.lock"
)

// fileName is what a file about an interface is called, without what comes after
// the dot. Interface names are anybody's text; those that could mean anything to
// a shell or to us are written in hexadecimal, in a form that is too long for an
// interface to have it as its name.
func fileName(iface string) string {
	if isPlainName(iface) && iface != statusName && !strings.HasPrefix(iface, statusName+".") {
		return iface
	}
	return hexName + toHex([]byte(iface))
}

const (
	statusName = "status"
	hexName    = "interface-in-hex-"
)

// interfaceOf is the interface that a file name stands for, or "" for none.
func interfaceOf(name string) string {
	iface := name
	if digits, found := strings.CutPrefix(name, hexName); found {
		b, ok := fromHex(digits)
		if !ok {
			return ""
		}
		iface = string(b)
	}
	if fileName(iface) != name || !possibleName(iface) {
		return ""
	}
	return iface
}

// isPlainName reports whether an interface name can be a file name and mean
// nothing else to anybody: it is plain and begins with a letter or a digit.
func isPlainName(s string) bool { return isPlain(s) && strings.IndexByte(".-_@", s[0]) < 0 }
