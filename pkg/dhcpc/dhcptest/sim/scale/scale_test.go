package scale

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

var picturePath = flag.String("picture", "", "where to draw what the table says")

// policy is a way to repeat what got no answer.
type policy struct {
	name     string
	schedule machine.Schedule
	steady   bool // neither the RFC nor the old client asks another way
}

// policies are ours, the RFC's, and that of the client that this one descends from.
var policies = []policy{
	{"ours", machine.Schedule{}, false},
	{"RFC 2131", machine.Schedule{RFC: true}, true},
	{"fixed", machine.Schedule{Gaps: slices.Repeat(machine.DefaultGaps[:], 1000)}, true},
}

// town is ten thousand clients that the power comes back to, in front of a server
// that manages 300 exchanges, 600 messages, a second. Its socket has the buffer that
// Linux gives to one that does not ask for more: room for some 250 messages.
var town = Plan{Clients: 10000, Spread: time.Second, Rate: 600, Buffer: 256, Latency: 200 * time.Microsecond, Seed: 1}

// deep is one that queues 7 s of work and answers it all, late.
const deep = 4096

// when is how long it took for a share of the clients; 0 if it did not come to it.
func (o *Outcome) when(p Plan, share float64) time.Duration {
	n := int(share * float64(p.Clients))
	if n > len(o.Bound) {
		return 0
	}
	return o.Bound[n-1].Round(100 * time.Millisecond)
}

// Where a server drops what it cannot answer nobody is served sooner than with our
// policy, and the old fixed table makes more load.
func TestTenThousandClients(t *testing.T) {
	outcomes := map[string]*Outcome{}
	var text bytes.Buffer
	fmt.Fprintf(&text, "\n%-7s %-9s %8s %8s %8s %8s %8s %8s %8s\n", "buffer", "policy", "half", "99 %", "all", "sent", "dropped", "useless", "peak/s")
	for _, buffer := range []int{town.Buffer, deep} {
		for _, pol := range policies {
			p := town
			p.Schedule, p.Steady, p.Buffer = pol.schedule, pol.steady, buffer
			o := Run(p)
			if buffer == town.Buffer {
				outcomes[pol.name] = o
			}
			if len(o.Bound) != p.Clients {
				t.Errorf("%s: %d of %d have a lease after %v", pol.name, len(o.Bound), p.Clients, limit)
			}
			fmt.Fprintf(&text, "%-7d %-9s %8v %8v %8v %8d %8d %8d %8d\n", buffer, pol.name,
				o.when(p, 0.5), o.when(p, 0.99), o.when(p, 1), o.Sent, o.Dropped, o.Useless, o.Peak)
		}
	}
	t.Log(text.String())
	ours := outcomes["ours"]
	for name, o := range outcomes {
		for _, share := range []float64{0.5, 0.99, 1} {
			if a, b := ours.when(town, share), o.when(town, share); a > b {
				t.Errorf("%.0f %% of the clients are bound after %v, by the policy %s after %v", 100*share, a, name, b)
			}
		}
	}
	if ours.Sent > outcomes["fixed"].Sent {
		t.Errorf("%d messages, the fixed table has %d", ours.Sent, outcomes["fixed"].Sent)
	}
	svg, err := picture(outcomes)
	if err != nil {
		t.Fatal(err)
	}
	if *picturePath != "" {
		if err := os.WriteFile(*picturePath, svg, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// All that chance decides comes from the seed.
func TestARunReplays(t *testing.T) {
	p := town
	p.Clients = 1000
	if a, b := Run(p), Run(p); !slices.Equal(a.Bound, b.Bound) || !slices.Equal(a.PerSec, b.PerSec) {
		t.Error("two runs of one seed differ")
	}
}
