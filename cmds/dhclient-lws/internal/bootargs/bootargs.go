// Package bootargs reads what a boot loader has to say about the network: the
// words BOOTIF= and ip= of the kernel's command line.
package bootargs

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// Args is what the command line says.
type Args struct {
	BootIF dhcp4.HardwareAddr // of the link that the machine was booted from; zero if that is not said
	IP     []IP               // in the order of the line
	Errors []error            // what could not be understood, one line each
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
				a.Errors = append(a.Errors, errors.New("BOOTIF="+value+": not a MAC address"))
				continue
			}
			a.BootIF = hw
		case "ip":
			ip, applies, err := parseIP(value)
			if err != nil {
				a.Errors = append(a.Errors, errors.New("ip="+value+": "+err.Error()+"; DHCP is used"))
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

// parseBootIF reads what pxelinux and iPXE write: the type of the hardware, 01 for
// Ethernet, then the address. Some leave the type out.
func parseBootIF(s string) (dhcp4.HardwareAddr, bool) {
	if hw, ok := dhcp4.ParseHardwareAddr(s); ok {
		return hw, true
	}
	if strings.HasPrefix(s, "01-") || strings.HasPrefix(s, "01:") {
		s = s[3:]
	}
	return dhcp4.ParseHardwareAddr(s)
}

// methods are the words for how a link gets its address.
var methods = map[string]bool{ // and whether it asks
	"dhcp": true, "on": true, "any": true, "both": true, "": true,
	"bootp": true, "rarp": true, // by DHCP, which answers for both today
	"off": false, "none": false, "static": false,
}

// The fields of a word.
const (
	client = iota
	server
	gateway
	netmask
	host
	device
	method
	dns1
	dns2
	ntp
	numFields
)

// parseIP reads one word. It does not apply where nothing is to be done.
func parseIP(s string) (ip IP, applies bool, err error) {
	if device, asks, ok := parseShort(s); ok {
		return IP{Device: device}, asks, nil
	}
	if strings.HasPrefix(s, "[") {
		return IP{}, true, errors.New("IPv6 is not served")
	}
	given := strings.Split(s, ":")
	if len(given) > numFields {
		return IP{}, true, errors.New(strconv.Itoa(len(given)) + " words, where there are " + strconv.Itoa(numFields) + " at most")
	}
	var f [numFields]string
	copy(f[:], given)
	r := reader{}
	static, asks := r.static(&f), r.method(f[method])
	switch {
	case r.err != nil:
		return IP{Device: f[device]}, true, r.err
	case static.Static() && (!asks || f[method] == ""):
		return static, true, nil
	}
	return IP{Device: f[device]}, asks, nil
}

// parseShort reads METHOD and DEVICE:METHOD.
func parseShort(s string) (device string, asks, ok bool) {
	if asks, ok = methods[s]; ok {
		return "", asks, true
	}
	device, word, _ := strings.Cut(s, ":")
	if word == "" || looksLikeAddress(device) {
		return "", false, false
	}
	asks, ok = methods[word]
	return device, asks, ok
}

func looksLikeAddress(s string) bool {
	_, err := dhcp4.ParseAddr(s)
	return s == "" || err == nil
}

// reader reads fields until one is malformed.
type reader struct{ err error }

func (r *reader) fail(why string) {
	if r.err == nil {
		r.err = errors.New(why)
	}
}

// static reads what a link is to have if it has an address.
func (r *reader) static(f *[numFields]string) IP {
	addr := r.address("the client", f[client])
	ip := IP{
		Device:  f[device],
		Host:    f[host],
		Server:  r.address("the server", f[server]),
		Gateway: r.address("the gateway", f[gateway]),
	}
	ip.Address = r.prefix(addr, f[netmask])
	for _, s := range f[dns1:ntp] {
		if a := r.address("a DNS server", s); a.IsValid() {
			ip.DNS = append(ip.DNS, a)
		}
	}
	if a := r.address("an NTP server", f[ntp]); a.IsValid() {
		ip.NTP = append(ip.NTP, a)
	}
	return ip
}

func (r *reader) method(s string) (asks bool) {
	asks, ok := methods[s]
	if !ok {
		r.fail(strconv.Quote(s) + " is no way to get an address (dhcp, on, any, off, none)")
	}
	return asks
}

// address reads an address that a host may have. None is none.
func (r *reader) address(what, s string) netip.Addr {
	if s == "" || s == "0.0.0.0" {
		return netip.Addr{}
	}
	a, err := dhcp4.ParseAddr(s)
	if err != nil || !dhcp4.IsHost(a) {
		r.fail(what + " cannot have the address " + strconv.Quote(s))
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
		return netip.PrefixFrom(a, dhcp4.Classful(a).Bits())
	}
	bits, err := strconv.Atoi(mask)
	if m, isAddr := dhcp4.ParseAddr(mask); isAddr == nil {
		if length, ok := dhcp4.MaskBits(m); ok {
			bits, err = length, nil
		}
	}
	if err != nil || bits < 1 || bits > 32 {
		r.fail(strconv.Quote(mask) + " is no mask")
		return netip.Prefix{}
	}
	return netip.PrefixFrom(a, bits)
}
