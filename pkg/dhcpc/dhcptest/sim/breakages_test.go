package sim

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	broken = flag.String("breakages", "forget-t2,keep-after-nak", "which breakages to try, or all")
	table  = flag.String("table", "", "where to write what became of them")
)

// enough is how many seeds a breakage has to be caught in.
const enough = 300

// The simulation is worth what it finds. Each file in breakages breaks the client
// in one way; the rule that it breaks is noticed. The tree itself is never
// changed: the compiler is given other files in place of those that are patched.
func TestEachBreakageIsCaught(t *testing.T) {
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	patches, err := filepath.Glob("breakages/*.patch")
	if err != nil || len(patches) == 0 {
		t.Fatalf("no breakages: %v", err)
	}
	var rows bytes.Buffer
	for _, path := range patches {
		name := strings.TrimSuffix(filepath.Base(path), ".patch")
		t.Run(name, func(t *testing.T) {
			patch, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			overlay := applied(t, root, patch)
			if *broken != "all" && !slices.Contains(strings.Split(*broken, ","), name) {
				return // it can be tried, which has to do
			}
			c := try(t, root, overlay)
			what, _, _ := strings.Cut(string(patch), "\n")
			fmt.Fprintf(&rows, "| `%s` | %s | %s | %s | %s |\n", name, what, c.rule, c.steps, c.seeds)
			t.Logf("rule %q, after %s steps, in seed %s", c.rule, c.steps, c.seeds)
		})
	}
	if *table != "" && !t.Failed() {
		writeTable(t, rows.String())
	}
}

// caught is how a breakage was.
type caught struct{ rule, steps, seeds string }

// verdict is how the test of the seeds says it.
var verdict = regexp.MustCompile(`seed (\d+): step \d+: .*: rule "(\w+)": (?s:.*)in (\d+) steps`)

// applied applies a patch to copies of the files that it is about, and writes down
// for the compiler which they stand for.
func applied(t *testing.T, root string, patch []byte) (overlay string) {
	dir := t.TempDir()
	list := struct{ Replace map[string]string }{map[string]string{}}
	for line := range strings.Lines(string(patch)) {
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "+++ b/")
		if !ok {
			continue
		}
		original, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied, original, 0o644); err != nil {
			t.Fatal(err)
		}
		list.Replace[filepath.Join(root, name)] = copied
	}
	apply := exec.Command("git", "apply", "-")
	apply.Dir, apply.Stdin = dir, bytes.NewReader(patch)
	// A repository around the directory would have git look for the files there.
	apply.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	if out, err := apply.CombinedOutput(); err != nil || len(list.Replace) == 0 {
		t.Fatalf("the patch does not apply any more; make it anew: %v\n%s", err, out)
	}
	overlay = filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// try runs seeds of what a patch makes until one breaks a rule.
func try(t *testing.T, root, overlay string) caught {
	run := exec.Command("go", "test", "-count=1", "-vet=off", "-overlay", overlay,
		"-run", "^TestNoSeedBreaksARule$", "./pkg/dhcpc/dhcptest/sim", "-seeds", fmt.Sprint(enough))
	run.Dir = root
	out, err := run.CombinedOutput()
	if err == nil {
		t.Fatalf("no rule noticed it in %d seeds", enough)
	}
	m := verdict.FindSubmatch(out)
	if m == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return caught{string(m[2]), string(m[3]), string(m[1])}
}

// writeTable writes the table that is in the repository.
func writeTable(t *testing.T, rows string) {
	text := `# What the simulation finds

Made by ` + "`make breakages`" + `. Each row is a patch in [breakages](breakages) that
breaks the client in one way; the rule of [judge.go](judge.go) that noticed; after
how many steps, turns of clients and things that happened to them, counted from
the beginning of the first seed; and in which seed.

| patch | what is broken | rule | steps | seed |
|---|---|---|---|---|
` + rows
	if err := os.WriteFile(*table, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
