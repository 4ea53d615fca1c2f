// Package moments tells how far a boot was when. All times are those of
// CLOCK_BOOTTIME, which begins with the kernel.
package moments

import (
	"encoding/json"
	"fmt"
	"time"
)

// Boot is a boot from the start of its kernel on.
type Boot struct {
	Init   time.Duration // the kernel has started the first program
	Client time.Duration // ours has been started
	Link   time.Duration // the link is up and has carrier
	Lease  time.Duration // the kernel has the address
	Next   time.Duration // what waited for that has been started; 0 if nothing does
}

// Names are the moments by name, in their order.
var Names = []string{"init", "client", "link", "lease", "next"}

// Read takes what the client's status says of itself and of the link that has a
// hardware address.
func (b *Boot) Read(status []byte, mac string) error {
	var s struct {
		Start int64 `json:"start_ms"`
		Links []struct {
			MAC      string
			Timeline []struct {
				What string
				MS   float64
			}
		}
	}
	if err := json.Unmarshal(status, &s); err != nil {
		return fmt.Errorf("status: %w", err)
	}
	b.Client = time.Duration(s.Start) * time.Millisecond
	for _, l := range s.Links {
		if l.MAC != mac {
			continue
		}
		for _, m := range l.Timeline {
			at := b.Client + time.Duration(m.MS*float64(time.Millisecond))
			switch m.What {
			case "carrier":
				b.Link = at
			case "installed":
				b.Lease = at
			}
		}
	}
	if b.Link == 0 || b.Lease == 0 {
		return fmt.Errorf("status: no lease on the link %s: %s", mac, status)
	}
	return nil
}

// Metrics tells them to a benchmark, whose ReportMetric is to be given, in milliseconds
// under units such as "lease-ms". They have to be in order.
func (b Boot) Metrics(report func(n float64, unit string)) error {
	list := []time.Duration{b.Init, b.Client, b.Link, b.Lease, b.Next}
	last := time.Duration(0)
	for i, d := range list {
		if d == 0 && Names[i] == "next" {
			continue
		}
		if d < last || d == 0 {
			return fmt.Errorf("%s after %v, and what comes before it after %v", Names[i], d, last)
		}
		last = d
		report(float64(d.Microseconds())/1000, Names[i]+"-ms")
	}
	report(0, "ns/op") // which would be the time of the whole test
	return nil
}
