package main

import (
	"encoding/json"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/images/gokrazy/report"
	"github.com/dhclient-lws/dhclient-lws/images/network"
)

// watcher remembers every IPv4 address that came or went.
type watcher struct {
	mu     sync.Mutex
	events []report.Event
}

func watch() (*watcher, error) {
	w := &watcher{}
	updates := make(chan netlink.AddrUpdate, 64)
	// What came before this began is told as if it came now.
	if err := netlink.AddrSubscribeWithOptions(updates, nil, netlink.AddrSubscribeOptions{ListExisting: true}); err != nil {
		return nil, err
	}
	go func() {
		for u := range updates {
			p := network.Prefix(&u.LinkAddress)
			if !p.Addr().Is4() || p.Addr().IsLoopback() {
				continue
			}
			e := report.Event{Time: sinceBoot(), Addr: p, Came: u.NewAddr}
			if l, err := netlink.LinkByIndex(u.LinkIndex); err == nil {
				e.Link = l.Attrs().Name
			}
			w.mu.Lock()
			w.events = append(w.events, e)
			w.mu.Unlock()
		}
	}()
	return w, nil
}

func sinceBoot() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts)
	return time.Duration(ts.Nano())
}

func (w *watcher) serve(out http.ResponseWriter, _ *http.Request) {
	r := report.Report{Now: sinceBoot()}
	var err error
	note := func(err error) {
		if err != nil {
			r.Errors = append(r.Errors, err.Error())
		}
	}
	w.mu.Lock()
	r.Events = w.events
	w.mu.Unlock()
	r.Links, err = network.Links()
	note(err)
	r.Routes, err = network.DefaultRoutes()
	note(err)
	resolv, err := os.ReadFile("/etc/resolv.conf")
	note(err)
	r.Resolv = string(resolv)
	_ = json.NewEncoder(out).Encode(r)
}
