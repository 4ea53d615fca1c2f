package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/dhclient-lws/dhclient-lws/images/moments"
	"github.com/dhclient-lws/dhclient-lws/images/network"
	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
)

// gather finds out all that a report tells, in the next root after a renewal, and
// kills the client in the end if that is wanted. What fails becomes a line in it.
func gather(began time.Duration, kill, nextRoot bool) report.Report {
	r := report.Report{Result: os.Getenv("DHCLIENT_LWS_RESULT")}
	failed := func(what string, err error) {
		if err != nil {
			r.Errors = append(r.Errors, fmt.Sprintf("%s: %v", what, err))
		}
	}
	var err error

	r.Began = began
	r.Init, err = moments.Init()
	if !errors.Is(err, fs.ErrNotExist) { // nobody has made /dev/kmsg where there is no init
		failed("first program", err)
	}

	if nextRoot {
		log, err := openKernelLog()
		failed("kernel log", err)
		failed("renewal", awaitRenewal())
		r.Log, err = readKernelLog(log)
		failed("kernel log", err)
	}

	r.Links, err = network.Links()
	failed("links", err)
	r.Routes, err = network.DefaultRoutes()
	failed("routes", err)

	resolv, err := os.ReadFile("/etc/resolv.conf")
	failed("resolv.conf", err)
	r.Resolv = string(resolv)

	r.NetConf, err = netConf()
	failed("net-*.conf", err)

	r.Processes, err = processes()
	failed("processes", err)
	for _, p := range r.Processes {
		if p.PID == os.Getpid() {
			r.Self = p
		}
	}
	err = wake(r.Processes)
	failed("resident", err)
	r.Answered = err == nil

	r.Address, err = moments.Address()
	failed("first address", err)

	r.Status, err = status()
	failed("status", err)

	if kill {
		err = killResident(r.Processes)
		failed("kill", err)
		r.Killed = err == nil
	}
	// All that ran for a moment, the status command too, is over by now.
	r.Zombies, err = zombies()
	failed("zombies", err)
	return r
}

// netConf is what others are told of the leases, one file after the other.
func netConf() (string, error) {
	files, err := filepath.Glob("/run/net-*.conf")
	var all []byte
	for _, name := range files {
		content, e := os.ReadFile(name)
		all, err = append(all, content...), errors.Join(err, e)
	}
	return string(all), err
}

// status is what the command itself says about the machine.
func status() (json.RawMessage, error) {
	out, err := exec.Command("/bbin/dhclient-lws", "status", "-json").Output()
	if err != nil {
		return nil, err
	}
	if !json.Valid(out) {
		return nil, fmt.Errorf("not JSON: %q", out)
	}
	return out, nil
}
