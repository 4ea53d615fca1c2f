package netns

import (
	"testing"
	"time"

	"github.com/vishvananda/netlink"
)

// newsPatience bounds the wait for what the kernel is about to tell.
const newsPatience = 30 * time.Second

// WatchAddresses begins to watch; what it returns lists the addresses that have left
// a link of the namespace since. It may be called once.
func (ns *NS) WatchAddresses(t testing.TB) (left func() []string) {
	t.Helper()
	updates, done := make(chan netlink.AddrUpdate, 100), make(chan struct{})
	t.Cleanup(func() { close(done) })
	if err := netlink.AddrSubscribeAt(ns.fd, updates, done); err != nil {
		t.Fatal(err)
	}
	return func() (list []string) {
		t.Helper()
		const mark = "192.0.2.77/32" // after which nothing more is waited for
		ns.Address(t, "lo", mark)
		for {
			select {
			case u := <-updates:
				if u.LinkAddress.String() == mark {
					return list
				}
				if !u.NewAddr {
					list = append(list, u.LinkAddress.String())
				}
			case <-time.After(newsPatience):
				t.Fatal("no news of the last address")
			}
		}
	}
}
