package machine

import (
	"net/netip"
	"testing"
	"time"
)

// A machine with a lease of its own comes with the carrier and asks nobody, whatever
// happens. Only a release takes the lease away.
func TestStatic(t *testing.T) {
	lease := &Lease{Addr: netip.MustParsePrefix("192.0.2.77/24"), T1: Never, T2: Never, Expiry: Never}
	m := New(Config{Static: lease, Rand: func() uint32 { return 0 }}, nil, false)
	for i, tt := range []struct {
		event Event
		state State
		want  Change
	}{
		{Renew{}, Down, Unchanged},
		{LinkUp{}, Installing, Granted},
		{InstallFailed{}, Installing, Unchanged},
		{Installed{}, Bound, Unchanged},
		{Renew{}, Bound, Unchanged},
		{Conflict{}, Bound, Unchanged},
		{InstallFailed{Gone: true}, Bound, Unchanged},
		{Timer{}, Bound, Unchanged},
		{LinkDown{}, Down, Unchanged},
		{Conflict{}, Down, Unchanged},
		{LinkUp{}, Bound, Unchanged},
		{Release{}, Stopped, Lost},
	} {
		now := time.Duration(i) * time.Hour
		if e := m.Step(now, tt.event); m.State() != tt.state || e.Change != tt.want {
			t.Errorf("%d: %T: %v, %v", i, tt.event, m.State(), e.Change)
		}
		if m.Deadline() != Never || m.Remembered() != nil {
			t.Errorf("%d: deadline %v, remembered %v", i, m.Deadline(), m.Remembered())
		}
		if out, ok := m.Outgoing(now); ok {
			t.Errorf("%d: %+v", i, out)
		}
	}
}

// What no server has granted is checked like what one has.
func TestValidStatic(t *testing.T) {
	good := func() *Lease {
		return &Lease{Addr: netip.MustParsePrefix("192.0.2.77/24"), T1: Never, T2: Never, Expiry: Never}
	}
	if err := good().ValidStatic(); err != nil {
		t.Error(err)
	}
	local := good()
	local.Addr = netip.MustParsePrefix("169.254.7.7/16") // which everybody may give himself
	if err := local.ValidStatic(); err != nil {
		t.Error(err)
	}
	addr := netip.MustParseAddr
	for want, spoil := range map[string]func(l *Lease){
		"bad address":           func(l *Lease) { l.Addr = netip.MustParsePrefix("240.0.0.1/24") },
		"bad server":            func(l *Lease) { l.Server = addr("192.0.2.1") },
		"bad times":             func(l *Lease) { l.T1, l.T2, l.Expiry = time.Hour, 2*time.Hour, 3*time.Hour },
		"bad routers":           func(l *Lease) { l.Routers = []netip.Addr{addr("192.0.2.77")} },
		"bad name servers":      func(l *Lease) { l.DNS = []netip.Addr{addr("0.0.0.1")} },
		"bad broadcast address": func(l *Lease) { l.Broadcast = addr("192.0.3.255") },
		"bad domain":            func(l *Lease) { l.Domain = "a b" },
	} {
		l := good()
		if spoil(l); l.ValidStatic() == nil || l.ValidStatic().Error() != want {
			t.Errorf("%v, want %s", l.ValidStatic(), want)
		}
	}
}
