package dhcptest

import (
	"cmp"
	"slices"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// Link is a network interface of the machine. Its fields may be changed at any
// time.
type Link struct {
	// UpDelay is how long the link takes, once it is set up and has carrier,
	// until the kernel calls it running.
	UpDelay time.Duration
	// Late makes the link carry frames during UpDelay already: the driver has
	// carrier, and only the news of it takes its time.
	Late bool
	// ForwardDelay is how long from then on everything it sends vanishes, as
	// behind a switch port that does not forward yet.
	ForwardDelay time.Duration
	// NoUDP keeps everything from the UDP socket, as a strict reverse path filter
	// does to the second link on one subnet.
	NoUDP bool
	// NoARP is the kernel's word that addresses are not resolved on this link.
	NoARP bool
	// Lose makes a message vanish for which it returns true.
	Lose func(m *Message) bool
	// Refuse makes the kernel refuse an operation with a syscall.Errno.
	Refuse map[ifup.Op]error

	// Type is the hardware type that the kernel tells; 0: Ethernet.
	Type uint16

	// Raised is when the client set the link up.
	Raised []time.Duration
	// Lowered is when the client set the link down.
	Lowered []time.Duration
	// Applied is every configuration that the client asked for, refused or not.
	Applied []Applied

	lan     *LAN
	segment *Segment
	index   int
	name    string
	hw      dhcp4.HardwareAddr

	up, carrier, running bool
	ran                  time.Duration // when it last became running
	epoch                int           // counts changes of up and carrier
	lost                 int           // counts losses of carrier

	config       ifup.Config   // what the kernel has
	configs      int           // counts changes of config
	withdraw     time.Duration // when its lifetime is over, but for the time frozen
	frozen       time.Duration // how long the machine has slept since it was set
	conversation conversation
}

// Applied is one configuration that was asked for.
type Applied struct {
	Time   time.Duration
	Config ifup.Config
}

// Plug adds a link to the machine, with carrier, not set up.
func (l *LAN) Plug(name string, s *Segment) *Link {
	k := l.Kernel
	k.lastIndex++
	n := byte(k.lastIndex)
	link := &Link{
		Refuse: map[ifup.Op]error{},
		lan:    l, segment: s, index: k.lastIndex, name: name,
		hw:      dhcp4.HardwareAddr{2, 0, l.id, 0, byte(k.lastIndex >> 8), n},
		carrier: true,
	}
	link.conversation = newConversation()
	s.links = append(s.links, link)
	k.byIndex[link.index] = link
	k.tell(link, false)
	return link
}

// Unplug takes the link out of the machine, with all that it was configured to.
func (l *Link) Unplug() {
	l.segment.links = slices.DeleteFunc(l.segment.links, func(o *Link) bool { return o == l })
	delete(l.lan.Kernel.byIndex, l.index)
	l.epoch++
	l.up, l.running = false, false
	l.setConfig(ifup.Config{})
	l.lan.Kernel.tell(l, true)
}

// Move plugs the link's cable into another network.
func (l *Link) Move(s *Segment) {
	l.segment.links = slices.DeleteFunc(l.segment.links, func(o *Link) bool { return o == l })
	l.segment = s
	s.links = append(s.links, l)
}

// Rename gives the link another name.
func (l *Link) Rename(name string) {
	l.name = name
	l.lan.Kernel.tell(l, false)
}

// SetHardwareAddr makes the link another host to every server.
func (l *Link) SetHardwareAddr(hw dhcp4.HardwareAddr) {
	l.hw = hw
	l.conversation = newConversation()
	l.lan.Kernel.tell(l, false)
}

// SetCarrier plugs the cable in or pulls it out.
func (l *Link) SetCarrier(on bool) { l.change(l.up, on) }

// Flap pulls the cable out and plugs it in again, so quickly that the kernel finds
// nothing changed but the count.
func (l *Link) Flap() {
	l.lost++
	l.lan.Kernel.tell(l, false)
}

// SetUp sets the link up or down, as somebody else on the machine would.
// Down, it loses its routes but not its address.
func (l *Link) SetUp(on bool) { l.change(on, l.carrier) }

func (l *Link) change(up, carrier bool) {
	if up == l.up && carrier == l.carrier {
		return
	}
	if l.carrier && !carrier {
		l.lost++
	}
	l.up, l.carrier = up, carrier
	l.epoch++
	l.running = false
	if !up {
		l.config.Routes = nil
	}
	switch {
	case up && carrier && l.UpDelay > 0:
		epoch := l.epoch
		l.lan.After(l.UpDelay, func() {
			if l.epoch == epoch {
				l.run()
			}
		})
	case up && carrier:
		l.run()
		return
	}
	l.lan.Kernel.tell(l, false)
}

// Carries reports whether frames can leave and arrive.
func (l *Link) Carries() bool { return l.running || l.Late && l.up && l.carrier }

// carries reports whether frames get through.
func (l *Link) carries() bool { return l.Carries() && !l.lan.Suspended() }

func (l *Link) run() {
	l.running, l.ran = true, l.lan.now
	l.lan.Kernel.tell(l, false)
}

// LAN is the machine that the link belongs to, Segment the network that it is
// plugged into.
func (l *Link) LAN() *LAN         { return l.lan }
func (l *Link) Segment() *Segment { return l.segment }

// Name is the link's name.
func (l *Link) Name() string { return l.name }

// HardwareAddr is the link's Ethernet address.
func (l *Link) HardwareAddr() dhcp4.HardwareAddr { return l.hw }

// Config is what the kernel has: nothing once its lifetime has passed.
func (l *Link) Config() ifup.Config { return l.config }

// Receive hands a frame to the link, if it is able to receive.
func (l *Link) Receive(f Frame) {
	if l.carries() {
		l.lan.arrive(l, f)
	}
}

// transmit puts a message on the segment, or loses it.
func (l *Link) transmit(m *Message) {
	switch {
	case !l.Carries(), l.running && l.lan.now-l.ran < l.ForwardDelay, l.Lose != nil && l.Lose(m):
		return
	}
	l.segment.toServers(m)
}

// info is what the kernel tells of the link.
func (l *Link) info() ifup.Link {
	const (
		up, broadcast, running, noARP, multicast, lowerUp = 0x1, 0x2, 0x40, 0x80, 0x1000, 0x10000 // IFF_*
		ethernet                                          = 1                                     // ARPHRD_ETHER
	)
	flags := uint32(broadcast | multicast)
	if l.up {
		flags |= up
	}
	if l.running {
		flags |= running
	}
	if l.Carries() {
		flags |= lowerUp
	}
	if l.NoARP {
		flags |= noARP
	}
	return ifup.Link{
		Index: l.index, Name: l.name, HardwareAddr: l.hw, Type: cmp.Or(l.Type, ethernet), Flags: flags,
		MTU: cmp.Or(l.config.MTU, 1500), MinMTU: 68, MaxMTU: 9000, CarrierLost: l.lost,
	}
}
