// Package commandtest lets the tests of a command run it as it is: the test binary is
// the command itself when a test starts it as such.
//
//	func TestMain(m *testing.M) { commandtest.Main(m, main) }
package commandtest

import (
	"errors"
	"os"
	"os/exec"
	"testing"
)

const asCommand = "TEST_AS_COMMAND"

// Main runs the tests, or the command.
func Main(m *testing.M, command func()) {
	if os.Getenv(asCommand) != "" {
		command()
		return
	}
	os.Exit(m.Run())
}

// Run runs the command to its end, and returns both of its outputs and its exit status.
func Run(t *testing.T, args ...string) (output string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), asCommand+"=1")
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}
