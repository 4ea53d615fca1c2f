package main

import (
	"os"
	"path/filepath"
	"strings"
)

// What gokrazy's init and its programs expect of a DHCP client.

// exitStopped tells gokrazy's init not to start the program again. Any other status
// but 0 does, a second later and for ever.
const exitStopped = 125

// gokrazysDHCP is the name of the program in whose place we can be started. It
// looks after one link, this one unless it is told another.
const (
	gokrazysDHCP = "dhcp"
	gokrazysLink = "eth0"
)

// calledAs is the name that the program was started under.
func calledAs() string { return filepath.Base(os.Args[0]) }

// wirelessMetric is added to the metric of a link that is no Ethernet by its name: it
// has a process of its own, and is used when no cable is plugged in.
const wirelessMetric = 512

// standIn is for the name of gokrazy's dhcp.
func (o *options) standIn(given map[string]bool) {
	if len(o.selectors) == 0 {
		o.selectors = []selector{{text: gokrazysLink}}
	}
	if !given["metric"] && !strings.HasPrefix(o.selectors[0].text, "eth") {
		o.metric += wirelessMetric
	}
}

// forGokrazy is the exit status as the parent process has to see it: what was wrong
// with the arguments is so the next time. exe is the link to the program of the
// first process.
func forGokrazy(status, parent int, exe string) int {
	if status != exitUsage || parent != 1 {
		return status
	}
	if init, err := os.Readlink(exe); err != nil || init != "/gokrazy/init" {
		return status
	}
	return exitStopped
}
