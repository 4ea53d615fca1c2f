// Package machine is the DHCPv4 client of one link as a pure function: RFC 2131
// figure 5, with the retransmission schedules, the lease timers and the rules
// by which a reply is believed.
//
// A [Machine] is handed the time and an [Event], and answers with an [Effect]:
// what became of the lease, and why. It tells when it next wants to be called
// ([Machine.Deadline]) and which message is due ([Machine.Outgoing]). It opens
// no socket, reads no clock, starts no goroutine and draws its random numbers
// from the function it is given, so that a year of a client's life is a loop in
// a test.
//
// Time is CLOCK_BOOTTIME, as a duration since boot: a lease runs on while the
// machine is suspended, and the wall clock may be thirty years wrong.
//
// A message that is due stays due until the caller reports [Sent] or
// [SendFailed]; only then does the state advance. A message that could not be
// sent counts as lost on the way. A lease that was acknowledged is in use from
// then on, but the link is BOUND only after [Installed].
//
// The lease in use is no part of the protocol state. It outlives the loss of
// carrier and is kept while the machine asks anew, in REBOOTING, SELECTING or
// REQUESTING, until it is confirmed, replaced, refused, in conflict or expired.
//
// # Where this is not RFC 2131
//
//   - The first DISCOVER is not delayed, unless [Config.StartDelay] says so
//     (section 4.4.1: 1 to 10 s).
//   - DISCOVER and REQUEST are repeated sooner than 4, 8, 16, 32, 64 s, unless
//     [Schedule.RFC] says so (section 4.1).
//   - The first acceptable OFFER is taken; none are collected (section 4.4.1
//     leaves that free).
//   - REBOOTING gives up after two messages, and asks for any address (section
//     3.2: the budget of REQUESTING): in a foreign network nobody may answer.
//   - After RELEASE the address stays for half a second, in which the message can
//     leave (section 4.4.6 takes it for gone).
//   - Without a subnet mask the address has that of its class.
//   - A lease of less than 5 s is refused, and however short a lease, a link
//     sends at most one message a second in the long run.
package machine
