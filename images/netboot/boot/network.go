package boot

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The network that a machine boots from: a tap device of the network namespace that
// this process is in, and on it dnsmasq for DHCP and TFTP, and a web server. Router
// and name server are named and not there.
const (
	tap    = "boot0"
	server = "10.77.0.1"
	web    = "http://" + server + "/"
)

var subnet = netip.MustParsePrefix("10.77.0.0/24")

// Network is that network. What it serves is in a directory.
type Network struct {
	Dir     string
	heard   *ear
	dnsmasq *exec.Cmd
	web     *http.Server
	state   string // a directory

	mu  sync.Mutex
	log strings.Builder
}

// newNetwork sets the network up. The ROM is told to fetch its script over "tftp" or
// "http"; what follows are further lines of dnsmasq's configuration. The namespace
// must be one that may be changed, and has one such network at a time.
func newNetwork(dir, over string, lines ...string) (*Network, error) {
	dir, err := filepath.Abs(dir) // dnsmasq leaves the directory that it was started in
	if err != nil {
		return nil, err
	}
	n := &Network{Dir: dir}
	from := map[string]string{"tftp": "", "http": web}[over]
	if err := n.start(append(lines, "dhcp-boot=tag:rom,"+from+scriptFile)); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *Network) start(lines []string) (err error) {
	if n.state, err = os.MkdirTemp("", "netboot"); err != nil {
		return err
	}
	if err := plugIn(); err != nil {
		return err
	}
	if n.heard, err = listen(tap); err != nil {
		return err
	}
	if err := n.serveWeb(); err != nil {
		return err
	}
	return n.serveDHCP(lines)
}

// Close takes the network away.
func (n *Network) Close() error {
	if n.dnsmasq != nil {
		_ = n.dnsmasq.Process.Kill()
		_ = n.dnsmasq.Wait() // it was killed, and says so
	}
	if n.web != nil {
		_ = n.web.Close()
	}
	if n.heard != nil {
		n.heard.close()
	}
	var err error
	if l, e := netlink.LinkByName(tap); e == nil {
		err = netlink.LinkDel(l)
	}
	return errors.Join(err, os.RemoveAll(n.state))
}

// Log is what the servers have said so far, in its order.
func (n *Network) Log() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.log.String()
}

func (n *Network) note(line string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	fmt.Fprintln(&n.log, line)
}

func plugIn() error {
	link := &netlink.Tuntap{
		LinkAttrs: netlink.LinkAttrs{Name: tap},
		Mode:      netlink.TUNTAP_MODE_TAP,
		Flags:     netlink.TUNTAP_DEFAULTS | netlink.TUNTAP_NO_PI,
	}
	if err := netlink.LinkAdd(link); err != nil {
		return fmt.Errorf("a tap device, for which /dev/net/tun must be there for this user: %w", err)
	}
	addr, err := netlink.ParseAddr(fmt.Sprintf("%s/%d", server, subnet.Bits()))
	if err != nil {
		return err
	}
	return errors.Join(netlink.AddrAdd(link, addr), netlink.LinkSetUp(link))
}

func (n *Network) serveWeb() error {
	l, err := net.Listen("tcp4", server+":80")
	if err != nil {
		return err
	}
	n.web = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := os.Open(filepath.Join(n.Dir, filepath.Base(r.URL.Path)))
		if err != nil {
			http.NotFound(w, r)
			n.note("web: " + err.Error())
			return
		}
		defer f.Close()
		http.ServeContent(w, r, f.Name(), time.Time{}, f)
		n.note("web: sent " + r.URL.Path)
	})}
	go func() { _ = n.web.Serve(l) }() // until it is closed
	return nil
}

func (n *Network) serveDHCP(lines []string) error {
	config := append([]string{
		"port=0", "keep-in-foreground", "user=root", "group=", "log-facility=-",
		"dhcp-authoritative", "bind-interfaces", "interface=" + tap, "except-interface=lo", "no-ping",
		"pid-file=", "dhcp-leasefile=" + filepath.Join(n.state, "leases"),
		"dhcp-range=10.77.0.50,10.77.0.99,1h", "dhcp-option=3,10.77.0.2", "dhcp-option=6,10.77.0.3",
		"enable-tftp", "tftp-root=" + n.Dir,
		// The ROM, which is iPXE, is told of other files than what it boots.
		"dhcp-userclass=set:rom,iPXE",
	}, lines...)
	file := filepath.Join(n.state, "dnsmasq.conf")
	if err := os.WriteFile(file, []byte(strings.Join(config, "\n")+"\n"), 0o644); err != nil {
		return err
	}
	name, err := exec.LookPath("dnsmasq")
	if err != nil { // ordinary users do not have that directory in their PATH
		name = "/usr/sbin/dnsmasq"
	}
	cmd := exec.Command(name, "--conf-file="+file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	out, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("dnsmasq (Debian package dnsmasq-base): %w", err)
	}
	n.dnsmasq = cmd
	ready := make(chan bool, 1)
	go n.follow(out, ready)
	if !<-ready {
		return fmt.Errorf("dnsmasq:\n%s", n.Log())
	}
	return nil
}

// follow notes what dnsmasq says, and tells when it serves, or that it has ended.
func (n *Network) follow(out io.Reader, ready chan<- bool) {
	defer close(ready)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		n.note(lines.Text())
		if strings.Contains(lines.Text(), "TFTP root is ") {
			ready <- true
		}
	}
}
