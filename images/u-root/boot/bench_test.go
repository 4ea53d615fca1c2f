package boot

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/images/moments"
	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
)

// How far a boot is when: into the command that the client hands off to, and into the
// next root.
func BenchmarkBoot(b *testing.B) {
	b.Run("u-root", func(b *testing.B) {
		for b.Loop() {
			m := machine(b, NICs(1))
			r, _ := run(b, m, m.handOffTo("check"))
			tell(b, r, m)
		}
	})
	b.Run("next-root", func(b *testing.B) {
		for b.Loop() {
			m := machine(b, []NIC{withShortLeases(b)}).with(b, intoNextRoot(b)...)
			m.Disk = nextRoot(b, m)
			r, _ := run(b, m, "")
			tell(b, r, m)
		}
	})
}

func tell(b *testing.B, r report.Report, m Machine) {
	b.Helper()
	boot := moments.Boot{Init: r.Init, Next: r.Began}
	if err := boot.Read(r.Status, m.NICs[0].MAC); err != nil {
		b.Fatal(err)
	}
	if err := boot.Metrics(b.ReportMetric); err != nil {
		b.Fatal(err)
	}
}

// candidates are what can give a link its address in one and the same image.
var candidates = []struct {
	name       string
	uinit      string // what u-root's init starts first, to go on with the check
	parameters string
}{
	{"dhclient-lws", "/bin/ours", uinit("-background")},
	{"once", "/bin/ours", uinit("-once")}, // as u-root's, which leaves nobody behind
	{"u-root", "/bin/theirs", uinit("-ipv6=false")},
	{"kernel", "/bbin/check", "ip=:::::eth0:dhcp"},
}

// first is the candidate that begins. They take turns.
var first int

// How long after the start of the kernel a link has its address, and the next program
// runs: by this client, by u-root's and by the kernel itself. Each has to give the link
// what it should have.
func BenchmarkKernelToAddress(b *testing.B) {
	ours, theirs := filepath.Join(b.TempDir(), "ours"), filepath.Join(b.TempDir(), "theirs")
	compile(b, ours, "cmds/dhclient-lws")
	compileIn(b, "../../../bench/peers", theirs, "github.com/u-root/u-root/cmds/core/dhclient")
	image := machine(b, NICs(1)).with(b, program(b, "bin/ours", ours), program(b, "bin/theirs", theirs), symlink("bin/defaultsh", "/bbin/check"))
	sum := map[string]time.Duration{} // by unit
	for b.Loop() {
		for i := range candidates {
			c := candidates[(first+i)%len(candidates)]
			m := image.with(b, symlink("bin/uinit", c.uinit))
			r, _ := run(b, m, c.parameters)
			if err := errors.Join(judgeAddresses(r, m.NICs), judgeRoutes(r, m.NICs)); err != nil {
				b.Fatalf("%s: %v", c.name, err)
			}
			sum[c.name+"-init-ms"] += r.Init
			sum[c.name+"-address-ms"] += r.Address
			sum[c.name+"-next-ms"] += r.Began
		}
		first++
	}
	for unit, d := range sum {
		b.ReportMetric(d.Seconds()*1000/float64(b.N), unit)
	}
	b.ReportMetric(0, "ns/op")
}
