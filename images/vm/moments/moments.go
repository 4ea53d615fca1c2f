// Package moments is when what happened in the boot of a machine: the guest finds it
// out, and tests on the host write it down for a picture.
package moments

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Boot is a boot, in milliseconds since the kernel started.
type Boot struct {
	Init    float64 `json:"init"`              // the first program was started
	Client  float64 `json:"client"`            // the client was
	Link    float64 `json:"link"`              // there was carrier
	Lease   float64 `json:"lease"`             // the address was there
	Handoff float64 `json:"handoff,omitempty"` // what comes next was started; 0 where nothing waits
}

// Now is the time since the kernel started.
func Now() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) // it has that clock
	return time.Duration(ts.Nano())
}

// Gather finds out about the boot of this machine.
func Gather(handoff time.Duration) (b Boot, err error) {
	if b.Init, err = initStart(); err != nil {
		return b, err
	}
	text, err := os.ReadFile("/run/dhclient-lws/status.json")
	if err != nil {
		return b, err
	}
	var s struct {
		Start float64 `json:"start_ms"`
		Links []struct {
			Timeline []struct {
				What string
				MS   float64
			}
		}
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return b, err
	}
	b.Client, b.Handoff = s.Start, float64(handoff.Milliseconds())
	for _, l := range s.Links {
		for _, mark := range l.Timeline {
			switch mark.What {
			case "carrier":
				b.Link = s.Start + mark.MS
			case "installed":
				b.Lease = s.Start + mark.MS
				return b, nil
			}
		}
	}
	return b, errors.New("no link has a lease")
}

// initStart is when the kernel has started the first program, by its own log.
func initStart() (ms float64, err error) {
	fd, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	record := make([]byte, 8<<10) // one at a time
	for {
		n, err := unix.Read(fd, record)
		switch {
		case err == unix.EPIPE: // what comes next was overwritten
			continue
		case err != nil:
			return 0, fmt.Errorf("the kernel's log does not say when it has started init: %w", err)
		}
		// "6,339,1234567,-;Run /init as init process", in microseconds
		head, text, _ := strings.Cut(string(record[:n]), ";")
		var level, number, us int64
		if strings.Contains(text, " as init process") {
			_, err := fmt.Sscanf(head, "%d,%d,%d", &level, &number, &us)
			return float64(us) / 1000, err
		}
	}
}

// file is where boots are written down, if there is to be a picture.
const file = "BOOT_MOMENTS"

// Record writes a boot down.
func Record(place string, b Boot) error {
	name := os.Getenv(file)
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(json.NewEncoder(f).Encode(Recorded{place, b}), f.Close())
}

// Recorded is a line of the file.
type Recorded struct {
	Place string
	Boot
}
