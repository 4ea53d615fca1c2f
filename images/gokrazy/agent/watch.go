package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/dhclient-lws/dhclient-lws/images/gokrazy/report"
	"github.com/dhclient-lws/dhclient-lws/images/moments"
	"github.com/dhclient-lws/dhclient-lws/images/network"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// watcher remembers every IPv4 address that came or went.
type watcher struct {
	init   time.Duration
	mu     sync.Mutex
	events []report.Event
}

func watch() (*watcher, error) {
	init, err := moments.Init()
	if err != nil {
		return nil, err
	}
	w := &watcher{init: init}
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
			e := report.Event{Time: packet.Now(), Addr: p, Came: u.NewAddr}
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

func (w *watcher) serve(out http.ResponseWriter, _ *http.Request) {
	r := report.Report{Now: packet.Now(), Init: w.init}
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
	// There is none of a client that has ended, or is another.
	if r.Status, err = os.ReadFile("/run/dhclient-lws/status.json"); !errors.Is(err, fs.ErrNotExist) {
		note(err)
	}
	_ = json.NewEncoder(out).Encode(r)
}
