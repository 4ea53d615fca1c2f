package boot

import (
	"context"
	"io"
	"log"
	"net/http"
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

// limit bounds what a test waits for without being what it measures: an idle host
// boots the machine in eight seconds.
const limit = 4 * time.Minute

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

// start starts a machine; boot also waits until its services are started.
func start(t testing.TB, disk string, networks ...string) *guest {
	t.Helper()
	kernel, err := vm.Kernel(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	var console strings.Builder
	r, err := Machine{Kernel: kernel, Disk: disk, Networks: networks}.Start(ctx, &console)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(r.Page.log(Client))
		}
		cancel()
		_ = r.Wait()
		if t.Failed() {
			t.Log(console.String())
		}
	})
	return &guest{r, t}
}

func boot(t testing.TB, disk string, networks ...string) *guest {
	t.Helper()
	g := start(t, disk, networks...)
	g.ready()
	return g
}

func (g *guest) ready() {
	g.t.Helper()
	if err := g.Ready(); err != nil {
		g.t.Fatal(err)
	}
}

func (g *guest) cable(plugged bool) {
	g.t.Helper()
	if err := g.Cable(0, plugged); err != nil {
		g.t.Fatal(err)
	}
}

// log is what a service has said, and the last thing that the page can be asked for:
// it would go on for ever.
func (p *Page) log(path string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/log?stream=stderr&path="+path, nil)
	if err != nil {
		return err.Error()
	}
	req.SetBasicAuth(User, Password)
	resp, err := p.client.Do(req)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return string(text)
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

// passes waits until the clock of the machine has gone on.
func (g *guest) passes(d time.Duration) {
	g.t.Helper()
	end := g.network().Now + d
	eventually(g.t, "reach "+end.String(), func() bool { return g.network().Now >= end })
}

// came is how often an address came to a link or was given a new lifetime.
func came(r report.Report, addr string) (n int) {
	for _, e := range r.Events {
		if e.Came && e.Addr == netip.MustParsePrefix(addr) {
			n++
		}
	}
	return n
}

// left reports whether an address has ever gone from a link.
func left(r report.Report, addr string) bool {
	return slices.ContainsFunc(r.Events, func(e report.Event) bool {
		return !e.Came && e.Addr == netip.MustParsePrefix(addr)
	})
}

// holds reports whether the NIC has an address, and nothing but that.
func holds(r report.Report, addr string) bool {
	return len(r.Links) > 0 && slices.Equal(r.Links[0].Addrs, []netip.Prefix{netip.MustParsePrefix(addr)})
}
