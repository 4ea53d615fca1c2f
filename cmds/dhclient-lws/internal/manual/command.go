package manual

// Command is the page of the command itself.
var Command = Page{
	Name:    "dhclient-lws",
	Summary: "a resident DHCPv4 client for the moment a machine boots",
	Synopsis: []string{
		"[flags] [interface ...] [-- command [argument ...]]",
		"[-state-dir DIR] status [-json] [interface ...]",
	},
	Text: []string{
		"Sets links up, acquires leases on all of them at once, and stays: it renews, rebinds, follows cables and " +
			"hot-plugged NICs, and takes away what has expired. With a command, it turns into that command when the " +
			"wait is over, whatever came of it, and the client remains in the background. Without, it stays in front.",
		"An interface is a name, a shell pattern (eth*), a MAC address, or a regular expression that begins with ^. " +
			"Without any, every wired NIC is meant: no bridges, bonds, VLANs, containers' or wireless interfaces. " +
			"Interfaces that do not exist yet are taken when they appear.",
		"Without any the kernel's command line may say which are meant, and give them addresses, as the kernel takes it: " +
			"ip=dhcp, ip=:::::eth0:dhcp, ip=10.0.0.2::10.0.0.1:255.255.255.0::eth0:off:10.0.0.3. What cannot be understood there is asked for. Where interfaces are named, ip= is not heeded. " +
			"Its BOOTIF= names the link that the machine was booted from, by its MAC address.",
		"A duration D is 1m30s, 500ms, or a plain number of seconds. A switch is turned off by =false.",
	},
	Topics: []*Topic{
		&waiting, &afterTheWait, &whatToApply, &whatToWriteDown, &whatToSay, &whatToShow, &namesOfOthers,
		&environment, &signals, &files, &exitStatus,
	},
}

var environment = Topic{
	Title: "Environment of the command",
	Items: []Item{
		{"DHCLIENT_LWS_RESULT", "how the wait ended: ok if it was met, timeout if -timeout has passed, nolink if there is nothing to ask on, usage if the arguments are wrong, error if the client could not do its work"},
		{"DHCLIENT_LWS_INTERFACES", "the links that are bound, with spaces between; none whose name holds more than letters, digits and .-_@"},
		{"DHCLIENT_LWS_LEASES", "all about them, in JSON"},
		{"DHCLIENT_LWS_eth0_ADDRESS, _ROUTER, _DNS, _DOMAIN", "for each of them, here eth0, whose name has only letters, digits and _"},
	},
	Text: []string{"Where the kernel does not take so much at once, the leases are left out first, then what is said of each link."},
}

var signals = Topic{
	Title: "Signals",
	Items: []Item{
		{"SIGHUP", "renew all leases now; a line tells what came of it, after five seconds at the latest"},
		{"SIGUSR1", "write the state out now"},
		{"SIGTERM, SIGINT, SIGQUIT", "end, and die of the signal; addresses, routes and leases stay until the lease is over, but see " +
			"-release. SIGINT stays ignored if it is at the start"},
	},
	Text: []string{
		"While a command waits for its leases a signal that ends the waiting process ends the client too. " +
			"What the client has to say goes to standard error, and after the handoff to the kernel's log (dmesg).",
	},
}

var files = Topic{
	Title: "Files",
	Text: []string{
		"An INTERFACE whose name means something to a shell is written as interface-in-hex- and the bytes of its name in hexadecimal.",
	},
	Items: []Item{
		{"/etc/resolv.conf", "the name servers of all links, at most three; see -resolv-conf"},
		{"/run/dhclient-lws/status.json", "what \"dhclient-lws status\" shows; see -state-dir"},
		{"/run/dhclient-lws/INTERFACE.json", "its lease, for the next start; see -lease-dir"},
		{"/run/dhclient-lws/INTERFACE.lock", "held by the client that has the link; a second one waits for it"},
		{"/run/dhclient-lws/status.PID.json", "that of a further client"},
		{"/run/dhclient-lws/*.lock", "who is the first of several clients, and who writes resolv.conf"},
		{"/run/net-INTERFACE.conf", "the lease as klibc's ipconfig writes it; see -net-conf"},
		{"/dev/kmsg", "where lines go after the handoff"},
	},
}

var exitStatus = Topic{
	Title: "Exit status",
	Text: []string{
		"With a command it is the command's own. Without -once, -background, -dry-run and a command the client ends by a signal " +
			"only, or with 1 or 2. As the first process of a machine it never ends because of -once, -background or -dry-run.",
	},
	Items: []Item{
		{"0", "-once, -background, -dry-run: the wait was met"},
		{"1", "the client could not do its work, for want of permission in most cases"},
		{"2", "wrong arguments"},
		{"3", "-once, -background, -dry-run: -timeout has passed"},
		{"4", "-once, -background, -dry-run: there is no link to ask on"},
		{"125", "-static_network_config is applied; under gokrazy's init also wrong arguments, so that it does not start the client again and again"},
		{"126", "the command cannot be executed"},
		{"127", "the command was not found"},
	},
}
