package netns

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// Dnsmasq describes a DHCP server. Its interfaces must be up and have addresses.
type Dnsmasq struct {
	Interfaces []string
	Ranges     []string // as dhcp-range has it: "192.0.2.50,192.0.2.99,255.255.255.0,1h"
	Ping       bool     // ping an address for three seconds before offering it, as dnsmasq does unless told not to
	Quiet      bool     // say nothing of single messages: it costs the server time
	Lines      []string // further lines of its configuration: "dhcp-option=3,192.0.2.1"
}

// Start starts the server in the namespace and returns when it serves. What it
// logs is in the test's log if the test fails.
func (d Dnsmasq) Start(t testing.TB, ns *NS) *Server {
	t.Helper()
	dir := t.TempDir()
	conf := []string{
		"port=0", "keep-in-foreground", "user=root", "group=", "log-facility=-",
		"dhcp-authoritative", "bind-interfaces", "except-interface=lo",
		"pid-file=", "dhcp-leasefile=" + filepath.Join(dir, "leases"),
	}
	if !d.Ping {
		conf = append(conf, "no-ping")
	}
	if d.Quiet {
		conf = append(conf, "quiet-dhcp")
	} else {
		conf = append(conf, "log-dhcp")
	}
	for _, name := range d.Interfaces {
		conf = append(conf, "interface="+name)
	}
	for _, r := range d.Ranges {
		conf = append(conf, "dhcp-range="+r)
	}
	file := filepath.Join(dir, "dnsmasq.conf")
	config(t, file, append(conf, d.Lines...))
	cmd := exec.Command(Binary(t, "dnsmasq", "dnsmasq-base"), "--conf-file="+file)
	return ns.serve(t, cmd, "dnsmasq[", "started,")
}
