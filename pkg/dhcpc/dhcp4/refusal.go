package dhcp4

// A Refusal says why a received frame was not used. The zero value, Accepted,
// says that it was. Refusals are counted per link and printed with -vv; the
// first three groups are found by this package, the last by package machine,
// which knows what the link is waiting for.
type Refusal uint8

const (
	Accepted Refusal = iota

	// The frame (ParseFrame).
	ShortFrame     // ends inside a header
	NotIPv4        // EtherType, version or header length
	BadIPLength    // total length smaller than the header or larger than the frame
	BadIPChecksum  //
	Fragment       // a DHCP reply is never fragmented on the way to a client
	NotUDP         //
	NotClientPort  // UDP destination port is not 68
	BadUDPLength   //
	BadUDPChecksum // wrong, and not announced as still to be filled in
	VLANTagged     // belongs to a VLAN on top of this link
	OutgoingCopy   // our own frame, looped back by the kernel

	// The message (Message.Decode).
	ShortMessage  // shorter than a BOOTP header and the cookie
	LongMessage   // longer than MaxMessage
	NotReply      // op is not BOOTREPLY
	BadCookie     //
	BadOption     // an option runs past the end of its field
	NoMessageType // option 53 is absent or not one byte long (plain BOOTP)

	// What was asked (package machine).
	WrongHardwareAddr // htype, hlen or chaddr is not ours
	WrongXid          //
	WrongClientID     // option 61 is not the one we sent (RFC 6842)
	UnexpectedType    // this message type is not awaited in this state
	NoServerID        // option 54 is absent, malformed or no unicast address
	WrongServer       // from another server than the one selected
	NoLeaseTime       // option 51 is absent or malformed
	BadLeaseTime      // zero, or too short to live with
	BadAddress        // yiaddr is no usable host address
	WrongAddress      // yiaddr is not the address that was asked for
	BadMask           // option 1 is not contiguous, or too wide
	NotStrict         // accepted by the RFC, refused by the strict rules

	NumRefusals
)

var refusals = [NumRefusals]string{
	Accepted:          "accepted",
	ShortFrame:        "short frame",
	NotIPv4:           "not IPv4",
	BadIPLength:       "bad IP length",
	BadIPChecksum:     "bad IP checksum",
	Fragment:          "fragment",
	NotUDP:            "not UDP",
	NotClientPort:     "not for port 68",
	BadUDPLength:      "bad UDP length",
	BadUDPChecksum:    "bad UDP checksum",
	VLANTagged:        "VLAN tagged",
	OutgoingCopy:      "outgoing copy",
	ShortMessage:      "short message",
	LongMessage:       "long message",
	NotReply:          "not a reply",
	BadCookie:         "bad cookie",
	BadOption:         "bad option",
	NoMessageType:     "no message type",
	WrongHardwareAddr: "wrong hardware address",
	WrongXid:          "wrong xid",
	WrongClientID:     "wrong client identifier",
	UnexpectedType:    "unexpected message type",
	NoServerID:        "no server identifier",
	WrongServer:       "wrong server",
	NoLeaseTime:       "no lease time",
	BadLeaseTime:      "bad lease time",
	BadAddress:        "bad address",
	WrongAddress:      "wrong address",
	BadMask:           "bad mask",
	NotStrict:         "not strict",
}

// String is a few stable words, for a log line and as the name of a counter.
func (r Refusal) String() string {
	if r >= NumRefusals {
		return "unknown"
	}
	return refusals[r]
}
