package dhcp4

import "strings"

// Option 81, the client's fully qualified domain name (RFC 4702): flags, two result
// codes that nobody uses any more, the name.
const (
	fqdnHeader = 3
	fqdnServer = 1 << 0 // S: the server is to enter our address under the name
	fqdnWire   = 1 << 2 // E: the name is as DNS has it on the wire, not ASCII

	// maxFQDN is the longest name that fits into one option: on the wire it has a
	// length before its first label and a zero after its last.
	maxFQDN = 255 - fqdnHeader - 2
)

// isQualified reports whether a host name says which domain it is in.
func isQualified(name string) bool { return strings.Contains(name, ".") }

// isFQDN reports whether a name can be sent in option 81.
func isFQDN(name string) bool {
	name = strings.TrimSuffix(name, ".")
	return len(name) <= maxFQDN && isName([]byte(name), "-_")
}

// appendHostName writes a name in one of the options that there are for it. Who
// sends option 81 must not send option 12 (RFC 4702 section 3.1).
func appendHostName(dst []byte, name string) []byte {
	if !isQualified(name) {
		return appendText(dst, HostName, name)
	}
	name = strings.TrimSuffix(name, ".")
	dst = append(dst, byte(ClientFQDN), byte(fqdnHeader+len(name)+2), fqdnServer|fqdnWire, 0, 0)
	for label := range strings.SplitSeq(name, ".") {
		dst = append(dst, byte(len(label)))
		dst = append(dst, label...)
	}
	return append(dst, 0)
}

// FQDN is the name in option 81 if it is one that [Text.HostName] takes: that
// under which a server has entered the client's address in the DNS, or wants it to
// be known. It may be without a domain.
func (o *Options) FQDN() (string, bool) {
	b := o.Bytes(ClientFQDN)
	if len(b) < fqdnHeader {
		return "", false
	}
	name := b[fqdnHeader:]
	if b[0]&fqdnWire == 0 {
		return Text{name}.HostName()
	}
	var space [maxNameText]byte
	text := space[:0]
	for len(name) > 0 && name[0] != 0 {
		n := int(name[0])
		if n > 63 || n >= len(name) || len(text)+n+1 > maxNameText {
			return "", false
		}
		text = append(append(text, name[1:1+n]...), '.')
		name = name[1+n:]
	}
	if len(name) > 1 {
		return "", false // something follows the name
	}
	return Text{text}.HostName()
}
