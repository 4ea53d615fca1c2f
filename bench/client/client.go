// Package client knows the clients that are compared: how each is built or found, and
// how it is started.
package client

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/bench/rig"
)

// Names of clients.
const (
	Ours  = "dhclient-lws"
	Floor = "floor"
	URoot = "u-root"
)

// Client is one of those compared.
type Client struct {
	Name    string
	Program string // its path, or that of a program in the kit
	Package string // of Debian; empty if it is built here
	PerLink bool   // it has one process for each link
	Rapid   bool   // it can do with two messages
	Reboot  bool   // it can ask for a lease that it has had before (INIT-REBOOT)
	Fixed   bool   // the paths of its files cannot be chosen
	Init    bool   // it signals the first process of the machine, and had better be that itself
	Resolv  string // the file that it writes name servers to; empty if that can be chosen

	args    func(j Job, links ...string) []string
	prepare func(t testing.TB, r *rig.Rig)
}

// Job is what a client is to do.
type Job struct {
	Links  int
	Rapid  bool
	Reboot bool   // ask for the lease that it had before, in the same Dir
	Dir    string // where its files may be
}

// Resolv is the file with the name servers that the client was told of.
func (c Client) ResolvConf(j Job) string {
	if c.Resolv != "" {
		return c.Resolv
	}
	return filepath.Join(j.Dir, "resolv.conf")
}

// Commands are the command lines of its processes.
func (c Client) Commands(k Kit, j Job) (argv [][]string) {
	program := k.Path(c)
	if !c.PerLink {
		var links []string
		for i := range j.Links {
			links = append(links, rig.Name(i))
		}
		return [][]string{append([]string{program}, c.args(j, links...)...)}
	}
	for i := range j.Links {
		argv = append(argv, append([]string{program}, c.args(j, rig.Name(i))...))
	}
	return argv
}

// Environment is that of its processes.
func (c Client) Environment() []string {
	return []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root"}
}

// Prepare makes its surroundings, as if it had never run here. They last as long as
// the test.
func (c Client) Prepare(t testing.TB, r *rig.Rig) {
	t.Helper()
	if c.Fixed {
		sandbox(t)
	}
	if c.prepare != nil {
		c.prepare(t, r)
	}
}

// Remembers tells whether a client has noted all leases for its next life. Ours takes
// its time for that where there are many; the floor is told.
func (c Client) Remembers(j Job) bool {
	if c.Name != Ours {
		return true
	}
	files, _ := filepath.Glob(filepath.Join(leases(j), "*.json"))
	return len(files) == j.Links
}

// Missing names the Debian packages of clients that are not there.
func Missing(clients []Client) (packages []string) {
	for _, c := range clients {
		if _, err := os.Stat(c.Program); c.Package != "" && err != nil {
			packages = append(packages, c.Package)
		}
	}
	return packages
}

// ByName are the clients of these names, and those of no such name.
func ByName(names ...string) (clients []Client, unknown []string) {
names:
	for _, name := range names {
		for _, c := range All {
			if c.Name == name {
				clients = append(clients, c)
				continue names
			}
		}
		unknown = append(unknown, name)
	}
	return clients, unknown
}
