package bench

import (
	"encoding/json"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/bench/client"
	"github.com/dhclient-lws/dhclient-lws/bench/result"
)

// recorder writes lines to a file, at once, the machine first. Without a name it
// writes nothing.
func recorder(t *testing.T, name string, clients []client.Client) func(result.Line) {
	t.Helper()
	if name == "" {
		return func(result.Line) {}
	}
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	enc := json.NewEncoder(file)
	write := func(l result.Line) {
		if err := enc.Encode(l); err != nil {
			t.Error(err)
		}
	}
	m := machine(t, clients)
	write(result.Line{Machine: &m})
	return write
}

// machine describes the machine, and what is used on it.
func machine(t *testing.T, clients []client.Client) result.Machine {
	t.Helper()
	var kernel unix.Utsname
	var info unix.Sysinfo_t
	if err := unix.Uname(&kernel); err != nil {
		t.Fatal(err)
	}
	if err := unix.Sysinfo(&info); err != nil {
		t.Fatal(err)
	}
	m := result.Machine{
		Date: time.Now().UTC().Format(time.DateOnly), Commit: output("git", "log", "-1", "--format=%h", "--", "../cmds", "../pkg"),
		CPU: field("/proc/cpuinfo", "model name", ":"), CPUs: runtime.NumCPU(),
		MemoryMB: int(uint64(info.Totalram) * uint64(info.Unit) >> 20),
		Kernel:   unix.ByteSliceToString(kernel.Release[:]), Go: runtime.Version(),
		System:   strings.Trim(field("/etc/os-release", "PRETTY_NAME", "="), `"`),
		Packages: map[string]string{},
	}
	packages := []string{"dnsmasq-base", "kea-dhcp4-server", "isc-dhcp-server"}
	for _, c := range clients {
		if c.Package != "" {
			packages = append(packages, c.Package)
		}
	}
	for _, p := range packages {
		if version := output("dpkg-query", "-W", "-f", "${Version}", p); version != "" {
			m.Packages[p] = version
		}
	}
	return m
}

// output is what a command prints, "" if it fails.
func output(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// field is what stands behind a key in a file.
func field(file, key, separator string) string {
	text, _ := os.ReadFile(file)
	for line := range strings.Lines(string(text)) {
		k, value, _ := strings.Cut(line, separator)
		if strings.TrimSpace(k) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
