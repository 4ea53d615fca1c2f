package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Under the name of gokrazy's dhcp it looks after eth0, unless it is told another
// link. One that is no Ethernet stands behind those that are.
func TestInThePlaceOfGokrazysDHCP(t *testing.T) {
	for _, tt := range []struct {
		args   string
		links  []string
		metric uint32
	}{
		{"", []string{"eth0"}, 1024},
		{"-v -extra_route_priority=5", []string{"eth0"}, 1029},
		{"-interface=eth1", []string{"eth1"}, 1024},
		{"-interface=wlan0", []string{"wlan0"}, 1536},
		{"-interface=wlan0 -extra_route_priority=5", []string{"wlan0"}, 1541},
		{"-interface=wlan0 -metric=7", []string{"wlan0"}, 7},
		{"eth*", []string{"eth*"}, 1024},
	} {
		o, err := parse(gokrazysDHCP, strings.Fields(tt.args))
		if err != nil {
			t.Errorf("%q: %v", tt.args, err)
			continue
		}
		var links []string
		for _, s := range o.selectors {
			links = append(links, s.text)
		}
		if !slices.Equal(links, tt.links) || o.client.Metric != tt.metric {
			t.Errorf("%q: links %q, metric %d", tt.args, links, o.client.Metric)
		}
	}
}

// So it does in the background, where another process of the program is the client.
func TestInThePlaceOfGokrazysDHCPInTheBackground(t *testing.T) {
	b := newServedBox(t, "eth0", "eth1")
	p := b.command(t, "-background")
	p.Args[0] = "/gokrazy/" + gokrazysDHCP
	b.launch(p)
	if out := p.end(); p.ProcessState.ExitCode() != 0 || !strings.Contains(out, "1 of 1 links bound") {
		t.Errorf("status %d, output:\n%s", p.ProcessState.ExitCode(), out)
	}
	b.noAddress(t, "eth1")
	st, err := readStatusFile(statusPath(b.state))
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Kill(int(st.pid), unix.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Wait4(int(st.pid), nil, 0, nil); err != nil {
		t.Error(err)
	}
}

// Wrong arguments are so the next time, which gokrazy's init has to be told.
func TestExitStatusForGokrazy(t *testing.T) {
	dir := t.TempDir()
	gokrazy, other := filepath.Join(dir, "gokrazy"), filepath.Join(dir, "other")
	for path, init := range map[string]string{gokrazy: "/gokrazy/init", other: "/sbin/init"} {
		if err := os.Symlink(init, path); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		status, parent int
		exe            string
		want           int
	}{
		{exitUsage, 1, gokrazy, exitStopped},
		{exitUsage, 7, gokrazy, exitUsage},
		{exitUsage, 1, other, exitUsage},
		{exitUsage, 1, filepath.Join(dir, "none"), exitUsage},
		{exitFailure, 1, gokrazy, exitFailure},
		{0, 1, gokrazy, 0},
	} {
		if got := forGokrazy(tt.status, tt.parent, tt.exe); got != tt.want {
			t.Errorf("%+v: %d", tt, got)
		}
	}
}

// Elsewhere wrong arguments have their usual status.
func TestExitStatusWithoutGokrazy(t *testing.T) {
	if _, status := newBox(t).run(t, "-unknown"); status != exitUsage {
		t.Errorf("status %d", status)
	}
}
