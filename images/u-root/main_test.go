package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/images/vm/commandtest"
)

func TestMain(m *testing.M) { commandtest.Main(m, main) }

// What make run is worth: its exit status tells that one of three networks has
// no server. That it also tells of success is what the tests of boot show.
func TestAnUnservedNetworkIsAFailure(t *testing.T) {
	image := filepath.Join(t.TempDir(), "u-root.cpio")
	out, status := commandtest.Run(t, "-image", image, "-silent", "1", "--", "-grace", "2s")
	if status != 1 || !strings.Contains(out, "FAILED\neth1 has no address\n") {
		t.Errorf("exit status %d\n%s", status, out)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{
		{"-nics", "0"},
		{"-nics", "25"},
		{"-silent", "3"},
		{"-nics", "x"},
		{"-unknown"},
	} {
		if out, status := commandtest.Run(t, args...); status != 2 || !strings.Contains(out, args[0]) || strings.Count(out, "\n") != 1 {
			t.Errorf("%v: exit status %d\n%s", args, status, out)
		}
	}
}
