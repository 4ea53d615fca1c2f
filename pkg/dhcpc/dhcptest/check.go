package dhcptest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// rule is a column of RFC 2131 table 5, with the destinations of section 4.3.2
// and the options of table 4.
type rule struct {
	row, sentTo string       // the requirements on what is in it, and on where it goes
	unicast     bool         // to the server, else to 255.255.255.255
	ciaddr      bool         // the client's address, else zero
	needs       []dhcp4.Code // MUST
	excludes    []dhcp4.Code // MUST NOT
	only        []dhcp4.Code // if not nil, nothing but these
}

var (
	notInRequest = []dhcp4.Code{dhcp4.ErrorMessage, dhcp4.RapidCommit, relayInformation}
	notInUse     = append(notInRequest, dhcp4.RequestedAddress, dhcp4.ServerIdentifier)

	table5 = map[dhcp4.Kind]rule{
		dhcp4.KindDiscover: {
			row: "R2131-T5-10", sentTo: "R2131-4.4.1-02",
			excludes: []dhcp4.Code{dhcp4.ServerIdentifier, dhcp4.ErrorMessage, relayInformation},
		},
		dhcp4.KindSelecting: {
			row: "R2131-T5-14", sentTo: "R2131-3.1-01",
			needs:    []dhcp4.Code{dhcp4.RequestedAddress, dhcp4.ServerIdentifier},
			excludes: notInRequest,
		},
		dhcp4.KindInitReboot: {
			row: "R2131-T5-15", sentTo: "R2131-4.4.2-10",
			needs:    []dhcp4.Code{dhcp4.RequestedAddress},
			excludes: append(notInRequest, dhcp4.ServerIdentifier),
		},
		dhcp4.KindRenewing:  {row: "R2131-T5-16", sentTo: "R2131-T4-01", unicast: true, ciaddr: true, excludes: notInUse},
		dhcp4.KindRebinding: {row: "R2131-T5-17", sentTo: "R2131-4.3.2-01", ciaddr: true, excludes: notInUse},
		dhcp4.KindDecline: {
			row: "R2131-T5-18", sentTo: "R2131-4.4.4-01",
			needs: []dhcp4.Code{dhcp4.RequestedAddress, dhcp4.ServerIdentifier},
			only:  []dhcp4.Code{dhcp4.DHCPMessageType, dhcp4.RequestedAddress, dhcp4.ServerIdentifier, dhcp4.ClientIdentifier, dhcp4.ErrorMessage},
		},
		dhcp4.KindRelease: {
			row: "R2131-T5-20", sentTo: "R2131-4.4.4-02", unicast: true, ciaddr: true,
			needs: []dhcp4.Code{dhcp4.ServerIdentifier},
			only:  []dhcp4.Code{dhcp4.DHCPMessageType, dhcp4.ServerIdentifier, dhcp4.ClientIdentifier, dhcp4.ErrorMessage},
		},
	}
)

const relayInformation dhcp4.Code = 82

// check holds one message against the tables of RFC 2131: everything that can
// be said without knowing what was sent before.
func (m *Message) check() error {
	r, ok := table5[m.Kind]
	if !ok {
		return fmt.Errorf("%v: this client has no use for it", m)
	}
	var errs []error
	must := m.objections(&errs)
	m.checkHeader(must)
	m.checkOptions(must)

	must(r.unicast != (m.Dst.Addr() == limitedBroadcast), r.sentTo, "sent to %v (RFC 2131 section 4.3.2)", m.Dst.Addr())
	must(r.ciaddr != m.ClientAddr.IsUnspecified(), r.row, "ciaddr is %v (RFC 2131 table 5)", m.ClientAddr)
	if r.ciaddr {
		must(m.Src.Addr() == m.ClientAddr, r.sentTo, "comes from %v but ciaddr is %v", m.Src.Addr(), m.ClientAddr)
	} else {
		must(m.Src.Addr() == unspecified, "R2131-4.1-04", "comes from %v although no address is held (RFC 2131 section 4.1)", m.Src.Addr())
	}
	for _, c := range r.needs {
		must(m.Has(c), r.row, "option %d is missing (RFC 2131 table 5)", c)
	}
	for _, o := range m.Options {
		must(!slices.Contains(r.excludes, o.Code), r.row, "option %d must not be there (RFC 2131 table 5)", o.Code)
		must(r.only == nil || slices.Contains(r.only, o.Code), "R2131-T5-19", "option %d must not be there (RFC 2131 table 5)", o.Code)
	}
	if r.only != nil {
		must(m.Secs == 0, "R2131-T5-03", "secs is %d (RFC 2131 table 5)", m.Secs)
		must(m.Flags == 0, "R2131-T5-04", "flags are %#x (RFC 2131 table 5)", m.Flags)
	}
	return errors.Join(errs...)
}

