package dhcp4

import "net/netip"

// Kind is what a client message is for: RFC 2131 gives the five uses of
// DHCPREQUEST different fields, so each is a kind of its own.
type Kind uint8

const (
	KindDiscover Kind = iota
	KindSelecting
	KindInitReboot
	KindRenewing
	KindRebinding
	KindDecline
	KindRelease
	KindInform
	numKinds
)

// Identity is what a link says about itself in every message; it does not
// change while the link's client runs.
type Identity struct {
	HardwareAddr HardwareAddr
	ClientID     []byte // option 61, 2 to 255 bytes, nil for none
	HostName     string // option 12, "" for none
	VendorClass  string // option 60, "" for none
	Parameters   []Code // option 55, in order of preference
	MaxSize      uint16 // option 57: largest IP datagram we can receive, 576 or more; 0 for none
	Broadcast    bool   // ask for broadcast replies (RFC 2131 section 4.1)
	RapidCommit  bool   // option 80 in DISCOVER (RFC 4039)
	LeaseTime    uint32 // option 51 asked for, seconds; 0 for none
}

// Outgoing is one client message. Fields that RFC 2131 table 5 excludes for the
// Kind are not sent, whatever they hold.
type Outgoing struct {
	Kind      Kind
	Xid       uint32
	Secs      uint16     // seconds since the exchange began; sent as 0 in DECLINE and RELEASE
	Addr      netip.Addr // the address in question: ciaddr or option 50, by Kind; a hint in DISCOVER, where it may be invalid
	ServerID  netip.Addr // option 54, where the Kind has one
	Reason    string     // option 56 of DECLINE and RELEASE, short ASCII, may be empty
	Broadcast bool       // set the BROADCAST flag even if the Identity does not ask for it
}
