// Package report is what a booted machine says of itself: plain facts, gathered
// by the guest and judged by the host that booted it.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"time"

	"github.com/dhclient-lws/dhclient-lws/images/network"
)

// Report is the state of a machine after the handoff.
type Report struct {
	Result    string          `json:"result"`             // DHCLIENT_LWS_RESULT as the handoff handed it over
	Self      Process         `json:"self"`               // the reporting process itself
	Links     []network.Link  `json:"links"`              // all but loopback, by index
	Routes    []network.Route `json:"routes"`             // default routes, the preferred one first
	Resolv    string          `json:"resolv"`             // content of /etc/resolv.conf
	NetConf   string          `json:"net_conf,omitempty"` // content of /run/net-*.conf
	Processes []Process       `json:"processes"`
	Zombies   []string        `json:"zombies,omitempty"` // names of processes that nobody waits for
	Answered  bool            `json:"answered"`          // the resident wrote its status when it was asked to
	Killed    bool            `json:"killed,omitempty"`  // the resident was killed in the end
	Log       []string        `json:"log,omitempty"`     // what the client has said in the kernel's log since the next root is there
	Status    json.RawMessage `json:"status,omitempty"`  // output of dhclient-lws status -json
	Init      time.Duration   `json:"init"`              // when the kernel started the first program, since it started itself
	Began     time.Duration   `json:"began"`             // when the reporting process was started, likewise
	Address   time.Duration   `json:"address"`           // when the first address came, likewise
	Errors    []string        `json:"errors,omitempty"`  // what could not be found out
}

// Process is one program that runs in user space.
type Process struct {
	PID     int      `json:"pid"`
	Parent  int      `json:"parent"`
	Session int      `json:"session"`
	Args    []string `json:"args"`
}

// Resident reports whether p is the client that stays after the handoff.
func (p Process) Resident() bool {
	return len(p.Args) > 0 && path.Base(p.Args[0]) == "dhclient-lws"
}

// A console carries other text too, so a report stands between markers. JSON
// escapes '<' and '>': the markers cannot occur inside.
const (
	begin = "<report>"
	end   = "</report>"
)

// Line is the report as one line of console output.
func (r Report) Line() ([]byte, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return fmt.Appendf(nil, "%s%s%s\n", begin, b, end), nil
}

// Find returns the report that a line of console output carries, if it does.
func Find(line []byte) (r Report, found bool, err error) {
	_, rest, ok := bytes.Cut(line, []byte(begin))
	if !ok {
		return r, false, nil
	}
	body, _, ok := bytes.Cut(rest, []byte(end))
	if !ok {
		return r, false, fmt.Errorf("report: a line begins one and does not end it")
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return r, false, fmt.Errorf("report: %w", err)
	}
	return r, true, nil
}
