package ifup

import (
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

func TestMain(m *testing.M) { netns.Main(m) }

// open is a Netlink in the namespace, which knows its links.
func open(t testing.TB, ns *netns.NS) *Netlink {
	t.Helper()
	var n *Netlink
	ns.Do(t, func() {
		var err error
		if n, err = Open(); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(func() { n.Close() })
	poll(t, n)
	return n
}

// poll is what Poll reports.
func poll(t testing.TB, n *Netlink) []Event {
	t.Helper()
	var events []Event
	if err := n.Poll(func(e Event) { events = append(events, e) }); err != nil {
		t.Fatal(err)
	}
	return events
}

// flush is what Flush reports.
func flush(n *Netlink) map[int]error {
	outcomes := map[int]error{}
	n.Flush(func(index int, err error) { outcomes[index] = err })
	return outcomes
}
