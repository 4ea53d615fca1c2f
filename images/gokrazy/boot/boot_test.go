package boot

import (
	"context"
	"log"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/images/gokrazy/report"
	"github.com/dhclient-lws/dhclient-lws/images/vm"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// What the image is made of is built once for all tests, and then it is in dir.
var dir string

func TestMain(m *testing.M) {
	var err error
	if dir, err = os.MkdirTemp("", "gokrazy-boot"); err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

var build = sync.OnceValues(func() (Image, error) { return Build(context.Background(), filepath.Join(dir, "root")) })

// limit bounds what a test waits for without being what it measures.
const limit = 3 * time.Minute

// disk is a disk that starts the services.
func disk(t testing.TB, services ...Service) string {
	t.Helper()
	for _, tool := range []string{vm.QEMU, "mkfs.ext4"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("%v: make test installs it", err)
		}
	}
	image, err := build()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "disk")
	if err := image.Disk(t.Context(), path, services...); err != nil {
		t.Fatal(err)
	}
	return path
}

// guest is a machine that runs.
type guest struct {
	*Run
	t testing.TB
}

func boot(t testing.TB, disk string, networks ...string) *guest {
	t.Helper()
	kernel, err := vm.Kernel(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var console strings.Builder
	r, err := Machine{Kernel: kernel, Disk: disk, Networks: networks}.Start(ctx, &console)
	t.Cleanup(func() {
		cancel()
		if r != nil {
			_ = r.Wait()
		}
		if t.Failed() {
			t.Log(console.String())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return &guest{r, t}
}

// process is what the page shows of a service.
func (g *guest) process(path string) Process {
	g.t.Helper()
	status, err := g.Page.Status(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	p, err := status.Service(path)
	if err != nil {
		g.t.Fatal(err)
	}
	return p
}

func (g *guest) network() report.Report {
	g.t.Helper()
	r, err := g.Page.Network(g.t.Context())
	if err != nil {
		g.t.Fatal(err)
	}
	return r
}

// off turns the machine off.
func (g *guest) off() {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), limit)
	defer cancel()
	if err := g.PowerOff(ctx); err != nil {
		g.t.Fatal(err)
	}
}

// eventually waits until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !holds(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it did not %s", what)
		}
	}
}

// holds reports whether the NIC has an address, and nothing but that.
func holds(r report.Report, addr string) bool {
	return len(r.Links) > 0 && slices.Equal(r.Links[0].Addrs, []netip.Prefix{netip.MustParsePrefix(addr)})
}

// A first boot: the client is supervised, and the machine has what it was leased.
func TestFirstBoot(t *testing.T) {
	d := disk(t, Service{Client})
	s := newSegment(t)
	g := boot(t, d, s.netdev())
	s.set(func(s *dhcptest.Server) { s.Silent = false })
	eventually(t, "get its lease", func() bool { return holds(g.network(), "10.77.0.11/24") })
	if p := g.process(Client); p.Stopped || p.Pid == 0 {
		t.Errorf("not running: %+v", p)
	}
	g.off()
}
