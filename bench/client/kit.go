package client

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Kit is a directory with the clients that are built here.
type Kit struct{ dir string }

// Build builds them, all without what a debugger would need. The floor takes a C
// compiler. It lives as long as the test.
func Build(t testing.TB, clients []Client) Kit {
	t.Helper()
	k := Kit{t.TempDir()}
	for _, c := range clients {
		if c.Package != "" {
			continue
		}
		build := builds[c.Name]
		args := append(append([]string{}, build.args...), "-o", k.Path(c), build.what)
		cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
		cmd.Dir = build.dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s is not built (%s from Debian package %s is needed): %v\n%s", c.Name, args[0], build.needs, err, out)
		}
	}
	return k
}

// Path is where the program of a client is.
func (k Kit) Path(c Client) string {
	if filepath.IsAbs(c.Program) {
		return c.Program
	}
	return filepath.Join(k.dir, c.Program)
}

// Size is the size of the program, in bytes.
func (k Kit) Size(t testing.TB, c Client) int64 {
	t.Helper()
	info, err := os.Stat(k.Path(c))
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// build is how a program is made, from the directory of the tests.
type build struct {
	dir, what, needs string
	args             []string
}

var (
	goBuild = []string{"go", "build", "-trimpath", "-ldflags=-s -w"}
	builds  = map[string]build{
		Floor:     {".", "floor/floor.c", "gcc", []string{"gcc", "-O2", "-static", "-s"}},
		Ours:      {".", "github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws", "golang", goBuild},
		URoot:     {"peers", "github.com/u-root/u-root/cmds/core/dhclient", "golang", goBuild},
		"gokrazy": {"../images/gokrazy/system", "github.com/gokrazy/gokrazy/cmd/dhcp", "golang", goBuild},
	}
)
