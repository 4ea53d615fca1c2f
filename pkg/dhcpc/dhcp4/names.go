package dhcp4

import "strconv"

func (t MessageType) String() string {
	switch t {
	case Discover:
		return "DISCOVER"
	case Offer:
		return "OFFER"
	case Request:
		return "REQUEST"
	case Decline:
		return "DECLINE"
	case Ack:
		return "ACK"
	case Nak:
		return "NAK"
	case Release:
		return "RELEASE"
	case Inform:
		return "INFORM"
	case ForceRenew:
		return "FORCERENEW"
	}
	return "type " + strconv.Itoa(int(t))
}

// String is the address in the usual form, such as 02:00:00:00:00:01.
func (h HardwareAddr) String() string {
	const digits = "0123456789abcdef"
	b := make([]byte, 0, 3*len(h)-1)
	for i, v := range h {
		if i > 0 {
			b = append(b, ':')
		}
		b = append(b, digits[v>>4], digits[v&0xf])
	}
	return string(b)
}

// String is the name of the option, or its number if this package has no name for it.
func (c Code) String() string {
	switch c {
	case Pad:
		return "pad"
	case SubnetMask:
		return "subnet mask"
	case Router:
		return "router"
	case DNSServer:
		return "DNS server"
	case HostName:
		return "host name"
	case DomainName:
		return "domain name"
	case RootPath:
		return "root path"
	case InterfaceMTU:
		return "MTU"
	case BroadcastAddress:
		return "broadcast address"
	case StaticRoute:
		return "static route"
	case NTPServer:
		return "NTP server"
	case VendorSpecific:
		return "vendor specific"
	case RequestedAddress:
		return "requested address"
	case LeaseTime:
		return "lease time"
	case Overload:
		return "overload"
	case DHCPMessageType:
		return "message type"
	case ServerIdentifier:
		return "server identifier"
	case ParameterRequestList:
		return "parameter request list"
	case ErrorMessage:
		return "message"
	case MaxMessageSize:
		return "maximum message size"
	case RenewalTime:
		return "renewal time"
	case RebindingTime:
		return "rebinding time"
	case VendorClass:
		return "vendor class"
	case ClientIdentifier:
		return "client identifier"
	case TFTPServerName:
		return "TFTP server name"
	case BootFileName:
		return "boot file name"
	case RapidCommit:
		return "rapid commit"
	case ClientFQDN:
		return "client FQDN"
	case RelayAgentInformation:
		return "relay agent information"
	case ClientArchitecture:
		return "client architecture"
	case ClientNetworkDevice:
		return "client network device"
	case ClientUUID:
		return "client UUID"
	case IPv6OnlyPreferred:
		return "IPv6-only preferred"
	case CaptivePortal:
		return "captive portal"
	case DomainSearch:
		return "domain search"
	case ClasslessRoute:
		return "classless route"
	case End:
		return "end"
	}
	return strconv.Itoa(int(c))
}
