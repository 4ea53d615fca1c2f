// Package siege has servers do their worst for days of virtual time, to clients
// that must not be made to do theirs: whatever a server says, there are ceilings
// to what it can make of a client. A link sends no more messages and ARP packets,
// asks no more of its kernel and has no more to tell than a bucket allows that is
// filled slowly, and nothing piles up. As soon as an honest server is there
// everybody is served.
package siege
