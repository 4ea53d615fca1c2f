package main

import (
	"bufio"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/renameio/v2"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// statusVersion is that of the schema below. It grows when a field changes its
// meaning or goes away; fields that are added do not change it.
const statusVersion = 1

// statusFile is the content of <state-dir>/status.json. Times whose names end
// in _ms are milliseconds of CLOCK_BOOTTIME, the clock that runs on in suspend
// and that nobody sets.
type statusFile struct {
	Version   int          `json:"version"`
	PID       int          `json:"pid"`       // of the resident
	PIDStart  uint64       `json:"pid_start"` // when that process was started, as in /proc/PID/stat; PIDs are used again
	Alive     *bool        `json:"alive,omitempty"`
	StartMS   int64        `json:"start_ms"`
	WrittenMS int64        `json:"written_ms"`
	Result    result       `json:"result,omitempty"` // of the wait, once it is decided
	Links     []linkStatus `json:"links"`            // in metric order
}

// linkStatus is one link.
type linkStatus struct {
	Interface string            `json:"interface"`
	Index     int               `json:"index"` // 0: there is no such interface
	State     string            `json:"state"` // RFC 2131 figure 5, and DOWN without carrier
	Carrier   bool              `json:"carrier"`
	Metric    uint32            `json:"metric"`
	Lease     *leaseStatus      `json:"lease,omitempty"`
	Timeline  []markStatus      `json:"timeline,omitempty"`
	Sent      uint32            `json:"sent"`
	Received  uint32            `json:"received"`
	Refused   map[string]uint32 `json:"refused,omitempty"` // frames, by reason
	LastError string            `json:"last_error,omitempty"`
}

// markStatus is when something happened, in milliseconds since the start.
type markStatus struct {
	What string  `json:"what"`
	MS   float64 `json:"ms"`
}

// leaseStatus is a lease. One without expiry_ms never ends. The fields in
// seconds are computed by "status -json" and not in the file.
type leaseStatus struct {
	Address   netip.Prefix  `json:"address"`
	Server    netip.Addr    `json:"server"`
	Routers   []netip.Addr  `json:"routers,omitempty"`
	Routes    []routeStatus `json:"routes,omitempty"`
	DNS       []netip.Addr  `json:"dns,omitempty"`
	NTP       []netip.Addr  `json:"ntp,omitempty"`
	Domain    string        `json:"domain,omitempty"`
	Search    []string      `json:"search,omitempty"`
	HostName  string        `json:"host_name,omitempty"`
	MTU       uint16        `json:"mtu,omitempty"`
	StartMS   int64         `json:"start_ms"`
	RenewMS   int64         `json:"renew_ms,omitempty"`
	RebindMS  int64         `json:"rebind_ms,omitempty"`
	ExpiryMS  int64         `json:"expiry_ms,omitempty"`
	RenewIn   *int64        `json:"renew_in_s,omitempty"`
	RebindIn  *int64        `json:"rebind_in_s,omitempty"`
	ExpiresIn *int64        `json:"expires_in_s,omitempty"`
}

type routeStatus struct {
	To  netip.Prefix `json:"to"`
	Via netip.Addr   `json:"via,omitzero"`
}

func describeLink(l *dhcpc.LinkStatus, start time.Duration) linkStatus {
	s := linkStatus{
		Interface: l.Interface, Index: l.Index, State: l.State.String(), Carrier: l.Carrier, Metric: l.Metric,
		Sent: l.Sent, Received: l.Received, LastError: l.LastErr,
	}
	if l.Lease != nil {
		s.Lease = describeLease(l.Lease)
	}
	for _, m := range l.Timeline {
		s.Timeline = append(s.Timeline, markStatus{m.What, float64((m.At - start).Microseconds()) / 1000})
	}
	for reason, n := range l.Refused {
		if n > 0 {
			if s.Refused == nil {
				s.Refused = map[string]uint32{}
			}
			s.Refused[dhcp4.Refusal(reason).String()] = n
		}
	}
	return s
}

func describeLease(l *machine.Lease) *leaseStatus {
	s := &leaseStatus{
		Address: l.Addr, Server: l.Server, Routers: l.Routers, DNS: l.DNS, NTP: l.NTP,
		Domain: l.Domain, Search: l.Search, HostName: l.HostName, MTU: l.MTU, StartMS: l.Start.Milliseconds(),
	}
	for _, r := range l.Routes {
		s.Routes = append(s.Routes, routeStatus{r.Dst, r.Gateway})
	}
	for _, t := range []struct {
		ms *int64
		at time.Duration
	}{{&s.RenewMS, l.T1}, {&s.RebindMS, l.T2}, {&s.ExpiryMS, l.Expiry}} {
		if t.at != machine.Never {
			*t.ms = t.at.Milliseconds()
		}
	}
	return s
}

// writeStatusFile replaces the file, one link after the other: all of them in
// one piece would be the largest object of the program. There is a link to a line.
func writeStatusFile(dir string, head statusFile, start time.Duration, links []dhcpc.LinkStatus) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	head.StartMS, head.Links = start.Milliseconds(), []linkStatus{}
	opening, err := json.Marshal(&head)
	if err != nil {
		return err
	}
	f, err := renameio.NewPendingFile(statusPath(dir), renameio.WithTempDir(dir), renameio.WithPermissions(0o644))
	if err != nil {
		return err
	}
	defer f.Cleanup()
	w := bufio.NewWriter(f)
	encoder := json.NewEncoder(w)
	_, _ = w.Write(opening[:len(opening)-len("]}")]) // a bufio.Writer keeps the first error for Flush
	for i := range links {
		if i > 0 {
			_ = w.WriteByte(',')
		}
		_ = w.WriteByte('\n')
		s := describeLink(&links[i], start)
		if err := encoder.Encode(&s); err != nil {
			return err
		}
	}
	_, _ = w.WriteString("]}\n")
	if err := w.Flush(); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}

func statusPath(dir string) string { return filepath.Join(dir, "status.json") }

// processStart is when a process was started, in clock ticks since boot; 0 if
// there is no such process.
func processStart(pid int) uint64 {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	// The name of the program stands in parentheses and may hold anything. The
	// start is field 22, the twentieth after it.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 || fields[0] == "Z" {
		return 0
	}
	start, err := strconv.ParseUint(fields[19], 10, 64)
	if err != nil {
		return 0
	}
	return start
}
