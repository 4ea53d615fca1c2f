package rig

import (
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

// Start is how the links are when a client is started.
type Start string

// Lossy loses the first frame that a client sends on each link.
const (
	Up      Start = "up"
	Down    Start = "down"
	Carrier Start = "carrier" // up, without carrier, which comes after a while: Rig.Connect
	Lossy   Start = "lossy"
)

// patience bounds the wait for what the kernel is about to do.
const patience = time.Minute

// Reset takes away what a client has left, sets the links up or down, and returns
// when the kernel has settled.
func (r *Rig) Reset(t testing.TB, start Start) {
	t.Helper()
	r.forget(t)
	for i, index := range r.index {
		port := r.Server.LinkSetUp
		if start == Carrier {
			port = r.Server.LinkSetDown
		}
		link := r.Client.LinkSetUp
		if start == Down {
			link = r.Client.LinkSetDown
		}
		for _, err := range []error{port(byIndex(r.ports[i])), link(byIndex(index))} {
			if err != nil {
				t.Fatalf("%s: %v", Name(i), err)
			}
		}
	}
	running := r.N
	if start == Down || start == Carrier {
		running = 0
	}
	eventually(t, "the links are as they should be", func() bool {
		return r.running(t) == running && r.forwarding(t) == running
	})
	// What was to be told of that is told, and the next frame is a client's.
	time.Sleep(50 * time.Millisecond)
}

// Connect gives the links carrier.
func (r *Rig) Connect(t testing.TB) {
	t.Helper()
	for i, port := range r.ports {
		if err := r.Server.LinkSetUp(byIndex(port)); err != nil {
			t.Fatalf("%s: %v", Name(i), err)
		}
	}
}

// forget removes routes and addresses.
func (r *Rig) forget(t testing.TB) {
	t.Helper()
	routes, err := r.Client.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range routes {
		if _, ours := r.place[route.LinkIndex]; ours {
			_ = r.Client.RouteDel(&route) // it may be gone with another one
		}
	}
	addrs, err := r.Client.AddrList(nil, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if _, ours := r.place[a.LinkIndex]; !ours {
			continue
		}
		if err := r.Client.AddrDel(byIndex(a.LinkIndex), &a); err != nil {
			t.Fatal(err)
		}
	}
}

// running tells how many of the client's links work.
func (r *Rig) running(t testing.TB) (n int) {
	t.Helper()
	links, err := r.Client.LinkList()
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if _, ours := r.place[link.Attrs().Index]; ours && link.Attrs().OperState == netlink.OperUp {
			n++
		}
	}
	return n
}

func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("after %v it is not so that %s", patience, what)
		}
	}
}
