package dhcp4_test

import (
	"regexp"
	"strconv"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

func TestNames(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{dhcp4.Discover.String(), "DISCOVER"},
		{dhcp4.ForceRenew.String(), "FORCERENEW"},
		{dhcp4.MessageType(0).String(), "type 0"},
		{dhcp4.MessageType(255).String(), "type 255"},
		{dhcp4.Router.String(), "router"},
		{dhcp4.Code(254).String(), "254"},
		{serverMAC.String(), "02:00:00:00:00:aa"},
		{dhcp4.Broadcast.String(), "ff:ff:ff:ff:ff:ff"},
		{dhcp4.BadUDPChecksum.String(), "bad UDP checksum"},
		{dhcp4.NumRefusals.String(), "unknown"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// The names are counters in the status that programs read, so that a refusal
// without one, or two with the same, would be lost.
func TestEveryRefusalHasItsOwnName(t *testing.T) {
	words := regexp.MustCompile(`^[A-Za-z0-9]+( [A-Za-z0-9]+)*$`)
	seen := map[string]dhcp4.Refusal{}
	for r := range dhcp4.NumRefusals {
		name := r.String()
		if other, twice := seen[name]; twice || !words.MatchString(name) {
			t.Errorf("refusal %d is called %q, as is %d", r, name, other)
		}
		seen[name] = r
	}
}

func TestOptionsWithTheSameNameDoNotExist(t *testing.T) {
	seen := map[string]int{}
	for i := range 256 {
		name := dhcp4.Code(i).String()
		if other, twice := seen[name]; twice || name == "" {
			t.Errorf("options %d and %d are both called %q", i, other, name)
		}
		seen[name] = i
	}
	if _, err := strconv.Atoi(dhcp4.ClasslessRoute.String()); err == nil {
		t.Error("option 121 has no name")
	}
}
