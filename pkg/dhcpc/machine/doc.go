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
// [SendFailed]; only then does the state advance. A lease that was acknowledged
// is in use from then on, but the link is BOUND only after [Installed].
package machine
