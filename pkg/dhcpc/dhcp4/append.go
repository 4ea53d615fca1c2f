package dhcp4

import (
	"encoding/binary"
	"errors"
	"strconv"
)

const (
	// minPayload is what BOOTP relays and old servers expect (RFC 951 section 3).
	minPayload = 300
	// minDatagram is what every host can receive, IP header included (RFC 2131
	// section 2). We never send more, as we never know that the server can.
	minDatagram = 576
	maxPayload  = minDatagram - ipLen - udpLen
	maxReason   = 32 // so that it fits beside any client identifier
)

// Append writes the message, padded to the 300 bytes of a BOOTP packet, to dst.
// It fails if the message would make a datagram larger than 576 bytes, or if an
// option of the Identity or a field that the Kind requires is out of its range;
// then dst is returned as it was.
func (out *Outgoing) Append(dst []byte, id *Identity) ([]byte, error) {
	if err := out.inRange(); err != nil {
		return dst, errors.New(out.Kind.Type().String() + ": " + err.Error())
	}
	if err := id.inRange(); err != nil {
		return dst, err
	}
	start := len(dst)
	b := out.appendOptions(out.appendHeader(dst, id), id)
	n := len(b) - start
	if n > maxPayload {
		return dst, errors.New(out.Kind.Type().String() + ": " + strconv.Itoa(n) + " bytes do not fit into a datagram of " + strconv.Itoa(minDatagram))
	}
	var padding [minPayload]byte
	if n < minPayload {
		b = append(b, padding[n:]...)
	}
	return b, nil
}

// inRange checks what only the message has.
func (out *Outgoing) inRange() error {
	if out.Kind >= numKinds {
		return errors.New("no such kind of message")
	}
	has := contents[out.Kind].content
	switch {
	case has&(ciaddr|requestedAddress) != 0 && out.Kind != KindDiscover && !usable(out.Addr):
		return errors.New("an IPv4 address is required")
	case has&serverID != 0 && !usable(out.ServerID):
		return errors.New("a server identifier is required")
	case has&reason != 0 && len(out.Reason) > maxReason:
		return errors.New("reason must be at most " + strconv.Itoa(maxReason) + " bytes long")
	}
	return nil
}

func (out *Outgoing) appendHeader(dst []byte, id *Identity) []byte {
	var h [atOptions]byte
	has := contents[out.Kind].content
	h[atOp], h[atHType], h[atHLen] = bootRequest, htypeEthernet, byte(len(id.HardwareAddr))
	binary.BigEndian.PutUint32(h[atXid:], out.Xid)
	if has&secs != 0 {
		binary.BigEndian.PutUint16(h[atSecs:], out.Secs)
	}
	if has&flags != 0 && (out.Broadcast || id.Broadcast) {
		binary.BigEndian.PutUint16(h[atFlags:], flagBroadcast)
	}
	if has&ciaddr != 0 {
		addr := out.Addr.As4()
		copy(h[atCIAddr:], addr[:])
	}
	copy(h[atCHAddr:], id.HardwareAddr[:])
	binary.BigEndian.PutUint32(h[atCookie:], cookie)
	return append(dst, h[:]...)
}

// appendOptions writes the options in an order that no server stumbles over:
// the type, what the message is about, who we are, what we want.
func (out *Outgoing) appendOptions(dst []byte, id *Identity) []byte {
	has := contents[out.Kind].content
	dst = append(dst, byte(DHCPMessageType), 1, byte(contents[out.Kind].kind))
	if has&serverID != 0 {
		dst = appendAddr(append(dst, byte(ServerIdentifier), 4), out.ServerID)
	}
	if has&requestedAddress != 0 && usable(out.Addr) {
		dst = appendAddr(append(dst, byte(RequestedAddress), 4), out.Addr)
	}
	if len(id.ClientID) > 0 {
		dst = append(dst, byte(ClientIdentifier), byte(len(id.ClientID)))
		dst = append(dst, id.ClientID...)
	}
	if has&parameters != 0 {
		dst = out.appendParameters(dst, id.Parameters)
	}
	if has&leaseTime != 0 && id.LeaseTime != 0 {
		dst = append(dst, byte(LeaseTime), 4)
		dst = binary.BigEndian.AppendUint32(dst, id.LeaseTime)
	}
	if has&selfDescription != 0 {
		if id.MaxSize != 0 {
			size := min(max(id.MaxSize, minDatagram), MaxMessage+ipLen+udpLen)
			dst = append(dst, byte(MaxMessageSize), 2)
			dst = binary.BigEndian.AppendUint16(dst, size)
		}
		dst = appendHostName(dst, id.HostName)
		dst = appendText(dst, VendorClass, id.VendorClass)
		if id.PXE != nil {
			dst = id.PXE.append(dst)
		}
	}
	if has&rapidCommit != 0 && id.RapidCommit {
		dst = append(dst, byte(RapidCommit), 0)
	}
	if has&reason != 0 {
		dst = appendText(dst, ErrorMessage, out.Reason)
	}
	return append(dst, byte(End))
}

func appendText(dst []byte, c Code, text string) []byte {
	if text == "" {
		return dst
	}
	dst = append(dst, byte(c), byte(len(text)))
	return append(dst, text...)
}

// appendParameters writes the parameter request list. An INFORM asks for no
// lease, and so for none of its times (RFC 2131 section 4.4.3).
func (out *Outgoing) appendParameters(dst []byte, list []Code) []byte {
	at := len(dst)
	dst = append(dst, byte(ParameterRequestList), 0)
	for _, c := range list {
		if out.Kind == KindInform && (c == LeaseTime || c == RenewalTime || c == RebindingTime) {
			continue
		}
		dst = append(dst, byte(c))
	}
	n := len(dst) - at - 2
	if n == 0 {
		return dst[:at]
	}
	dst[at+1] = byte(n)
	return dst
}
