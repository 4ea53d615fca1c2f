package dhcp4

import (
	"errors"
	"net/netip"
	"strings"
)

// Identity is what a link says about itself in every message; it does not
// change while the link's client runs.
type Identity struct {
	HardwareAddr HardwareAddr
	ClientID     []byte // option 61, 2 to 255 bytes, nil for none
	HostName     string // option 12, at most 255 bytes, or with a dot in it option 81, at most 250; "" for none
	VendorClass  string // option 60, at most 255 bytes, "" for none
	PXE          *PXE   // options 93, 94 and 97, nil for none
	Parameters   []Code // option 55, in order of preference, at most 255; see ParameterList
	MaxSize      uint16 // option 57: largest IP datagram we can receive, sent as 576 at least and MaxMessage+28 at most; 0 for none
	Broadcast    bool   // ask for broadcast replies (RFC 2131 section 4.1)
	RapidCommit  bool   // option 80 in DISCOVER (RFC 4039)
	LeaseTime    uint32 // option 51 asked for, seconds; 0 for none
}

// Check tells whether every kind of message can be built with the Identity:
// whether each option is in its range, and all of them fit into a message.
func (id *Identity) Check() error {
	addr := netip.AddrFrom4([4]byte{192, 0, 2, 1})
	for kind := range numKinds {
		out := Outgoing{Kind: kind, Addr: addr, ServerID: addr, Reason: strings.Repeat(" ", maxReason)}
		if _, err := out.Append(nil, id); err != nil {
			return err
		}
	}
	return nil
}

func (id *Identity) inRange() error {
	switch {
	case len(id.ClientID) == 1 || len(id.ClientID) > 255:
		return errors.New("client identifier (option 61) must be 2 to 255 bytes long")
	case len(id.HostName) > 255:
		return errors.New("host name (option 12) must be at most 255 bytes long")
	case isQualified(id.HostName) && !isFQDN(id.HostName):
		return errors.New("host name with a dot (option 81) must be a domain name of at most 250 bytes")
	case len(id.VendorClass) > 255:
		return errors.New("vendor class (option 60) must be at most 255 bytes long")
	case len(id.Parameters) > 255:
		return errors.New("parameter request list (option 55) must have at most 255 entries")
	}
	return nil
}
