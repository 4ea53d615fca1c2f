// Package bootargs reads what a boot loader has to say about the network: the
// words BOOTIF= and ip= of the kernel's command line.
package bootargs

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
)

// Args is what the command line says.
type Args struct {
	BootIF [6]byte // the MAC address of the link that the machine was booted from; zero if that is not said
	IP     []IP    // in the order of the line
	Errors []error // what could not be understood, one line each
}

// IP is one word ip=, in the kernel's own syntax (nfsroot.txt):
//
//	ip=CLIENT:SERVER:GATEWAY:NETMASK:HOSTNAME:DEVICE:METHOD:DNS:DNS:NTP
//	ip=METHOD
//
// and in that of dracut where it is shorter: ip=DEVICE:METHOD.
type IP struct {
	Device  string       // "" is any
	Address netip.Prefix // not valid: it is to be asked for
	Gateway netip.Addr   // not valid: none
	Server  netip.Addr   // of the files; not valid: none
	Host    string
	DNS     []netip.Addr
	NTP     []netip.Addr
}

// Static reports whether there is nothing to ask for.
func (ip *IP) Static() bool { return ip.Address.IsValid() }

// Parse reads a command line. What is malformed is asked for: a link whose word
// cannot be understood is one without an address.
func Parse(line string) (a Args) {
	for _, word := range words(line) {
		name, value, found := strings.Cut(word, "=")
		if !found {
			continue
		}
		switch name {
		case "BOOTIF":
			hw, ok := parseBootIF(value)
			if !ok {
				a.Errors = append(a.Errors, fmt.Errorf("BOOTIF=%s: not a MAC address", value))
				continue
			}
			a.BootIF = hw
		case "ip":
			ip, applies, err := parseIP(value)
			if err != nil {
				a.Errors = append(a.Errors, fmt.Errorf("ip=%s: %w", value, err))
			}
			if applies {
				a.IP = append(a.IP, ip)
			}
		}
	}
	return a
}

// words are the words of the line. Quotation marks keep spaces, as in the kernel.
// What follows "--" is for init.
func words(line string) (list []string) {
	var word []byte
	quoted, begun := false, false
	for i := range len(line) + 1 {
		switch {
		case i < len(line) && line[i] == '"':
			quoted, begun = !quoted, true
		case i < len(line) && (quoted || !strings.ContainsRune(" \t\n\v\f\r\u00a0", rune(line[i]))):
			word, begun = append(word, line[i]), true
		case begun:
			if string(word) == "--" {
				return list
			}
			list = append(list, string(word))
			word, begun = word[:0], false
		}
	}
	return list
}

// parseBootIF reads what pxelinux and iPXE write: the type of the hardware, then
// the address. Some leave the type out.
func parseBootIF(s string) (hw [6]byte, ok bool) {
	b, err := hex.DecodeString(strings.NewReplacer("-", "", ":", "").Replace(s))
	if err != nil {
		return hw, false
	}
	if len(b) == 7 && b[0] == 1 { // Ethernet
		b = b[1:]
	}
	return hw, copy(hw[:], b) == len(hw) && len(b) == len(hw)
}

// methods are the words for how a link gets its address.
var methods = map[string]bool{ // and whether it asks
	"dhcp": true, "on": true, "any": true, "both": true, "": true,
	"bootp": true, "rarp": true, // by DHCP, which answers for both today
	"off": false, "none": false, "static": false,
}

// parseIP reads one word. It does not apply where nothing is to be done.
func parseIP(s string) (ip IP, applies bool, err error) {
	if asks, ok := methods[s]; ok {
		return ip, asks, nil
	}
	f := strings.Split(s, ":")
	if len(f) == 2 {
		if asks, ok := methods[f[1]]; ok && f[1] != "" && !looksLikeAddress(f[0]) {
			ip.Device = f[0]
			return ip, asks, nil
		}
	}
	field := func(i int) string {
		if i < len(f) {
			return f[i]
		}
		return ""
	}
	if strings.HasPrefix(s, "[") {
		return ip, true, fmt.Errorf("IPv6 is not served")
	}
	if len(f) > 10 {
		return ip, true, fmt.Errorf("%d words, where there are 10 at most", len(f))
	}
	ip.Device = field(5)
	r := reader{}
	client, mask := r.address("the client", field(0)), field(3)
	static := IP{
		Device: ip.Device, Host: field(4),
		Server:  r.address("the server", field(1)),
		Gateway: r.address("the gateway", field(2)),
	}
	static.Address = r.prefix(client, mask)
	for i, what := range []string{"a DNS server", "a DNS server", "an NTP server"} {
		a := r.address(what, field(7+i))
		switch {
		case !a.IsValid():
		case i < 2:
			static.DNS = append(static.DNS, a)
		default:
			static.NTP = append(static.NTP, a)
		}
	}
	asks, ok := methods[field(6)]
	if !ok {
		r.fail("%q is no way to get an address (dhcp, on, any, off, none)", field(6))
	}
	switch {
	case r.err != nil:
		return ip, true, r.err
	case client.IsValid() && (!asks || field(6) == ""):
		return static, true, nil
	case !asks:
		return ip, false, nil
	}
	return ip, true, nil
}

func looksLikeAddress(s string) bool {
	_, err := netip.ParseAddr(s)
	return s == "" || err == nil
}

// reader reads fields until one is malformed.
type reader struct{ err error }

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// address reads an address that a host may have. None is none.
func (r *reader) address(what, s string) netip.Addr {
	if s == "" || s == "0.0.0.0" {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is4() || !a.IsGlobalUnicast() {
		r.fail("%s cannot have the address %q", what, s)
		return netip.Addr{}
	}
	return a
}

// prefix is the address with its mask, which may be a number of bits.
func (r *reader) prefix(a netip.Addr, mask string) netip.Prefix {
	if !a.IsValid() {
		return netip.Prefix{}
	}
	if mask == "" {
		return netip.PrefixFrom(a, classful(a))
	}
	for bits := 1; bits <= 32; bits++ {
		if mask == fmt.Sprint(bits) || mask == maskOf(bits) {
			return netip.PrefixFrom(a, bits)
		}
	}
	r.fail("%q is no mask", mask)
	return netip.Prefix{}
}

func maskOf(bits int) string {
	p, _ := netip.AddrFrom4([4]byte{255, 255, 255, 255}).Prefix(bits) // bits are in range
	return p.Masked().Addr().String()
}

// classful is the length of the prefix before there were masks (RFC 791).
func classful(a netip.Addr) int {
	switch first := a.As4()[0]; {
	case first < 128:
		return 8
	case first < 192:
		return 16
	}
	return 24
}
