package dhcp4

import (
	"bytes"
	"strconv"
	"strings"
)

// Text is text from the wire. It is hostile until one of its methods has
// checked it: String only ever yields a quoted, shortened form for log lines.
type Text struct{ b []byte }

// maxLogged is how much of a text goes into a log line, in bytes before quoting.
const maxLogged = 64

// String is the text quoted and cut for a log line; never the text itself.
func (t Text) String() string {
	if len(t.b) > maxLogged {
		return strconv.QuoteToASCII(string(t.b[:maxLogged])) + "..."
	}
	return strconv.QuoteToASCII(string(t.b))
}

// IsZero reports whether there is no text.
func (t Text) IsZero() bool { return len(t.b) == 0 }

// Domain is the text if it is a domain name that may stand in resolv.conf:
// letters, digits, hyphen, underscore and dots, labels of at most 63 bytes that
// have no hyphen at either end, at most 253 in all. A dot at the end is removed.
func (t Text) Domain() (string, bool) {
	name := bytes.TrimSuffix(t.b, []byte("."))
	if len(name) > 253 || !isName(name, "-_") {
		return "", false
	}
	return string(name), true
}

// HostName is the text if it is a host name by RFC 1123 of at most 64 bytes,
// qualified or not. An address or "localhost" names no host. A dot at the end is removed.
func (t Text) HostName() (string, bool) {
	b := bytes.TrimSuffix(t.b, []byte("."))
	if len(b) > 64 || !isName(b, "-") { // HOST_NAME_MAX of Linux
		return "", false
	}
	name := string(b)
	if _, err := ParseAddr(name); err == nil {
		return "", false
	}
	if label, _, _ := strings.Cut(name, "."); strings.EqualFold(label, "localhost") {
		return "", false
	}
	return name, true
}

// Printable is the text if every byte of it is printable ASCII without quotes,
// backslash, backtick, dollar, semicolon or spaces: fit for a boot file, a path or a URL.
func (t Text) Printable() (string, bool) {
	if s := string(t.b); IsPrintable(s) {
		return s, true
	}
	return "", false
}

// IsPrintable is that check for a text that was remembered.
func IsPrintable(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' || strings.IndexByte("\"'\\`$;", c) >= 0 {
			return false
		}
	}
	return s != ""
}

// isName reports whether b is made of labels separated by dots.
func isName(b []byte, punctuation string) bool {
	for label := range bytes.SplitSeq(b, []byte(".")) {
		if !isLabel(label, punctuation) {
			return false
		}
	}
	return true
}

// isLabel reports whether b is one label of letters, digits and the given punctuation.
func isLabel(b []byte, punctuation string) bool {
	if len(b) == 0 || len(b) > 63 || b[0] == '-' || b[len(b)-1] == '-' {
		return false
	}
	for _, c := range b {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case strings.IndexByte(punctuation, c) >= 0:
		default:
			return false
		}
	}
	return true
}
