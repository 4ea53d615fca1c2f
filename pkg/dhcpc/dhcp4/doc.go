// Package dhcp4 turns DHCPv4 messages, and the frames they travel in, into
// values and back (RFC 2131, 2132, 3396, 3397, 3442).
//
// The package is pure: bytes in, values out. It opens nothing, reads no clock
// and keeps no state, so that everything that can arrive from a network is
// judged by functions that a test or a fuzzer can call directly.
//
// Receiving goes in two steps. [ParseFrame] walks Ethernet, IPv4 and UDP with
// every length checked and yields the payload; [Message.Decode] reads the
// payload, joins the pieces of split and overloaded options once, and leaves
// typed getters. Both answer with a [Refusal], which says precisely why a frame
// is not ours, and neither allocates: a Message takes less than 4 KiB, holds
// all that a message of up to [MaxMessage] bytes can say, and is meant to be reused.
//
// Sending is the reverse: [Outgoing.Append] writes a message, [AppendFrame]
// the headers around it. Which option belongs into which message (RFC 2131
// tables 4 and 5) is decided here, in one table, and nowhere else.
package dhcp4
