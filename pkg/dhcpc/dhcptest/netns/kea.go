package netns

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Kea describes a DHCP server, kea-dhcp4. Its interfaces must have addresses and
// carrier: on one without, it listens never.
type Kea struct {
	Interfaces []string
	Quiet      bool     // say nothing of single messages: it costs the server time
	Lines      []string // members of the Dhcp4 object: `"valid-lifetime": 6`
}

// Start starts the server in the namespace and returns when it serves. It keeps
// its leases in memory, and knows them no more once it was stopped. What it logs
// is in the test's log if the test fails.
func (k Kea) Start(t testing.TB, ns *NS) *Server {
	t.Helper()
	dir := t.TempDir()
	members := append([]string{
		fmt.Sprintf(`"interfaces-config": { "interfaces": [ "%s" ], "dhcp-socket-type": "raw" }`, strings.Join(k.Interfaces, `", "`)),
		`"lease-database": { "type": "memfile", "persist": false }`,
		`"multi-threading": { "enable-multi-threading": false }`,
		k.loggers(),
		`"authoritative": true`,
	}, k.Lines...)
	file := filepath.Join(dir, "kea.conf")
	config(t, file, []string{`{ "Dhcp4": {`, strings.Join(members, ",\n"), `} }`})
	cmd := exec.Command(Binary(t, "kea-dhcp4", "kea-dhcp4-server"), "-c", file)
	cmd.Env = append(os.Environ(), "KEA_PIDFILE_DIR="+dir, "KEA_LOCKFILE_DIR=none")
	s := ns.serve(t, cmd, "DHCP4_STARTED")
	if strings.Contains(s.Log(), "DHCPSRV_OPEN_SOCKET_FAIL") {
		t.Fatal("kea-dhcp4 does not listen on all its interfaces")
	}
	return s
}

// loggers is the member of the Dhcp4 object that says what is printed.
func (k Kea) loggers() string {
	severity := map[string]string{"kea-dhcp4": "INFO"}
	if k.Quiet {
		for _, part := range []string{"alloc-engine", "bad-packets", "leases", "packets"} {
			severity["kea-dhcp4."+part] = "FATAL"
		}
	}
	var loggers []string
	for name, least := range severity {
		loggers = append(loggers, fmt.Sprintf(`{ "name": "%s", "severity": "%s", "output_options": [ { "output": "stdout" } ] }`, name, least))
	}
	return `"loggers": [ ` + strings.Join(loggers, ", ") + ` ]`
}
