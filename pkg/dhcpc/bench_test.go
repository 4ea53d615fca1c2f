package dhcpc_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
)

// The loop from the first event of the kernel until all links are bound, and through a
// day of renewals after that. The virtual network has its share in the times.
func BenchmarkLoop(b *testing.B) {
	for _, n := range []int{1, 64, 1000} {
		for _, until := range []time.Duration{time.Minute, 24 * time.Hour} {
			b.Run(fmt.Sprintf("links=%d/until=%v", n, until), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					o := newCrowdOf(n)
					if err := o.lan.Run(o.client, until); err != nil {
						b.Fatal(err)
					}
					if got := len(o.told(dhcpc.Bound)); got != n {
						b.Fatalf("%d of %d bound", got, n)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/link")
			})
		}
	}
}
