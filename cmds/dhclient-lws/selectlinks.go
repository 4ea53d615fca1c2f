package main

import (
	"errors"
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// A selector is one interface argument. Exactly one way of matching is set,
// none for the name itself.
type selector struct {
	text string
	glob bool
	hw   *[6]byte
	expr *expression
}

const selectorHelp = "an interface is a name, a shell pattern (eth*), a MAC address, or a regular expression that begins with ^"

// parseSelectors reads interface arguments.
func parseSelectors(texts []string) (list []selector, err error) {
	for _, text := range texts {
		s, err := parseSelector(text)
		if err != nil {
			return nil, errors.New("interface " + strconv.Quote(text) + ": " + err.Error() + "; " + selectorHelp)
		}
		list = append(list, s)
	}
	return list, nil
}

// parseSelector reads one interface argument.
func parseSelector(text string) (selector, error) {
	s := selector{text: text}
	if strings.HasPrefix(text, "^") {
		var err error
		s.expr, err = parseExpression(text)
		return s, err
	}
	if strings.ContainsAny(text, "*?[") {
		if _, err := path.Match(text, ""); err != nil {
			return s, errors.New("not a shell pattern")
		}
		s.glob = true
		return s, nil
	}
	if hw, ok := dhcp4.ParseHardwareAddr(text); ok {
		s.hw = (*[6]byte)(&hw)
		return s, nil
	}
	if !possibleName(text) {
		return s, errors.New("no interface can have this name")
	}
	return s, nil
}

// exact reports whether the selector names one interface, which is then waited
// for even if it does not exist.
func (s *selector) exact() bool { return !s.glob && s.hw == nil && s.expr == nil }

// matches reports whether the selector means this link.
func (s *selector) matches(l *ifup.Link) bool {
	if s.exact() {
		return l.Name == s.text
	}
	// Only a full name may mean a link that is part of a bridge or a bond:
	// an address there is of no use.
	if l.Type != unix.ARPHRD_ETHER || l.Loopback() || l.Master != 0 {
		return false
	}
	if s.hw != nil {
		// What is stacked upon a NIC (a VLAN, a bridge) has its MAC address too,
		// and it is the NIC that is meant.
		return l.HardwareAddr == *s.hw && (l.Kind == "" || l.Kind == "veth")
	}
	return s.matchesName(l.Name)
}

// matchesName is for what does not look at the MAC address.
func (s *selector) matchesName(name string) bool {
	if s.expr != nil {
		return s.expr.matches(name)
	}
	matched, _ := path.Match(s.text, name) // the pattern was checked when it was parsed
	// A link may be called what looks like a pattern.
	return matched || name == s.text
}

// selectLink reports whether the client should ask on a link, and which of the
// arguments is the first to say so. Without arguments it is every wired NIC.
func selectLink(selectors []selector, l *ifup.Link) (rank int, ok bool) {
	if len(selectors) == 0 {
		return 0, isNIC(l)
	}
	for i := range selectors {
		if selectors[i].matches(l) {
			return i, true
		}
	}
	return 0, false
}

// isNIC reports whether a link is hardware that nobody else looks after. Links
// that software made (containers' veth, bridges, VLANs) have a kind, real and
// virtio NICs have none; a wireless link belongs to whoever associates it.
func isNIC(l *ifup.Link) bool {
	return l.Type == unix.ARPHRD_ETHER && !l.Loopback() && l.Master == 0 && l.Kind == "" && !l.Wireless
}

// possibleName reports whether the kernel would accept an interface name.
func possibleName(s string) bool {
	if s == "" || s == "." || s == ".." || len(s) > 15 {
		return false
	}
	for _, c := range []byte(s) {
		if c == '/' || c == ':' || c == ' ' || c >= '\t' && c <= '\r' || c == 0xa0 {
			return false
		}
	}
	return true
}
