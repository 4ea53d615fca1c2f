package machine

import "testing"

// Log lines and status pages show these.
func TestNames(t *testing.T) {
	seen := map[string]bool{"": true, "invalid": true}
	name := func(s string) {
		if seen[s] {
			t.Errorf("%q names two things", s)
		}
		seen[s] = true
	}
	for s := Down; s <= Stopped; s++ {
		name(s.String())
	}
	for c := Unchanged; c <= Lost; c++ {
		name(c.String())
	}
	for r := NoReason + 1; r <= ReasonConfirmed; r++ {
		name(r.String())
	}
	for _, s := range []string{(Stopped + 1).String(), (Lost + 1).String(), (ReasonConfirmed + 1).String()} {
		if s != "invalid" {
			t.Errorf("there is something called %q after the last", s)
		}
	}
	if NoReason.String() != "" {
		t.Error("no reason has a name")
	}
}
