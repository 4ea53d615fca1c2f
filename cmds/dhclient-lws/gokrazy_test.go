package main

import (
	"slices"
	"strings"
	"testing"
)

// Under the name of gokrazy's dhcp it looks after eth0, unless it is told another
// link. One that is no Ethernet stands behind those that are.
func TestInThePlaceOfGokrazysDHCP(t *testing.T) {
	defer func(name string) { calledAs = name }(calledAs)
	calledAs = gokrazysDHCP
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
		o, err := parse(strings.Fields(tt.args))
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
}

// Elsewhere wrong arguments have their usual status.
func TestExitStatusWithoutGokrazy(t *testing.T) {
	if _, status := newBox(t).run(t, "-unknown"); status != exitUsage {
		t.Errorf("status %d", status)
	}
}
