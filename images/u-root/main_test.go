package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The test binary is the command itself when a test starts it as such.
const asCommand = "U_ROOT_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func command(t *testing.T, args ...string) (output string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// What make run is worth: its exit status tells that one of three networks has
// no server. That it also tells of success is what the tests of boot show.
func TestAnUnservedNetworkIsAFailure(t *testing.T) {
	image := filepath.Join(t.TempDir(), "u-root.cpio")
	out, status := command(t, "-image", image, "-silent", "1", "--", "-grace", "2s")
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
		if out, status := command(t, args...); status != 2 || !strings.Contains(out, args[0]) || strings.Count(out, "\n") != 1 {
			t.Errorf("%v: exit status %d\n%s", args, status, out)
		}
	}
}
