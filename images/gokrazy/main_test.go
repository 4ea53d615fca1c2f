package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The test binary is the command itself when a test starts it as such.
const asCommand = "GOKRAZY_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func command(t *testing.T, args ...string) (output string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"-disk", filepath.Join(t.TempDir(), "disk")}, args...)...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// What make run-gokrazy is worth: its exit status tells whether there is a lease.
func TestLeasedOrNot(t *testing.T) {
	if out, status := command(t); status != 0 || !strings.Contains(out, "\nOK: gokrazy's web page answers at 10.77.0.15") {
		t.Errorf("exit status %d\n%s", status, out)
	}
	if out, status := command(t, "-silent", "-timeout", "15s"); status != 1 || !strings.Contains(out, "\nFAILED\n") {
		t.Errorf("with a silent server: exit status %d\n%s", status, out)
	}
}

// The configuration that people are to copy names the client, once, and nothing in
// its place.
func TestConfigIsWhatItSays(t *testing.T) {
	text, err := os.ReadFile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	var config struct{ GokrazyPackages []string }
	if err := json.Unmarshal(text, &config); err != nil {
		t.Fatal(err)
	}
	const client = "github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws"
	if !slices.Contains(config.GokrazyPackages, client) || slices.Contains(config.GokrazyPackages, "github.com/gokrazy/gokrazy/cmd/dhcp") {
		t.Errorf("%v", config.GokrazyPackages)
	}
	if _, err := os.Stat("../../cmds/" + filepath.Base(client)); err != nil {
		t.Error(err)
	}
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range config.GokrazyPackages {
		if !strings.Contains(string(page), `"`+p+`"`) {
			t.Errorf("the page does not name %s", p)
		}
	}
}
