package boot

import (
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/images/moments"
	"github.com/dhclient-lws/dhclient-lws/images/vm/readme"
)

// How far a boot is when: from the kernel that a ROM has fetched on, into the command
// that the client hands off to.
func BenchmarkBoot(b *testing.B) {
	b.Run("PXE", func(b *testing.B) {
		n := network(b, "tftp")
		page := strings.Replace(readme.Block(b, "../README.md", Heading), "-- chain", "-- check", 1)
		if err := n.offer(scriptFile, scriptOf(page)); err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			r := run(b, n)
			boot := moments.Boot{Init: r.Init, Next: r.Began}
			if err := boot.Read(r.Status, booted.MAC); err != nil {
				b.Fatal(err)
			}
			if err := boot.Metrics(b.ReportMetric); err != nil {
				b.Fatal(err)
			}
		}
	})
}
