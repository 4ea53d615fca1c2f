package main

import (
	"os"
	"strings"
	"testing"
)

func TestLeasesOnAllLinks(t *testing.T) {
	b := newServedBox(t, "eth0", "eth1")
	p := b.start(t, "-v", "eth0", "eth1")
	p.prints("2 of 2 links bound")
	p.prints("INTERFACE")
	t.Log(p.output())
	resolv, err := os.ReadFile(b.resolv)
	t.Log(string(resolv), err)
	state, err := os.ReadFile(b.state + "/status.json")
	t.Log(string(state), err)
	out, status := b.run(t, "status")
	t.Log(out, status)
	_ = strings.Contains
}
