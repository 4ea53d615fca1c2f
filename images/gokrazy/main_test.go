package main

import (
	"archive/tar"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/images/vm/commandtest"
	"github.com/dhclient-lws/dhclient-lws/images/vm/readme"
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
	for page, heading := range map[string]string{"README.md": "# The client on a gokrazy appliance", "../../README.md": "## On your gokrazy appliance"} {
		list := config.GokrazyPackages
		config.GokrazyPackages = nil
		if err := json.Unmarshal([]byte("{"+readme.Block(t, page, heading)+"}"), &config); err != nil || !slices.Equal(config.GokrazyPackages, list) {
			t.Errorf("%s: %v, %v", page, err, config.GokrazyPackages)
		}
	}
}

// The archive for gokrazy/wifi holds one link, from the name that is called to the
// program that there is.
func TestTheAliasOfThePage(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("sh", "-ec", readme.Block(t, "README.md", "## With gokrazy/wifi"))
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := os.Open(filepath.Join(dir, "wifi-alias.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	archive := tar.NewReader(f)
	h, err := archive.Next()
	if err != nil || h.Typeflag != tar.TypeSymlink || h.Name != "dhcp" || h.Linkname != "dhclient-lws" {
		t.Errorf("%v: %+v", err, h)
	}
	if h, err := archive.Next(); err != io.EOF {
		t.Errorf("%v: %+v", err, h)
	}
}
