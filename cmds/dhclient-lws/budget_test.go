package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// goTool runs the go command as "make build" does, for the machine that the figures
// are of.
func goTool(t *testing.T, args ...string) string {
	t.Helper()
	c := exec.Command("go", args...)
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go %s: %v", args[0], err)
	}
	return string(out)
}

// Each package that is linked has its reason in a list, and each that has one is linked.
func TestEveryPackageHasItsReason(t *testing.T) {
	text, err := os.ReadFile("testdata/packages.txt")
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		name, reason, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name == "" || name == "#" {
			continue
		}
		if strings.TrimSpace(reason) == "" {
			t.Errorf("no reason for %s", name)
		}
		reasons[name] = true
	}
	linked := strings.Fields(goTool(t, "list", "-deps", "."))
	for _, name := range linked {
		first, _, _ := strings.Cut(name, "/")
		standard := !strings.Contains(first, ".")
		if !reasons[name] && !(standard && slices.Contains(strings.Split(name, "/"), "internal")) {
			t.Errorf("%s is linked without a reason in testdata/packages.txt", name)
		}
	}
	for name := range reasons {
		if !slices.Contains(linked, name) {
			t.Errorf("%s has a reason and is not linked", name)
		}
	}
}

// sizeBudget is how large the stripped program may be for amd64, in bytes.
const sizeBudget = 2_800_000

func TestTheProgramIsSmall(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dhclient-lws")
	goTool(t, "build", "-trimpath", "-ldflags", "-s -w", "-o", file, ".")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > sizeBudget {
		t.Errorf("%d bytes, and %d are allowed; what is in it: go tool nm -size -sort size", info.Size(), sizeBudget)
	}
}
