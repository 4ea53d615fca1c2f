// Package dhcpc is a DHCPv4 client for many links in one event loop: it sets
// links up, acquires leases on all of them at once, has them installed, and
// keeps them for as long as it runs.
//
// A program makes a [Client], asks for a lease on each interface it cares about
// with [Client.Request], and calls [Client.Run]. An interface need not exist
// yet: it is waited for. What happens is told to the callback of the request,
// and can be asked for at any time with [Client.Status].
//
// It takes root, or CAP_NET_ADMIN, CAP_NET_RAW and CAP_NET_BIND_SERVICE. When Run
// ends everything stays as it is: addresses until their leases end, routes with
// them. Three things are the program's: resolv.conf, for which there is
// [ifup.ResolvConf]; leases that outlive the program, which go out with
// [LinkStatus] and come in with Recall of [Config]; and giving leases back, with
// [Client.Release], where the next life is not to have them.
//
// One goroutine owns all state. It waits for the sockets, the kernel's link
// events and one deadline together, and sleeps as long as nothing is due. Each
// time it wakes it first takes in everything that has arrived, then sends what
// is due to the servers, then brings the kernel's configuration up to date, and
// last calls the callbacks. Servers drown when hundreds of links ask at once, so
// no more than 64 exchanges are under way at a time.
//
// The protocol is in package machine, the messages in package dhcp4, the
// sockets in package packet, and the kernel's side in package ifup. The two that
// touch the system stand behind the interfaces [Net] and [Kernel], which a
// program may bring itself; package dhcptest does, for tests in virtual time.
//
// # Where it bends the standard
//
// There is no random delay before the first message (RFC 2131 section 4.4.1),
// and the first retransmissions come sooner than RFC 2131 section 4.1 proposes:
// a machine that boots must not wait. Config.StartDelay and Config.Schedule
// select the standard's behaviour. The first acceptable offer is taken. Of
// several routers only the first is used. A lease is kept while its link has no
// carrier, and confirmed with INIT-REBOOT when the carrier is back.
package dhcpc
