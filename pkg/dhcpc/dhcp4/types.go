package dhcp4

// HardwareAddr is an Ethernet address.
type HardwareAddr [6]byte

// Broadcast is the Ethernet broadcast address.
var Broadcast = HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// MessageType is the value of option 53 (RFC 2132 section 9.6).
type MessageType uint8

const (
	Discover MessageType = 1 + iota
	Offer
	Request
	Decline
	Ack
	Nak
	Release
	Inform
	ForceRenew // RFC 3203; never accepted
)

// Code is a DHCP option code.
type Code uint8

// The options that a client sends, reads or must know to ignore.
const (
	Pad                   Code = 0
	SubnetMask            Code = 1
	Router                Code = 3
	DNSServer             Code = 6
	HostName              Code = 12
	DomainName            Code = 15
	RootPath              Code = 17
	InterfaceMTU          Code = 26
	BroadcastAddress      Code = 28
	StaticRoute           Code = 33
	NTPServer             Code = 42
	VendorSpecific        Code = 43
	RequestedAddress      Code = 50
	LeaseTime             Code = 51
	Overload              Code = 52
	DHCPMessageType       Code = 53
	ServerIdentifier      Code = 54
	ParameterRequestList  Code = 55
	ErrorMessage          Code = 56
	MaxMessageSize        Code = 57
	RenewalTime           Code = 58 // T1
	RebindingTime         Code = 59 // T2
	VendorClass           Code = 60
	ClientIdentifier      Code = 61
	TFTPServerName        Code = 66
	BootFileName          Code = 67
	RapidCommit           Code = 80
	ClientFQDN            Code = 81
	RelayAgentInformation Code = 82
	ClientArchitecture    Code = 93 // RFC 4578, as the next two
	ClientNetworkDevice   Code = 94
	ClientUUID            Code = 97
	IPv6OnlyPreferred     Code = 108
	CaptivePortal         Code = 114
	DomainSearch          Code = 119
	ClasslessRoute        Code = 121
	End                   Code = 255
)
