// Package result is what was measured, and what becomes of it: medians, ratios,
// tables. It measures nothing.
package result

import "fmt"

// Scene is what clients are compared in.
type Scene struct {
	Links  int    `json:"links"`
	Start  string `json:"start"`          // how the links are: up, down, carrier, lossy
	Server string `json:"server"`         // dnsmasq, kea, dhcpd
	Mode   string `json:"mode,omitempty"` // rapid, reboot
	Probe  string `json:"probe,omitempty"`
}

// Probes: what is measured at the cost of the times.
const (
	Idle  = "idle"  // steady memory and wake-ups
	Calls = "calls" // system calls
)

// Modes: how the lease is asked for.
const (
	Rapid  = "rapid"  // in two messages (RFC 4039)
	Reboot = "reboot" // a lease that is known (INIT-REBOOT)
)

func (s Scene) String() string {
	text := fmt.Sprintf("%d links %s, %s", s.Links, s.Start, s.Server)
	for _, more := range []string{s.Mode, s.Probe} {
		if more != "" {
			text += ", " + more
		}
	}
	return text
}

// Run is one client's start. Times are in milliseconds since just before its first
// process was started, or since just before the first link got its carrier. What is 0
// was not measured, or did not happen.
type Run struct {
	Scene
	Client string `json:"client"`
	Round  int    `json:"round"`

	FirstAddr  float64 `json:"first_addr_ms,omitempty"`
	LastAddr   float64 `json:"last_addr_ms,omitempty"` // of all links
	FirstRoute float64 `json:"first_route_ms,omitempty"`
	LastRoute  float64 `json:"last_route_ms,omitempty"` // of all links
	CPU        float64 `json:"cpu_ms,omitempty"`        // to the last address
	PeakKB     int     `json:"peak_kb,omitempty"`
	Sent       int     `json:"sent"` // frames of all kinds
	Received   int     `json:"received"`

	SteadyKB int `json:"steady_kb,omitempty"` // at rest
	Wakeups  int `json:"wakeups,omitempty"`   // in ten seconds
	Calls    int `json:"calls,omitempty"`     // system calls
	Binary   int `json:"binary_bytes,omitempty"`

	Right    int    `json:"right"`            // links with the right address
	Routes   int    `json:"routes"`           // links with one default route
	Resolver bool   `json:"resolver"`         // the resolver's file is right
	Fault    string `json:"fault,omitempty"`  // what is wrong, "" if all is right
	Missed   string `json:"missed,omitempty"` // why the times are not known
	Load     string `json:"load,omitempty"`   // of the machine before
}

// Complete tells whether each link has the right address; for its times to mean
// anything, that is.
func (r *Run) Complete() bool { return r.Right == r.Links && r.Missed == "" }
