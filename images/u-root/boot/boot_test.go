package boot

import (
	"context"
	"errors"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
	"github.com/dhclient-lws/dhclient-lws/images/vm"
)

// The image is built once for all tests, and then it is in dir.
var dir string

func TestMain(m *testing.M) {
	var err error
	if dir, err = os.MkdirTemp("", "u-root-boot"); err != nil {
		log.Fatal(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

var build = sync.OnceValues(func() (m Machine, err error) {
	m.Image = filepath.Join(dir, "u-root.cpio")
	if err := Image(context.Background(), m.Image, core+"mount", core+"switch_root"); err != nil {
		return m, err
	}
	m.Kernel, err = vm.Kernel(context.Background())
	return m, err
})

// bootLimit bounds a boot without being what a test measures: an idle machine
// needs five seconds.
const bootLimit = 4 * time.Minute

func machine(t testing.TB, nics []NIC, flags ...string) Machine {
	t.Helper()
	if _, err := exec.LookPath(vm.QEMU); err != nil {
		t.Fatalf("%v: make test installs it", err)
	}
	m, err := build()
	if err != nil {
		t.Fatal(err)
	}
	m.NICs, m.Flags = nics, flags
	return m
}

// boot runs a machine to its end. The console is shown if the test fails.
func boot(t *testing.T, nics []NIC, flags ...string) report.Report {
	t.Helper()
	m := machine(t, nics, flags...)
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	var console strings.Builder
	r, err := m.Run(ctx, &console)
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(console.String())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEveryNICHasItsLease(t *testing.T) {
	for _, n := range []int{1, 3, 8} {
		nics := NICs(n)
		if err := Judge(boot(t, nics), nics); err != nil {
			t.Errorf("%d NICs: %v", n, err)
		}
	}
}

// One network of three has no server: the machine goes on with the other two,
// and Judge does not take it for one that was served.
func TestOneNetworkWithoutServer(t *testing.T) {
	nics := NICs(3)
	nics[1].Silent = true
	r := boot(t, nics, "-grace", "2s")

	err := Judge(r, nics)
	if err == nil {
		t.Fatal("a machine with an unserved NIC passed")
	}
	for _, want := range []string{"eth1 has no address", "2 default routes instead of 3", "resolv.conf names"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not noticed: %s\n%v", want, err)
		}
	}
	if err := Judge(r, slices.Delete(nics, 1, 2)); err != nil {
		t.Errorf("the served NICs: %v", err)
	}
}

// With no server at all the boot goes on when -timeout is over, and is told so.
func TestNoServerAtAll(t *testing.T) {
	nics := NICs(2)
	nics[0].Silent, nics[1].Silent = true, true
	r := boot(t, nics, "-timeout", "3s")
	if r.Result != "timeout" {
		t.Errorf("result %q", r.Result)
	}
	if err := judgeResident(r); err != nil {
		t.Error(err)
	}
	if err := judgeAddresses(r, nics); err == nil {
		t.Error("an address from nowhere")
	}
}

func TestBootWithoutNIC(t *testing.T) {
	r := boot(t, nil)
	if r.Result != "nolink" {
		t.Errorf("result %q", r.Result)
	}
	if err := judgeResident(r); err != nil {
		t.Error(err)
	}
}

// The shell has the console for itself, and leaving it powers the machine off.
func TestShell(t *testing.T) {
	m := machine(t, NICs(1))
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	in, keys := pipe(t)
	screen, out := pipe(t)
	ended := make(chan error, 1)
	go func() {
		ended <- m.Shell(ctx, in, out)
		out.Close()
	}()

	seen := readUntil(t, screen, "$ ")
	if _, err := keys.WriteString("cat /etc/resolv.conf\nps -e\ndhclient-lws -version\nexit\n"); err != nil {
		t.Fatal(err)
	}
	seen += readUntil(t, screen, "Power down")
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, want := range []string{"nameserver 10.77.0.3", "dhclient-lws"} {
		if !strings.Contains(seen, want) {
			t.Errorf("%q is not on the screen\n%s", want, seen)
		}
	}
	// In the busybox of an image neither linker flags nor build information tell.
	if version := regexp.MustCompile(`dhclient-lws \d+\.\d+\.\d+ go1\.\S+ linux/amd64`); !version.MatchString(seen) {
		t.Errorf("no version on the screen\n%s", seen)
	}
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// atTheConsole boots a machine whose screen and keys are the test's, and which tells
// how it ended.
func (m Machine) atTheConsole(t *testing.T, parameters string) (screen, keys *os.File, ended <-chan error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	t.Cleanup(cancel)
	in, keys := pipe(t)
	screen, out := pipe(t)
	end := make(chan error, 1)
	go func() {
		end <- m.operate(ctx, in, out, parameters)
		out.Close()
	}()
	return screen, keys, end
}

// readUntil returns what it read, up to and with the text given.
func readUntil(t *testing.T, r io.Reader, text string) string {
	t.Helper()
	var seen []byte
	for b := make([]byte, 1); !strings.HasSuffix(string(seen), text); seen = append(seen, b[0]) {
		if _, err := r.Read(b); err != nil {
			t.Fatalf("%v before %q\n%s", err, text, seen)
		}
	}
	return string(seen)
}

// An image without an init makes the kernel panic.
func TestPanic(t *testing.T) {
	m := machine(t, nil)
	m.Image = filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(m.Image, make([]byte, 512), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), bootLimit)
	defer cancel()
	if _, err := m.Run(ctx, io.Discard); !errors.Is(err, ErrPanic) {
		t.Errorf("got %v", err)
	}
}

// A guest that does not come to an end is ended.
func TestLimit(t *testing.T) {
	m := machine(t, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := m.Run(ctx, io.Discard); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestQEMUsOwnErrorsAreTold(t *testing.T) {
	m := machine(t, nil)
	m.Kernel = "/nonexistent"
	if _, err := m.Run(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "/nonexistent") {
		t.Errorf("got %v", err)
	}
}
