package boot

import (
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/images/moments"
	"github.com/dhclient-lws/dhclient-lws/images/vm"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// How far a boot is when. Nothing waits for the lease here.
func BenchmarkBoot(b *testing.B) {
	b.Run("gokrazy", func(b *testing.B) {
		for b.Loop() {
			s := newSegment(b)
			s.set(func(s *dhcptest.Server) { s.Silent = false })
			g := boot(b, disk(b, Service{Client}), s.netdev())
			var m moments.Boot
			eventually(b, "get a lease", func() bool {
				r := g.network()
				m.Init = r.Init
				return m.Read(r.Status, vm.MAC(0)) == nil
			})
			if err := m.Metrics(b.ReportMetric); err != nil {
				b.Fatal(err)
			}
			g.off()
		}
	})
}

// swap is whether the clients have changed links.
var swap bool

// How long after the start of the kernel a link has its address: by this client and
// by gokrazy's own, side by side on one machine, each with a link and a server of its
// own. They change links from boot to boot.
func BenchmarkKernelToAddress(b *testing.B) {
	b.Run("gokrazy", besideGokrazys)
}

func besideGokrazys(b *testing.B) {
	total := map[string]time.Duration{}
	for b.Loop() {
		clients := []string{Client, GokrazyDHCP}
		if swap {
			clients[0], clients[1] = clients[1], clients[0]
		}
		swap = !swap
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
	b.ReportMetric(total[Client].Seconds()*1000/float64(b.N), "dhclient-lws-address-ms")
	b.ReportMetric(total[GokrazyDHCP].Seconds()*1000/float64(b.N), "gokrazy-address-ms")
	b.ReportMetric(0, "ns/op")
}
