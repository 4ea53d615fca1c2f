package boot

import (
	"context"
	"errors"
	"log"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	facts "github.com/dhclient-lws/dhclient-lws/images/network"
	uroot "github.com/dhclient-lws/dhclient-lws/images/u-root/boot"
	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
	"github.com/dhclient-lws/dhclient-lws/images/vm"
	"github.com/dhclient-lws/dhclient-lws/images/vm/readme"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// What machines boot is built once for all tests, and then it is in dir.
var dir string

func TestMain(m *testing.M) {
	os.Exit(netns.Inside(func() int {
		var err error
		if dir, err = os.MkdirTemp("", "netboot-boot"); err != nil {
			log.Fatal(err)
		}
		defer os.RemoveAll(dir)
		return m.Run()
	}))
}

var build = sync.OnceValue(func() error { return Build(context.Background(), dir) })

// limit bounds a boot without being what a test measures: an idle machine needs
// half a minute for two kernels.
const limit = 6 * time.Minute

func built(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath(vm.QEMU); err != nil {
		t.Fatalf("%v: make test installs it", err)
	}
	if err := build(); err != nil {
		t.Fatal(err)
	}
}

// network is one for a test, whose servers' log is shown if it fails.
func network(t testing.TB, over string, lines ...string) *Network {
	t.Helper()
	built(t)
	n, err := newNetwork(dir, over, lines...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(n.Log())
		}
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

func run(t testing.TB, n *Network) report.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var console strings.Builder
	r, err := n.run(ctx, &console)
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

// The ROM boots over TFTP, and what it boots fetches the next system, script and kernel
// over TFTP as its lease says, the initramfs over HTTP as the script says. The second system has the lease of the first along: it asks with
// one REQUEST and discovers nobody. The wait is for the NIC of the ROM alone.
func TestTFTPAndAChain(t *testing.T) {
	built(t)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var console strings.Builder
	if err := Chain(ctx, dir, "tftp", readme.Block(t, "../README.md", Heading), &console); err != nil {
		t.Errorf("%v\n%s", err, console.String())
	}
}

// The ROM boots over HTTP. The boot loader gives an address to the link without a
// server, and has the other ask; the kernel reads the same words and may be first.
// What the lease says of the next stage can be read where scripts look for it.
func TestHTTPAndAddressesFromTheBootLoader(t *testing.T) {
	n := network(t, "http", "dhcp-boot=tag:!rom,images/next,,10.77.0.9",
		"dhcp-option=17,/srv/root", "dhcp-option=43,01:04:00:00:00:00")
	fixed := silent
	fixed.Net = netip.MustParsePrefix("10.77.9.0/24")
	const words = "ip=:::::eth1:dhcp ip=10.77.9.9::10.77.9.2:255.255.255.0::eth0:off:10.77.9.3 "
	page := readme.Block(t, "../../../README.md", "## Where a machine boots from the network")
	page = strings.NewReplacer("BOOTIF=", words+"BOOTIF=", `bootif"`, `bootif -- check"`).Replace(page)
	if err := n.offer(scriptFile, scriptOf(page)); err != nil {
		t.Fatal(err)
	}
	r := run(t, n)
	// The kernel heeds the last of the words itself, and its route is not ours.
	if len(r.Routes) == 0 || r.Routes[0] != (facts.Route{Link: "eth0", Gateway: fixed.Router()}) {
		t.Fatalf("the kernel has not heeded ip=: %v", r.Routes)
	}
	r.Routes = r.Routes[1:]
	if err := errors.Join(
		uroot.Judge(r, []uroot.NIC{booted, fixed}), // in the order of the words
		judgeIdentity(n.Heard()), judgeAddress(r, n.Heard()),
	); err != nil {
		t.Error(err)
	}
	if !strings.Contains(n.Log(), "web: sent /"+imageFile) || strings.Contains(n.Log(), "tftp: sent") {
		t.Error("not booted over HTTP")
	}
	for _, want := range []string{
		"IPV4ADDR='10.77.9.9'\n", "ROOTSERVER='10.77.0.9'\n", "ROOTPATH='/srv/root'\n", "filename='images/next'\n",
	} {
		if !strings.Contains(r.NetConf, want) {
			t.Errorf("no %q in:\n%s", want, r.NetConf)
		}
	}
	for _, want := range []string{`"next_server":"10.77.0.9"`, `"boot_file":"images/next"`, `"root_path":"/srv/root"`} {
		if !strings.Contains(string(r.Status), want) {
			t.Errorf("no %s in %s", want, r.Status)
		}
	}
}
