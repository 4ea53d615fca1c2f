package dhcptest

import (
	"net/netip"
	"slices"
	"syscall"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// Kernel is the virtual machine's configuration: it tells of links, sets them
// up, keeps one address with its routes for each, and withdraws the address
// when its lifetime has passed.
type Kernel struct {
	// Batches is how many links were set up by each Flush that set up any.
	Batches []int
	// Foreign are routes of other programs, by their metrics: a route to the
	// same destination with the same metric is refused with EEXIST.
	Foreign map[netip.Prefix]uint32

	lan       *LAN
	byIndex   map[int]*Link
	lastIndex int

	events []ifup.Event
	known  map[int]ifup.Link // told of and not yet gone
	dump   bool              // the next Poll tells of all links
	lost   bool              // and that news was lost

	queue []request
}

// request is what Up, Down or Apply queued.
type request struct {
	index    int
	up, down bool
	config   ifup.Config
}

// kernelFD stands for the kernel in LAN.Wait. It is no descriptor of the process.
const kernelFD = 1 << 20

func newKernel(l *LAN) *Kernel {
	return &Kernel{
		Foreign: map[netip.Prefix]uint32{},
		lan:     l, byIndex: map[int]*Link{}, known: map[int]ifup.Link{}, dump: true,
	}
}

// FD stands for the kernel in the LAN's Wait.
func (k *Kernel) FD() int { return kernelFD }

func (k *Kernel) readable() bool { return k.dump || len(k.events) > 0 }

// tell queues the news of a link.
func (k *Kernel) tell(l *Link, gone bool) {
	k.events = append(k.events, ifup.Event{Link: l.info(), Gone: gone})
}

// Overrun loses all news that nobody has read: the next Poll reads everything anew.
func (k *Kernel) Overrun() { k.events, k.dump, k.lost = nil, true, true }

// Poll reports what has become of the links.
func (k *Kernel) Poll(fn func(ifup.Event)) error {
	if k.dump {
		k.events, k.dump = nil, false
		for index := 1; index <= k.lastIndex; index++ {
			l, here := k.byIndex[index]
			old, known := k.known[index]
			switch {
			case here:
				k.events = append(k.events, ifup.Event{Link: l.info(), Resync: k.lost})
			case known:
				k.events = append(k.events, ifup.Event{Link: old, Gone: true})
			}
		}
	}
	k.lost = false
	for len(k.events) > 0 {
		ev := k.events[0]
		k.events = k.events[1:]
		if ev.Gone {
			delete(k.known, ev.Link.Index)
		} else {
			k.known[ev.Link.Index] = ev.Link
		}
		fn(ev)
	}
	return nil
}

// Up queues: set the link up.
func (k *Kernel) Up(index int) {
	k.queue = append(k.queue, request{index: index, up: true})
}

// Down queues: set the link down.
func (k *Kernel) Down(index int) {
	k.queue = append(k.queue, request{index: index, down: true})
}

// Holds reports whether the link has the address.
func (k *Kernel) Holds(index int, addr netip.Prefix) bool {
	l := k.byIndex[index]
	return l != nil && l.config.Addr == addr
}

// local reports whether an address is one of the machine's: Linux takes what comes
// for it on whatever link.
func (k *Kernel) local(a netip.Addr) bool {
	for _, l := range k.byIndex {
		if l.Config().Addr.Addr() == a {
			return true
		}
	}
	return false
}

// Apply queues: make the link's configuration so.
func (k *Kernel) Apply(index int, c ifup.Config) {
	c.Routes = slices.Clone(c.Routes)
	k.queue = append(k.queue, request{index: index, config: c})
}

// Flush does what is queued and reports the outcome for each link.
func (k *Kernel) Flush(fn func(index int, err error)) {
	var order []int
	outcome := map[int]error{}
	raised := 0
	for _, r := range k.queue {
		if !k.lan.acts() {
			break
		}
		if _, seen := outcome[r.index]; !seen {
			order = append(order, r.index)
			outcome[r.index] = nil
		}
		if r.up {
			raised++
		}
		if err := k.do(r); err != nil && outcome[r.index] == nil {
			outcome[r.index] = err
		}
	}
	k.queue = nil
	if raised > 0 && !k.lan.Brief {
		k.Batches = append(k.Batches, raised)
	}
	for _, index := range order {
		fn(index, outcome[index])
	}
}

// Close forgets what was told; the links keep their configuration.
func (k *Kernel) Close() error {
	k.events, k.queue, k.dump = nil, nil, true
	clear(k.known)
	return nil
}

func (k *Kernel) do(r request) error {
	l := k.byIndex[r.index]
	switch {
	case l == nil && r.up:
		return &ifup.Refused{Op: ifup.OpUp, Err: syscall.ENODEV}
	case l == nil:
		return &ifup.Refused{Op: ifup.OpAddr, Err: syscall.ENODEV}
	case r.up:
		if !k.lan.Brief {
			l.Raised = append(l.Raised, k.lan.now)
		}
		if err := l.Refuse[ifup.OpUp]; err != nil {
			return &ifup.Refused{Op: ifup.OpUp, Err: err}
		}
		l.SetUp(true)
		return nil
	case r.down:
		if !k.lan.Brief {
			l.Lowered = append(l.Lowered, k.lan.now)
		}
		if err := l.Refuse[ifup.OpDown]; err != nil {
			return &ifup.Refused{Op: ifup.OpDown, Err: err}
		}
		l.SetUp(false)
		return nil
	}
	if !k.lan.Brief {
		l.Applied = append(l.Applied, Applied{k.lan.now, r.config})
	}
	return l.apply(r.config)
}

// apply brings the link to c as far as a kernel would go along.
func (l *Link) apply(c ifup.Config) error {
	refuse := func(op ifup.Op, what string) error {
		if err := l.Refuse[op]; err != nil {
			return &ifup.Refused{Op: op, What: what, Err: err}
		}
		return nil
	}
	if !c.Addr.IsValid() {
		if len(c.Routes) > 0 {
			l.lan.errorf("%s is to have routes and no address", l.name)
		}
		l.setConfig(ifup.Config{})
		return nil
	}
	if c.Lifetime != ifup.Forever && (c.Lifetime < time.Second || c.Lifetime%time.Second != 0) {
		l.lan.errorf("%s is to have %v for %v", l.name, c.Addr, c.Lifetime)
	}
	var first error
	note := func(err error) {
		if first == nil {
			first = err
		}
	}
	if c.MTU != 0 {
		note(refuse(ifup.OpMTU, ""))
	}
	if err := refuse(ifup.OpAddr, c.Addr.String()); err != nil {
		note(err)
		if c.Addr != l.config.Addr {
			l.setConfig(ifup.Config{}) // else only its lifetime was not to be had
		}
		return first
	}
	routes := c.Routes
	c.Routes = nil
	for _, r := range routes {
		err := refuse(ifup.OpRoute, r.Dst.String())
		if errno := l.refuseRoute(&c, r); err == nil && errno != 0 {
			err = &ifup.Refused{Op: ifup.OpRoute, What: r.Dst.String(), Err: errno}
		}
		if err == nil {
			c.Routes = append(c.Routes, r)
		}
		note(err)
	}
	l.setConfig(c)
	return first
}

// refuseRoute is what the kernel says to a route beside those in c.
func (l *Link) refuseRoute(c *ifup.Config, r ifup.Route) syscall.Errno {
	reachable := !r.Gateway.IsValid() || c.Addr.Contains(r.Gateway)
	for _, o := range c.Routes {
		reachable = reachable || !o.Gateway.IsValid() && o.Dst.Contains(r.Gateway)
	}
	switch metric, taken := l.lan.Kernel.Foreign[r.Dst]; {
	case !l.up:
		return syscall.ENETDOWN
	case !reachable:
		return syscall.ENETUNREACH
	case taken && metric == c.Metric:
		return syscall.EEXIST
	}
	for _, other := range l.lan.Kernel.byIndex {
		same := func(o ifup.Route) bool { return o.Dst == r.Dst }
		if other != l && other.config.Metric == c.Metric && slices.ContainsFunc(other.config.Routes, same) {
			return syscall.EEXIST
		}
	}
	return 0
}

// setConfig installs c and lets it pass with its lifetime.
func (l *Link) setConfig(c ifup.Config) {
	before := l.config
	l.config = c
	if before.MTU != c.MTU && l.lan.Kernel.byIndex[l.index] == l {
		l.lan.Kernel.tell(l, false)
	}
	l.configs++
	if l.lan.OnConfig != nil {
		l.lan.OnConfig(l, &before, &l.config)
	}
	if c.Addr.IsValid() && c.Lifetime != ifup.Forever {
		l.withdraw, l.frozen = l.lan.now+c.Lifetime, 0
		l.pass(l.configs)
	}
}

// pass withdraws the configuration when its time is over, unless it is another by then.
func (l *Link) pass(this int) {
	end := l.withdraw + l.frozen
	l.lan.At(end, func() {
		switch {
		case l.configs != this:
		case l.withdraw+l.frozen > end: // the machine slept meanwhile
			l.pass(this)
		default:
			l.Strip()
		}
	})
}

// Strip takes the address away, with its routes, as somebody else on the machine
// would, or the kernel itself.
func (l *Link) Strip() {
	l.setConfig(ifup.Config{MTU: l.config.MTU})
	l.lan.Kernel.events = append(l.lan.Kernel.events, ifup.Event{Link: l.info(), Stripped: true})
}

// StripRoutes takes away the routes only.
func (l *Link) StripRoutes() {
	l.config.Routes = nil
	l.lan.Kernel.events = append(l.lan.Kernel.events, ifup.Event{Link: l.info(), Stripped: true})
}
