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

// Type is the message type that the kind is sent as.
func (k Kind) Type() MessageType {
	if k >= numKinds {
		return 0
	}
	return contents[k].kind
}

// Outgoing is one client message. Fields that RFC 2131 table 5 excludes for the
// Kind are not sent, whatever they hold.
type Outgoing struct {
	Kind      Kind
	Xid       uint32
	Secs      uint16     // seconds since the exchange began; sent as 0 in DECLINE and RELEASE
	Addr      netip.Addr // the address in question: ciaddr or option 50, by Kind; a hint in DISCOVER, where it may be invalid
	ServerID  netip.Addr // option 54, where the Kind has one
	Reason    string     // option 56 of DECLINE and RELEASE, ASCII, at most 32 bytes, may be empty
	Broadcast bool       // set the BROADCAST flag even if the Identity does not ask for it
}

// content is what a message may hold beside the header and option 53.
type content uint16

const (
	secs content = 1 << iota
	flags
	ciaddr
	requestedAddress
	serverID
	leaseTime
	parameters
	rapidCommit
	reason
	selfDescription // options 12 or 81, 57, 60, 93, 94, 97
)

// contents is RFC 2131 table 5, with table 4 where they differ: REBINDING has
// no option 50 either. Option 61 is not in it, because once used it belongs
// into every message (section 2).
var contents = [numKinds]struct {
	kind MessageType
	content
}{
	KindDiscover:   {Discover, secs | flags | requestedAddress | leaseTime | parameters | selfDescription | rapidCommit},
	KindSelecting:  {Request, secs | flags | requestedAddress | serverID | leaseTime | parameters | selfDescription},
	KindInitReboot: {Request, secs | flags | requestedAddress | leaseTime | parameters | selfDescription},
	KindRenewing:   {Request, secs | flags | ciaddr | leaseTime | parameters | selfDescription},
	KindRebinding:  {Request, secs | flags | ciaddr | leaseTime | parameters | selfDescription},
	KindDecline:    {Decline, requestedAddress | serverID | reason},
	KindRelease:    {Release, ciaddr | serverID | reason},
	KindInform:     {Inform, secs | flags | ciaddr | parameters | selfDescription},
}
