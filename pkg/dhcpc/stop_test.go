package dhcpc_test

import (
	"errors"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
)

// Stop ends the loop at once, whoever calls it, and the first reason counts.
func TestStop(t *testing.T) {
	first, second := errors.New("the first reason"), errors.New("the second reason")
	for name, tt := range map[string]struct {
		arrange func(*office)
		at      time.Duration
	}{
		"before it runs": {func(o *office) { o.client.Stop(first) }, 0},
		"while it sleeps": {func(o *office) {
			o.lan.At(time.Minute, func() { o.client.Stop(first); o.client.Stop(second) })
		}, time.Minute},
		"from a callback": {func(o *office) {
			o.client.Remove("eth0")
			err := o.client.Request("eth0", dhcpc.IPv4, func(ev dhcpc.Event) {
				if ev.Kind == dhcpc.Bound {
					o.client.Stop(first)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		}, fourWays},
	} {
		o := newOffice(dhcpc.Config{})
		tt.arrange(o)
		err := o.lan.Run(o.client, time.Hour)
		if !errors.Is(err, first) || errors.Is(err, second) {
			t.Errorf("%s: %v, want %v", name, err, first)
		}
		if now := o.lan.Now(); now != tt.at {
			t.Errorf("%s: ended at %v, want %v", name, now, tt.at)
		}
	}
}
