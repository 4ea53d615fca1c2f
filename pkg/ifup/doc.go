// Package ifup is the kernel's side of a network configuration: what links
// there are and what becomes of them, links set up, and addresses, routes, MTU
// and resolv.conf brought to a desired state by their difference to what was
// installed before.
//
// It knows nothing of DHCP. What it did not install it never replaces and never
// removes: routes and addresses are created exclusively. What it installed in an
// earlier life of the program it knows by the limited lifetime of the address, or
// where that has none by a mark (IFA_PROTO).
//
// Requests for many links are queued and travel to the kernel in one system
// call, without acknowledgements: the kernel answers only what it refuses, and
// the answers are queued by the time the call returns.
package ifup
