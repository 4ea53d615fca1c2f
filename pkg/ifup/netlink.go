package ifup

// Netlink is the real kernel side: an rtnetlink socket for what the kernel
// tells, another for what it is asked. It is not safe for concurrent use.
type Netlink struct{}

// Open opens both sockets and subscribes to link events. The first Poll
// reports every link there is.
func Open() (*Netlink, error) { return nil, nil }

// FD is readable when Poll has something to report.
func (n *Netlink) FD() int { return -1 }

// Poll reports what has happened to links since the last call and never waits,
// except for the dump of the first call and that after an overrun of the
// socket's buffer, when every link is reported anew and those that are missing
// are reported as gone.
func (n *Netlink) Poll(fn func(Event)) error { return nil }

// Up queues a request to set the link up. It does not touch a link that is up.
func (n *Netlink) Up(index int) {}

// Apply queues the requests that bring the link from what was installed by
// earlier calls to c. Nothing is queued if nothing differs, except the address
// when its lifetime runs: that is refreshed.
func (n *Netlink) Apply(index int, c Config) {}

// Flush sends what is queued, in as few system calls as possible, and reports
// for each link named in Apply or Up since the last Flush whether the kernel
// took it: err is nil, or the first refusal.
func (n *Netlink) Flush(fn func(index int, err error)) {}

// Close closes the sockets. What was installed stays.
func (n *Netlink) Close() error { return nil }
