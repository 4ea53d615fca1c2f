package main

import "strconv"

// Interface names, the user's arguments and the texts of errors may hold
// anything, escape sequences for the terminal included. They reach the console
// through these two functions only.

// safeName is an interface name for the console: as it is if it is made of
// letters, digits and .-_@, else quoted.
func safeName(s string) string {
	if !isPlain(s) {
		return strconv.QuoteToASCII(s)
	}
	return s
}

// isPlain reports whether s means nothing but itself to a terminal or a shell. ""
// does.
func isPlain(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '.', c == '-', c == '_', c == '@':
		default:
			return false
		}
	}
	return s != ""
}

// safeText is a text for the console: as it is if it is printable ASCII and not
// empty, else quoted.
func safeText(s string) string {
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			return strconv.QuoteToASCII(s)
		}
	}
	if s == "" {
		return `""`
	}
	return s
}
