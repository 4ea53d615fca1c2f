package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/images/vm/commandtest"
)

func TestMain(m *testing.M) { commandtest.Main(m, main) }

// What make run-gokrazy is worth: its exit status tells whether there is a lease.
func TestLeasedOrNot(t *testing.T) {
	disk := filepath.Join(t.TempDir(), "disk")
	if out, status := commandtest.Run(t, "-disk", disk); status != 0 || !strings.Contains(out, "\nOK: gokrazy's web page answers at 10.77.0.15") {
		t.Errorf("exit status %d\n%s", status, out)
	}
	if out, status := commandtest.Run(t, "-disk", disk, "-silent", "-timeout", "15s"); status != 1 || !strings.Contains(out, "\nFAILED\n") {
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
