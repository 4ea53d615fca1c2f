// Package report is what the agent of the test image says of its machine.
package report

import (
	"encoding/json"
	"net/netip"
	"time"

	"github.com/dhclient-lws/dhclient-lws/images/network"
)

// Report is what a machine has of a network.
type Report struct {
	Now    time.Duration   // since the kernel started
	Events []Event         // in the order in which they happened
	Links  []network.Link  // all but loopback, by index
	Routes []network.Route // default routes, the preferred one first
	Resolv string          // content of /etc/resolv.conf
	Init   time.Duration   // when the kernel started the first program, since it started itself
	Status json.RawMessage // content of the client's status.json
	Errors []string        // what could not be found out
}

// Event is an IPv4 address that came to a link, or was given a new lifetime, or
// went.
type Event struct {
	Time time.Duration // since the kernel started
	Link string
	Addr netip.Prefix
	Came bool
}
