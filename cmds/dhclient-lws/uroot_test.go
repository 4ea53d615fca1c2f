package main

import (
	"strings"
	"testing"
)

// Under the name of u-root's client it returns when the leases are there, unless it
// is told something else.
func TestInThePlaceOfURootsDHClient(t *testing.T) {
	for args, want := range map[string]bool{
		"-ipv6=false -v":                        true,
		"-timeout 15 -retry 5 -v4-port 67 eth0": true,
		"-background":                           true,
		"-background=false":                     false,
		"-dry-run":                              false,
		"-once":                                 false,
	} {
		o, err := parse(urootsDHClient, strings.Fields(args))
		if err != nil {
			t.Errorf("%q: %v", args, err)
		} else if o.background != want {
			t.Errorf("%q: background %v", args, o.background)
		}
	}
}