// must objects to a message unless ok, in the name of a requirement, which the
// text ends with.
type must func(ok bool, row, format string, args ...any)

// objections collects what there is to say against a message.
func (m *Message) objections(errs *[]error) must {
	return func(ok bool, row, format string, args ...any) {
		if !ok {
			*errs = append(*errs, fmt.Errorf("%v: %s [%s]", m, fmt.Sprintf(format, args...), row))
		}
	}
}

// checkHeader is RFC 2131 table 1 and the first rows of table 5.
func (m *Message) checkHeader(must must) {
	b := m.Payload
	must(len(b) >= 300, "R951-3-01", "%d bytes, a BOOTP message has 300 (RFC 951 section 3)", len(b))
	must(len(b) <= 576-ipLen-udpLen, "R2131-2-04", "%d bytes do not fit a datagram of 576", len(b))
	must(bytes.Equal(b[:4], []byte{1, 1, 6, 0}), "R2131-2-01", "op, htype, hlen, hops are %v", b[:4])
	must(m.Flags&^0x8000 == 0, "R2131-2-03", "flags are %#x (RFC 2131 figure 2)", m.Flags)
	must(zero(b[16:28]), "R2131-T5-01", "yiaddr, siaddr or giaddr is not zero (RFC 2131 table 5)")
	must(m.HardwareAddr == m.Link.hw && zero(b[34:44]), "R2131-4.4.1-01", "chaddr is %x, the link's is %x", b[28:44], m.Link.hw)
	must(zero(b[44:236]), "R2131-T5-02", "sname or file is used (RFC 2131 table 5)")
	must(m.Src.Port() == clientPort, "R2131-4.1-03", "from port %d", m.Src.Port())
	if m.Raw {
		must(m.HWDst == dhcp4.Broadcast, "R2131-4.4.1-02", "the frame goes to %x (RFC 2131 section 4.4.1)", m.HWDst)
	}
}

// checkOptions is what the options themselves must be, in whatever message.
func (m *Message) checkOptions(must must) {
	seen := map[dhcp4.Code]bool{}
	for i, o := range m.Options {
		must(!seen[o.Code], "R2131-3-03", "option %d is there twice", o.Code)
		seen[o.Code] = true
		must(i > 0 || o.Code == dhcp4.DHCPMessageType, "P-MF-01", "option %d comes first, before the message type", o.Code)
		switch o.Code {
		case dhcp4.RequestedAddress, dhcp4.ServerIdentifier, dhcp4.LeaseTime:
			must(len(o.Data) == 4, "R2132-2-02", "option %d has %d bytes", o.Code, len(o.Data))
		case dhcp4.MaxMessageSize:
			must(len(o.Data) == 2 && int(o.Data[0])<<8|int(o.Data[1]) >= 576, "R2132-9.10-02", "option 57 is %x (RFC 2132 section 9.10)", o.Data)
		case dhcp4.ClientIdentifier:
			must(len(o.Data) >= 2, "R2132-9.14-01", "option 61 has %d bytes (RFC 2132 section 9.14)", len(o.Data))
		case dhcp4.ParameterRequestList:
			checkParameters(o.Data, must)
		}
	}
}

// checkParameters is RFC 2132 section 9.8 and RFC 3442: 121 before 3 and 33,
// and never without 3.
func checkParameters(list []byte, must must) {
	at := func(c dhcp4.Code) int { return bytes.IndexByte(list, byte(c)) }
	must(len(list) > 0, "R2132-9.8-01", "option 55 is empty")
	for i, c := range list {
		must(at(dhcp4.Code(c)) == i, "R2132-9.8-01", "option 55 asks twice for %d", c)
	}
	for _, c := range []dhcp4.Code{dhcp4.Pad, dhcp4.RequestedAddress, dhcp4.Overload, dhcp4.DHCPMessageType, dhcp4.ParameterRequestList, dhcp4.MaxMessageSize, dhcp4.ClientIdentifier, dhcp4.RapidCommit, relayInformation, dhcp4.End} {
		must(at(c) < 0, "P-OPT-01", "option 55 asks for %d, which no server gives", c)
	}
	if classless := at(dhcp4.ClasslessRoute); classless >= 0 {
		must(at(dhcp4.Router) > classless, "R3442-C-03", "option 55 asks for 121 but not for 3 after it (RFC 3442)")
		must(at(dhcp4.StaticRoute) < 0 || at(dhcp4.StaticRoute) > classless, "R3442-C-03", "option 55 asks for 33 before 121 (RFC 3442)")
	}
}

func zero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
