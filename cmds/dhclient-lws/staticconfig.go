package main

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// -static_network_config as gokrazy's dhcp takes it: an object in JSON, or the
// file that holds one. What it says is applied to one link, and the client ends.

// setStatic has the link that is meant get what the flag says. What is malformed is
// told, and the link is asked on instead.
func (o *options) setStatic() {
	if len(o.selectors) == 0 {
		o.selectors = []selector{{text: gokrazysLink}}
	}
	iface := o.selectors[0].text
	lease, err := readStatic(o.staticNet)
	if err == nil && (len(o.selectors) > 1 || !o.selectors[0].exact()) {
		err = errors.New("it is for one interface by its name")
	}
	if err != nil {
		o.remarks = append(o.remarks, "-static_network_config: "+safeText(err.Error())+"; DHCP is used")
		return
	}
	o.client.Static = func(l ifup.Link) *machine.Lease {
		if l.Name != iface {
			return nil
		}
		return lease
	}
	if o.background {
		return // and stays, as asked
	}
	// A link without a cable, or that is not there yet, is waited for.
	o.applies, o.once = true, true
	o.wait.mode, o.wait.names, o.wait.timeout, o.wait.patient = waitNames, []string{iface}, 0, true
}

// maxStatic is how long a file may be, in bytes.
const maxStatic = 64 << 10

func readStatic(text string) (*machine.Lease, error) {
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return parseStatic([]byte(text))
	}
	content, err := readRegular(text, maxStatic, 0, nil)
	if err != nil {
		return nil, wrap.In(text, err)
	}
	return parseStatic(content)
}

// parseStatic reads the object. Its names may be written in any case, as package
// encoding/json takes them, and each value may be null. An error says which of
// them is wrong.
func parseStatic(text []byte) (*machine.Lease, error) {
	l := &machine.Lease{T1: machine.Never, T2: machine.Never, Expiry: machine.Never}
	r := &jsonReader{in: text}
	var addr netip.Addr
	var wrong error
	length, last := 24, "{"
	r.object(func(name string) {
		if r.err != nil {
			return
		}
		last = name
		is := func(word string) bool { return strings.EqualFold(name, word) }
		var err error
		switch {
		case is("IP"):
			addr, err = parseHost(r.optionalText())
		case is("Netmask"):
			length, err = parseMask(r.optionalText(), length)
		case is("Broadcast"):
			l.Broadcast, err = parseAddr(r.optionalText())
		case is("Router"):
			var router netip.Addr
			if router, err = parseHost(r.optionalText()); router.IsValid() {
				l.Routers = []netip.Addr{router}
			}
		case is("DNS"):
			l.DNS, err = r.hosts()
		case is("Domain"):
			l.Domain, err = parseDomain(r.optionalText())
		case is("RenewalTime"):
			r.skip() // nothing is renewed
		default:
			err = errors.New("no such word; there are IP, Netmask, Broadcast, Router, DNS and Domain")
			r.skip()
		}
		if err != nil && wrong == nil {
			wrong = wrap.In(name, err)
		}
	})
	switch {
	case !r.end():
		return nil, errors.New("malformed JSON after " + strconv.Quote(last))
	case wrong != nil:
		return nil, wrong
	case !addr.IsValid():
		return nil, errors.New("IP: there is none")
	}
	l.Addr = netip.PrefixFrom(addr, length)
	return l, l.ValidStatic()
}

// optionalText is a text, or "" for null.
func (r *jsonReader) optionalText() string {
	if r.peek() == 'n' && r.word("null") {
		return ""
	}
	return r.text()
}

func (r *jsonReader) hosts() (list []netip.Addr, wrong error) {
	if r.peek() == 'n' && r.word("null") {
		return nil, nil
	}
	if r.peek() != '[' {
		r.skip()
		return nil, errors.New("a list is wanted, as [\"10.0.0.1\"]")
	}
	r.array(func() {
		a, err := parseHost(r.text())
		if err != nil {
			wrong = err
		}
		if a.IsValid() {
			list = append(list, a)
		}
	})
	return list[:min(len(list), maxResolvers)], wrong
}

// parseAddr reads an IPv4 address; "" is none.
func parseAddr(s string) (netip.Addr, error) {
	if s == "" {
		return netip.Addr{}, nil
	}
	a, err := dhcp4.ParseAddr(strings.TrimPrefix(s, "::ffff:")) // as IPv6 has it
	if err != nil {
		return netip.Addr{}, errors.New(strconv.Quote(s) + " is no IPv4 address")
	}
	return a, nil
}

// parseHost reads an address that a host may have.
func parseHost(s string) (netip.Addr, error) {
	a, err := parseAddr(s)
	if err == nil && a.IsValid() && !dhcp4.IsHost(a) {
		return netip.Addr{}, errors.New("no host has the address " + strconv.Quote(s))
	}
	return a, err
}

// parseMask reads a mask as 255.255.255.0 or, as gokrazy's dhcp has it, as its
// four bytes in base64, and returns its length. Without one it is that given.
func parseMask(s string, length int) (int, error) {
	if s == "" {
		return length, nil
	}
	mask, err := dhcp4.ParseAddr(s)
	if err != nil {
		mask = addrOfBase64(s)
	}
	if length, ok := dhcp4.MaskBits(mask); ok && length > 0 {
		return length, nil
	}
	return 0, errors.New(strconv.Quote(s) + " is no mask: write 255.255.255.0, or its bytes in base64")
}

// addrOfBase64 reads an IPv4 address as package encoding/json writes its bytes. If
// there is none it returns the zero Addr.
func addrOfBase64(s string) netip.Addr {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	text, padded := strings.CutSuffix(s, "==")
	if !padded || len(text) != 6 {
		return netip.Addr{}
	}
	var v uint64
	for _, c := range []byte(text) {
		digit := strings.IndexByte(digits, c)
		if digit < 0 {
			return netip.Addr{}
		}
		v = v<<6 | uint64(digit)
	}
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, uint32(v>>4)))) // 36 bits hold 32
}

func parseDomain(s string) (string, error) {
	if s != "" && !isHostName(s) {
		return "", errors.New(strconv.Quote(s) + " is no domain name")
	}
	return s, nil
}
