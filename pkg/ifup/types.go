package ifup

import (
	"net/netip"
	"time"
)

// Link is what the kernel tells of a network interface.
type Link struct {
	Index        int
	Name         string // up to 15 bytes of anything but '/', ':' and white space: hostile text
	HardwareAddr [6]byte
	Type         uint16 // ARPHRD_*; 1 is Ethernet
	Flags        uint32 // IFF_*
	MTU          int    // bytes
	MinMTU       int    // 0 if the kernel does not say
	MaxMTU       int    // 0 if the kernel does not say
	Master       int    // index of the bridge or bond that it belongs to, or 0
	CarrierLost  int    // how often it has lost its carrier; 0 if the kernel does not say
	Kind         string // IFLA_INFO_KIND: "veth", "bridge", ...; empty for a NIC, virtio's included
	Wireless     bool   // an 802.11 phy stands behind it
}

// Up reports whether the link is administratively up.
func (l *Link) Up() bool { return l.Flags&flagUp != 0 }

// Running reports whether there is carrier: the link is up and the kernel
// considers it able to carry packets. A driver that does not know counts as able.
func (l *Link) Running() bool { return l.Flags&flagUp != 0 && l.Flags&flagRunning != 0 }

// LowerUp reports whether the link is up and its driver sees carrier, though the
// kernel may not have said yet that it is running: that news is held back for up
// to a second where nothing seems to depend on it. It is false for a link that
// waits for authentication.
func (l *Link) LowerUp() bool {
	return l.Flags&(flagUp|flagLowerUp|flagDormant) == flagUp|flagLowerUp
}

// NoARP reports whether addresses are not resolved on this link.
func (l *Link) NoARP() bool { return l.Flags&flagNoARP != 0 }

// Loopback reports whether this is the loopback interface.
func (l *Link) Loopback() bool { return l.Flags&flagLoopback != 0 }

const (
	flagUp       = 0x1     // IFF_UP
	flagLoopback = 0x8     // IFF_LOOPBACK
	flagRunning  = 0x40    // IFF_RUNNING
	flagNoARP    = 0x80    // IFF_NOARP
	flagLowerUp  = 0x10000 // IFF_LOWER_UP
	flagDormant  = 0x20000 // IFF_DORMANT
)

// Event is a change of a link: new, changed, or gone; or of what Apply installed.
type Event struct {
	Link     Link
	Gone     bool
	Resync   bool // events were lost: it may have been down meanwhile, and without its routes
	Stripped bool // an address or a route went that Apply had installed; the next Apply puts it back
}

// Forever is the Lifetime of an address that the kernel never withdraws by itself.
const Forever time.Duration = -1

// Config is what a link should have. The zero Config is nothing at all.
type Config struct {
	Addr      netip.Prefix  // the address and its subnet's length; invalid for none
	Broadcast netip.Addr    // invalid: derived from Addr
	Lifetime  time.Duration // valid and preferred lifetime of Addr from now on, whole seconds, or Forever
	Metric    uint32        // of the prefix route and of every route in Routes
	Routes    []Route       // in the order in which they must be created
	MTU       int           // bytes; 0 leaves it alone
	LinkMTU   int           // what the link had if an earlier life of the program lowered it; else the same as it has, or 0
}

// Route is a route through a link. An invalid Gateway makes the destination on-link.
type Route struct {
	Dst     netip.Prefix // 0.0.0.0/0 is the default route
	Gateway netip.Addr
}

// Op is one of the things that the kernel is asked for.
type Op uint8

// The operations, in the order in which they are queued for a link.
const (
	OpDown Op = iota
	OpUp
	OpMTU
	OpAddr
	OpRoute
)

// Refused is the error of a request that the kernel refused.
type Refused struct {
	Op   Op
	What string // the address or the route, for a log line
	Err  error  // a syscall.Errno
}

// Resolver is what one link contributes to resolv.conf. Names that could mean
// anything but a domain name there are left out, whoever checked them before.
type Resolver struct {
	Servers []netip.Addr
	Domain  string // used as the search list if Search is empty
	Search  []string
}
