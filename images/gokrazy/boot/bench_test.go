package boot

import (
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// How long after the start of the kernel the machine has its address: with this
// client and with gokrazy's own, from the same image.
func BenchmarkKernelToAddress(b *testing.B) {
	for name, service := range map[string]string{"dhclient-lws": Client, "gokrazy": GokrazyDHCP} {
		b.Run(name, func(b *testing.B) {
			var total time.Duration
			for range b.N {
				s := newSegment(b)
				s.lenient = true
				s.set(func(s *dhcptest.Server) { s.Silent = false })
				g := boot(b, disk(b, Service{service}), s.netdev())
				eventually(b, "get its lease", func() bool { return holds(g.network(), "10.77.0.11/24") })
				total += g.network().Events[0].Time
				g.off()
			}
			b.ReportMetric(total.Seconds()/float64(b.N), "s/address")
		})
	}
}
