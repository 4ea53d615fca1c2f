package main

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// awaitRenewal waits until the client has another lease than now, or has none to
// renew since it is gone.
func awaitRenewal() error {
	first, err := leaseStart()
	for deadline := time.Now().Add(time.Minute); err == nil && time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		var now int64
		if now, err = leaseStart(); err == nil && now != first {
			return nil
		}
	}
	if err != nil {
		return err
	}
	return errors.New("no lease was renewed within a minute")
}

// leaseStart is when the lease of the first link began, by the client's own words.
func leaseStart() (int64, error) {
	text, err := status()
	if err != nil {
		return 0, err
	}
	var s struct {
		Links []struct {
			Lease struct {
				Start int64 `json:"start_ms"`
			}
		}
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return 0, err
	}
	if len(s.Links) == 0 {
		return 0, errors.New("the client knows no link")
	}
	return s.Links[0].Lease.Start, nil
}

// openKernelLog opens the kernel's log behind what is in it.
func openKernelLog() (*os.File, error) {
	log, err := os.OpenFile("/dev/kmsg", os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	_, err = log.Seek(0, 2)
	return log, err
}

// readKernelLog is what the client has said there since.
func readKernelLog(log *os.File) (lines []string, err error) {
	raw, err := log.SyscallConn()
	if err != nil {
		return nil, err
	}
	record := make([]byte, 8<<10) // one at a time
	var n int
	for err == nil {
		if e := raw.Control(func(fd uintptr) { n, err = unix.Read(int(fd), record) }); e != nil {
			return nil, e
		}
		if _, text, _ := strings.Cut(string(record[:max(n, 0)]), ";"); strings.HasPrefix(text, "dhclient-lws: ") {
			lines = append(lines, strings.TrimSpace(text))
		}
	}
	if err == unix.EAGAIN {
		err = nil
	}
	return lines, err
}
