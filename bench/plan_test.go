package bench

import (
	"slices"

	"github.com/dhclient-lws/dhclient-lws/bench/client"
	"github.com/dhclient-lws/dhclient-lws/bench/result"
)

// step is one scene and who plays it, how often. In each round each plays once, in an
// order that turns.
type step struct {
	result.Scene
	clients []string
	rounds  int
	others  int // rounds for those that are neither the floor nor ours; 0 is as many
}

// plays tells whether a client plays in a round, from 0 on.
func (s step) plays(c string, round int) bool {
	return s.others == 0 || round < s.others || slices.Contains(two, c)
}

var (
	two   = []string{client.Floor, client.Ours}
	three = []string{client.Floor, client.Ours, client.URoot}
)

func scene(links int, start, server string) result.Scene {
	return result.Scene{Links: links, Start: start, Server: server}
}

func mode(m string, s result.Scene) result.Scene  { s.Mode = m; return s }
func probe(p string, s result.Scene) result.Scene { s.Probe = p; return s }

// plans are what can be measured, by name.
var plans = map[string][]step{
	"check": check,
	"quick": quick,
	"full":  full,
}

// check is enough to see that all is right in every kind of scene.
var check = []step{
	{Scene: scene(1, "up", "dnsmasq"), clients: two, rounds: 1},
	{Scene: scene(1, "lossy", "dnsmasq"), clients: two, rounds: 1},
	{Scene: scene(1, "carrier", "dhcpd"), clients: two, rounds: 1},
	{Scene: mode(result.Rapid, scene(1, "up", "dnsmasq")), clients: two, rounds: 1},
	{Scene: mode(result.Reboot, scene(64, "up", "dnsmasq")), clients: two, rounds: 1},
	{Scene: scene(64, "up", "dhcpd"), clients: two, rounds: 1},
	{Scene: scene(64, "down", "kea"), clients: two, rounds: 1},
}

var quick = []step{
	{Scene: scene(1, "up", "dnsmasq"), clients: three, rounds: 15},
	{Scene: scene(64, "up", "dnsmasq"), clients: three, rounds: 10},
	{Scene: scene(256, "up", "dnsmasq"), clients: three, rounds: 5},
}

// full is what RESULTS.md shows. Who takes many seconds in a scene plays few rounds of
// it, or none.
var full = []step{
	{Scene: scene(1, "up", "dnsmasq"), clients: names, rounds: 15, others: 3},
	{Scene: scene(1, "down", "dnsmasq"), clients: names, rounds: 11, others: 1},
	{Scene: scene(1, "carrier", "dnsmasq"), clients: three, rounds: 7, others: 3},
	{Scene: scene(1, "lossy", "dnsmasq"), clients: three, rounds: 5, others: 1},
	{Scene: scene(1, "up", "kea"), clients: three, rounds: 5, others: 1},
	{Scene: scene(1, "up", "dhcpd"), clients: three, rounds: 5, others: 1},
	{Scene: mode(result.Rapid, scene(1, "up", "dnsmasq")), clients: rapid, rounds: 9, others: 2},
	{Scene: mode(result.Reboot, scene(1, "up", "dnsmasq")), clients: two, rounds: 9},
	{Scene: probe(result.Calls, scene(1, "up", "dnsmasq")), clients: names, rounds: 1},
	{Scene: probe(result.Idle, scene(1, "up", "dnsmasq")), clients: []string{client.Ours, "udhcpc", "dhcpcd -A", "networkd"}, rounds: 1},

	{Scene: scene(8, "up", "dnsmasq"), clients: names, rounds: 11, others: 1},
	{Scene: scene(8, "down", "dnsmasq"), clients: three, rounds: 7, others: 1},
	{Scene: scene(8, "lossy", "dnsmasq"), clients: two, rounds: 3},

	{Scene: scene(64, "up", "dnsmasq"), clients: names, rounds: 15, others: 1},
	{Scene: scene(64, "down", "dnsmasq"), clients: three, rounds: 7, others: 1},
	{Scene: scene(64, "carrier", "dnsmasq"), clients: two, rounds: 3},
	{Scene: scene(64, "lossy", "dnsmasq"), clients: two, rounds: 3},
	{Scene: scene(64, "up", "kea"), clients: two, rounds: 5},
	{Scene: scene(64, "up", "dhcpd"), clients: two, rounds: 5},
	{Scene: mode(result.Rapid, scene(64, "up", "dnsmasq")), clients: two, rounds: 7},
	{Scene: mode(result.Reboot, scene(64, "up", "dnsmasq")), clients: two, rounds: 7},
	{Scene: probe(result.Calls, scene(64, "up", "dnsmasq")), clients: names, rounds: 1},

	{Scene: scene(256, "up", "dnsmasq"), clients: without(names, "dhcpcd"), rounds: 11, others: 1},
	{Scene: scene(256, "down", "dnsmasq"), clients: two, rounds: 5},
	{Scene: scene(256, "up", "kea"), clients: two, rounds: 5},
	{Scene: mode(result.Rapid, scene(256, "up", "dnsmasq")), clients: two, rounds: 5},
	{Scene: mode(result.Reboot, scene(256, "up", "dnsmasq")), clients: two, rounds: 5},
	{Scene: probe(result.Calls, scene(256, "up", "dnsmasq")), clients: two, rounds: 1},
	{Scene: probe(result.Idle, scene(256, "up", "dnsmasq")), clients: []string{client.Ours, "networkd"}, rounds: 1},

	{Scene: scene(1000, "up", "kea"), clients: two, rounds: 5},
	{Scene: scene(1000, "up", "dhcpd"), clients: three, rounds: 3, others: 1},
	{Scene: scene(1000, "down", "kea"), clients: two, rounds: 3},
}

// rapid are those that can do with two messages.
var rapid = func() (list []string) {
	for _, c := range client.All {
		if c.Rapid {
			list = append(list, c.Name)
		}
	}
	return list
}()

// without is a list without one of its names.
func without(list []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == name })
}

var names = func() (list []string) {
	for _, c := range client.All {
		list = append(list, c.Name)
	}
	return list
}()
