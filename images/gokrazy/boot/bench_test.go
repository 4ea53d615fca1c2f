package boot

import (
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// How long after the start of the kernel a link has its address: by this client and
// by gokrazy's own, side by side on one machine, each with a link and a server of its
// own. They change links from boot to boot.
func BenchmarkKernelToAddress(b *testing.B) {
	total := map[string]time.Duration{}
	for i := range b.N {
		clients := []string{Client, GokrazyDHCP}
		if i%2 == 1 {
			clients[0], clients[1] = clients[1], clients[0]
		}
		var networks []string
		for range clients {
			s := newSegment(b)
			s.lenient = true
			s.set(func(s *dhcptest.Server) { s.Silent = false })
			networks = append(networks, s.netdev())
		}
		g := boot(b, disk(b, Service{clients[0], "-interface=eth0"}, Service{clients[1], "-interface=eth1"}), networks...)
		first := map[string]time.Duration{}
		eventually(b, "get both leases", func() bool {
			for _, e := range g.network().Events {
				if _, had := first[e.Link]; !had {
					first[e.Link] = e.Time
				}
			}
			return len(first) == len(clients)
		})
		total[clients[0]] += first["eth0"]
		total[clients[1]] += first["eth1"]
		g.off()
	}
	b.ReportMetric(total[Client].Seconds()/float64(b.N), "s/dhclient-lws")
	b.ReportMetric(total[GokrazyDHCP].Seconds()/float64(b.N), "s/gokrazy")
}
