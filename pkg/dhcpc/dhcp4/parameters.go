package dhcp4

import "slices"

// defaultParameters asks for what a link can be configured with, and then for the
// little that others look for in a lease and that servers do not send unasked: the
// root of a file system, a portal (RFC 8910), time servers. Next server and boot file
// have fields of their own in each message. 121 stands before 3 and 33, as RFC 3442
// demands: a server that runs out of room sends the first ones.
var defaultParameters = []Code{
	ClasslessRoute, SubnetMask, Router, DNSServer, DomainName, DomainSearch,
	HostName, BroadcastAddress, InterfaceMTU, NTPServer, StaticRoute,
	RenewalTime, RebindingTime, RootPath, CaptivePortal,
}

// ParameterList is a parameter request list (option 55): what every client
// needs, then extra. Codes that are listed already, or that nobody can ask for
// (0, 255, and those that a client says itself, such as 80), are left out.
func ParameterList(extra ...Code) []Code {
	list := slices.Clone(defaultParameters)
	for _, c := range extra {
		if requestable(c) && !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}

func requestable(c Code) bool {
	switch c {
	case Pad, End, RequestedAddress, Overload, DHCPMessageType, ParameterRequestList,
		MaxMessageSize, ClientIdentifier, RapidCommit, RelayAgentInformation:
		return false
	}
	return true
}
