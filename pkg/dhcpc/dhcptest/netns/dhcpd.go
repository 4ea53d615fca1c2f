package netns

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Dhcpd describes a DHCP server, that of ISC. Its interfaces must be up and have addresses.
type Dhcpd struct {
	Interfaces []string
	Quiet      bool     // say nothing of single messages: it costs the server time
	Lines      []string // of its configuration: "subnet 192.0.2.0 netmask 255.255.255.0 { range 192.0.2.50 192.0.2.99; }"
}

// Start starts the server in the namespace and returns when it serves. What it
// logs is in the test's log if the test fails.
func (d Dhcpd) Start(t testing.TB, ns *NS) *Server {
	t.Helper()
	dir := t.TempDir()
	file, leases := filepath.Join(dir, "dhcpd.conf"), filepath.Join(dir, "leases")
	// A ping before each offer would cost a second. A lease younger than a quarter
	// of its life would not be extended.
	config(t, file, append([]string{"authoritative;", "ping-check false;", "dhcp-cache-threshold 0;"}, d.Lines...))
	if err := os.WriteFile(leases, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	args := []string{"-4", "-f", "--no-pid", "-cf", file, "-lf", leases}
	last := "Socket/fallback" // that it prints to others than the system's log
	if !d.Quiet {
		args, last = append(args, "-d"), "Server starting service"
	}
	cmd := exec.Command(Binary(t, "dhcpd", "isc-dhcp-server"), append(args, d.Interfaces...)...)
	return ns.serve(t, cmd, last)
}
