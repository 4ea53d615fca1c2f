package dhcp4_test

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// The actors of every test.
var (
	clientMAC  = dhcp4.HardwareAddr{2, 0, 0, 0, 0, 1}
	serverMAC  = dhcp4.HardwareAddr{2, 0, 0, 0, 0, 0xaa}
	clientAddr = netip.MustParseAddr("192.0.2.50")
	serverAddr = netip.MustParseAddr("192.0.2.1")
)

const xid = 0x11223344

// option is one option as it goes on the wire.
func option(c dhcp4.Code, value ...byte) []byte {
	return append([]byte{byte(c), byte(len(value))}, value...)
}

// text is an option with a text value.
func text(c dhcp4.Code, value string) []byte { return option(c, []byte(value)...) }

// unhex reads hexadecimal digits, which spaces may separate.
func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		panic(err)
	}
	return b
}

var (
	ack = option(dhcp4.DHCPMessageType, 5)
	end = []byte{byte(dhcp4.End)}
)

// header is a reply up to and with the cookie.
func header() []byte {
	b := make([]byte, 240)
	copy(b, unhex("02 01 06 00 11223344 0000 0000 00000000 c0000232 00000000 00000000 020000000001"))
	copy(b[236:], unhex("63825363"))
	return b
}

// reply is a server message with the given parts as its options field.
func reply(parts ...[]byte) []byte { return append(header(), slices.Concat(parts...)...) }

// decode decodes a message that must be accepted.
func decode(t testing.TB, payload []byte) *dhcp4.Message {
	t.Helper()
	var m dhcp4.Message
	if r := m.Decode(payload); r != dhcp4.Accepted {
		t.Fatalf("Decode: %v, want it accepted", r)
	}
	return &m
}

// options decodes an ACK with the given options.
func options(t testing.TB, parts ...[]byte) *dhcp4.Options {
	t.Helper()
	return &decode(t, reply(ack, slices.Concat(parts...), end)).Options
}

// addrs parses addresses that spaces separate.
func addrs(s string) []netip.Addr {
	var list []netip.Addr
	for _, f := range strings.Fields(s) {
		list = append(list, netip.MustParseAddr(f))
	}
	return list
}
