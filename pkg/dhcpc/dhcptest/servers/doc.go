// Package servers has no code but its tests: they show that the client is at
// ease with the DHCP servers that people run, dnsmasq, ISC dhcpd and Kea, on a
// real kernel in network namespaces.
//
// Most tests run once with each server, which is told the same in its own
// words. What clients say on the wire is held against RFC 2131 all the while.
// What no real server can be made to say, or not in the time that a test has, a
// scripted one says on a real Ethernet.
//
// What the servers do of their own accord, seen with dnsmasq 2.90, Kea 2.2 and
// dhcpd 4.4.3, stands in comments beside the tests that met it.
package servers
