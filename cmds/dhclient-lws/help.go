package main

const helpPage = `dhclient-lws - a resident DHCPv4 client for the moment a machine boots

  dhclient-lws [flags] [interface ...] [-- command [argument ...]]
  dhclient-lws status [-json] [-state-dir DIR] [interface ...]

Sets links up, acquires leases on all of them at once, and stays: it renews,
rebinds, follows cables and hot-plugged NICs, and takes away what has expired.
With a command, it turns into that command when the wait is over, whatever came
of it, and the client remains in the background. Without, it stays in front.

An interface is a name, a shell pattern (eth*), a MAC address, or a regular
expression that begins with ^. Without any, every wired NIC is meant: no
bridges, bonds, VLANs, containers' or wireless interfaces. Interfaces that do
not exist yet are taken when they appear.

A duration is 1m30s, 500ms, or a plain number of seconds.

Waiting
  -wait all|any|none|NAME,NAME   what must be bound (all); names are asked on
  -timeout D           go on after that time all the same; 0 is never (60s)
  -carrier-timeout D   "all" does without a link that has no carrier for D (5s)
  -grace D             nor is more time than D spent, once one is bound, on a
                       link that has carrier and gets no lease (10s)

How long to stay
  -once                lease, configure, and end
  -background          end when the wait is over, and leave the client behind
  -dry-run             change nothing but links up, show the leases, and end
  -release             give leases back at the end

What to apply
  -bounce              set links down first
  -keep                addresses for ever, never taken away
  -state-dir DIR       where status.json is kept (/run/dhclient-lws)
  -lease-dir DIR       where leases are remembered
  -net-conf DIR        where net-<interface>.conf goes
  -resolv-conf FILE    the resolver's configuration, "" leaves it alone
                       (/etc/resolv.conf)
  -no-dns              the same as -resolv-conf ""
  -no-routes           addresses only
  -metric N            of the first link's routes; each further link has 16
                       more (1024)
  -mtu=false           leave the MTU alone

What to say to servers
  -client-id mac|none|HEX   the client identifier (mac)
  -hostname NAME       the host name, "" sends none (the kernel's)
  -vendor-class TEXT   the vendor class (none)
  -request N,N         options to ask for beside the usual ones
  -rapid-commit        take a lease in two messages instead of four
  -broadcast           ask servers to answer by broadcast
  -strict              only offers with mask, router and DNS server, with server
                       and router inside the subnet
  -acd off             conflict detection
  -reuse-lease         use the old lease where no server answers
  -v4-port N           the servers' port (67)
  -start-delay D       wait for a random time up to D first (0)
  -retry-table rfc|D,D the gaps before messages are sent again (1.5s,1.75s,5s)

What to show
  -v                   each message
  -vv                  each option of each message received, and what was
                       refused and why
  -version             the version
  -h                   this page

For those who call other clients
  -interface NAME
  -extra_route_priority N
  -static_network_config TEXT
  -ipv4
  -ipv6
  -retry N

The command's environment has DHCLIENT_LWS_RESULT: ok, timeout, nolink (nothing
to ask on), usage (wrong arguments) or error; DHCLIENT_LWS_INTERFACES, the links
that are bound; DHCLIENT_LWS_LEASES, all about them in JSON; and for an eth0
among them DHCLIENT_LWS_eth0_ADDRESS, _ROUTER, _DNS and _DOMAIN.

SIGHUP renews now, SIGUSR1 writes status.json, SIGTERM and SIGINT end the client
and leave addresses, routes and leases as they are. What the client has to say
goes to standard error, and after the handoff to the kernel's log (dmesg).

Exit status: the command's own; 127 if it is not found, 126 if it cannot be
executed; without a command 1 for want of permission, 2 for wrong arguments.
`
