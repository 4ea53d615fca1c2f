package sim

import (
	"flag"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

var (
	seeds = flag.Uint64("seeds", 16, "how many seeds to run")
	first = flag.Uint64("first", 1, "the first of them")
)

// length is what each seed lives, in virtual time: a dozen storms.
const length = 12 * time.Hour

// Whatever goes wrong, no rule is broken.
func TestNoSeedBreaksARule(t *testing.T) {
	rfc.Shows(t, "P-ST-08", "H-RATE-01")
	var list []uint64
	for seed := *first; seed < *first+*seeds; seed++ {
		list = append(list, seed)
	}
	live(t, list)
}

// In these seeds the client once broke a rule. What happens in a seed depends on
// what the client does, so that the faults themselves are kept as breakages.
func TestSeedsOfOldFaults(t *testing.T) {
	live(t, []uint64{
		10, // deaf-without-packet-socket, ended-then-renamed
		12, // last-second
	})
}

// live runs seeds until one breaks a rule.
func live(t *testing.T, list []uint64) {
	begin := time.Now()
	var steps uint64
	var lived, worst time.Duration
	for _, seed := range list {
		r := Run(seed, length)
		steps += r.Steps
		if r.Breach != nil {
			t.Fatalf("%v\nin %d steps", r, steps)
		}
		lived += r.Time * time.Duration(r.Links)
		worst = max(worst, r.Worst)
	}
	t.Logf("%d seeds: %.0f client-days, %d steps, %.0f a second; in a calm every link was served within %v",
		len(list), lived.Hours()/24, steps, float64(steps)/time.Since(begin).Seconds(), worst)
}

// A seed tells everything: what happened once happens again, to the last byte and
// nanosecond.
func TestASeedReplays(t *testing.T) {
	hashes := map[uint64]bool{}
	for seed := uint64(1); seed <= 3; seed++ {
		one, two := Run(seed, length), Run(seed, length)
		if one.Hash != two.Hash || one.Steps != two.Steps {
			t.Errorf("%v, then\n%v", one, two)
		}
		hashes[one.Hash] = true
	}
	if len(hashes) != 3 {
		t.Errorf("three seeds have %d hashes", len(hashes))
	}
}
