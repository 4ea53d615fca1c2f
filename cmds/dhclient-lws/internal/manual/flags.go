package manual

// Every flag that the command has.

var waiting = Topic{
	Title: "Waiting",
	Flags: []Flag{
		{"wait", "all|any|none|bootif|NAME,NAME", "what must have a lease for the wait to be over; NAMEs are also asked on, and so is " +
			"bootif, the link that the machine was booted from", "all"},
		{"timeout", "D", "the wait is over after that time all the same; 0 is never", "60s"},
		{"carrier-timeout", "D", "\"all\" does without a link that has had no carrier for that time", "5s"},
		{"grace", "D", "\"all\" does without a link that has had carrier for that time since the first lease and got none", "10s"},
	},
}

var afterTheWait = Topic{
	Title: "After the wait",
	Flags: []Flag{
		{"once", "", "end, and leave what is configured until the lease is over; nobody renews it", ""},
		{"background", "", "return to the caller, and leave a client behind that stays; on if the program is started under the name dhclient, which is u-root's own client", ""},
		{"dry-run", "", "set links up and ask, show what is leased, and end as with -once; the links stay up, nothing else is " +
			"changed, no file is written, and -acd has no effect", ""},
		{"release", "", "when a signal ends the client: give the leases back and take the addresses away first, " +
			"for which there are 2 seconds; a second signal ends it at once", ""},
	},
}

var whatToApply = Topic{
	Title: "What to apply",
	Flags: []Flag{
		{"resolv-conf", "FILE", "the resolver's configuration; \"\" leaves it alone", "/etc/resolv.conf"},
		{"no-dns", "", "the same as -resolv-conf \"\", wherever it stands", ""},
		{"no-routes", "", "addresses only", ""},
		{"metric", "N", "of the first link's routes; each further link has 16 more", "1024"},
		{"mtu", "", "set the MTU that the server names", "on"},
		{"keep", "", "addresses stay for ever and are never taken away: for a root file system on the network", ""},
		{"bounce", "", "set links that are up down first, once, unless a remembered lease is in use there", ""},
	},
}

var whatToWriteDown = Topic{
	Title: "What to write down",
	Flags: []Flag{
		{"state-dir", "DIR", "where the state is that \"status\" shows; \"\" is nowhere", "/run/dhclient-lws"},
		{
			"lease-dir", "DIR", "where leases are remembered for the next start; \"\" is nowhere",
			"/perm/dhclient-lws if /perm can be written, else the state directory",
		},
		{
			"net-conf", "DIR", "where net-INTERFACE.conf goes, which initramfs-tools and cloud-init read; \"\" is nowhere",
			"/run, or another -state-dir than the usual one",
		},
		{
			"root", "DIR", "the root directory of the client and of all these files, once its program has been started: " +
				"where the real root is mounted in an initramfs. Without it the client follows switch_root by itself", "",
		},
	},
}

var whatToSay = Topic{
	Title: "What to say to servers",
	Flags: []Flag{
		{"client-id", "mac|duid|none|HEX", "the client identifier (option 61). duid is that of RFC 4361: made of the " +
			"machine's UUID as its firmware has it, else of /etc/machine-id, else of the MAC address", "mac"},
		{"hostname", "NAME", "the host name (option 12), or with a dot in it the name that the server is to enter in the DNS (option 81); \"\" sends none", "the kernel's"},
		{"vendor-class", "TEXT", "the vendor class (option 60)", ""},
		{"request", "N,N", "options to ask for beside the usual ones; what comes is shown by status -json. 108 is to agree that " +
			"a link does without IPv4 where the network has it so (RFC 8925): none is asked for then until the server's time is over, and the wait takes that for a lease", ""},
		{"netboot", "", "say what a PXE ROM says (options 60, 93, 94, 97; RFC 4578), and ask for what it asks for: servers name the next stage of a boot to those only", ""},
		{"rapid-commit", "", "take a lease in two messages instead of four (RFC 4039)", ""},
		{"broadcast", "", "ask servers to answer by broadcast; without it that is tried in turn when no answer comes", ""},
		{"strict", "", "take only offers with mask, router and DNS server, with server and router inside the subnet", ""},
		{"acd", "optimistic|strict|off", "whether another host uses an address (RFC 5227) is found out while it is in use, " +
			"or before, which takes 4 to 7 seconds, or not at all", "optimistic"},
		{"reuse-lease", "", "if no server answers, use the lease that is remembered, provided that it is known not to be over", ""},
		{"start-delay", "D", "wait for a random time up to D first", "0s"},
		{"retry-table", "rfc|D,D,...", "the first gaps before messages are sent again; rfc is 4, 8, 16, 32, 64 s", "1.5s,1.75s,5s"},
		{"v4-port", "N", "the servers' port", "67"},
	},
}

var whatToShow = Topic{
	Title: "What to show",
	Flags: []Flag{
		{"v", "", "each message, and which links are left out since they have to be named", ""},
		{"vv", "", "each option of each message received, and what was refused and why", ""},
		{"version", "", "the version, and nothing else", ""},
		{"h", "", "a page of help", ""},
	},
}

var namesOfOthers = Topic{
	Title: "What other clients call it",
	Flags: []Flag{
		{"interface", "NAME", "gokrazy: the same as an argument. Started under the name dhcp the client looks after eth0 alone without it, " +
			"and a link whose name does not begin with eth has a -metric 512 higher", ""},
		{"extra_route_priority", "N", "gokrazy: added to -metric", "0"},
		{"static_network_config", "JSON|FILE", "gokrazy: what one link, else eth0, is to have: {\"IP\": \"10.0.0.5\", \"Netmask\": \"255.255.255.0\", " +
			"\"Router\": \"10.0.0.1\", \"DNS\": [\"10.0.0.1\"], \"Domain\": \"example.org\"}, all but IP optional. When it is applied the client " +
			"ends with 125. If it is malformed a line says where, and DHCP is used", ""},
		{"ipv4", "", "u-root: turned off there is nothing left to ask for, which is an error", "on"},
		{"ipv6", "", "u-root: not served yet; turned on, a line says so", ""},
		{"v6-port", "N", "u-root: no effect", ""},
		{"v6-server", "ADDR", "u-root: no effect", ""},
		{"retry", "N", "u-root: no effect, the client asks for ever", ""},
	},
}
