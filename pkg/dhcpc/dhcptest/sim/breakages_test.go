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
	names := strings.Split(*broken, ",")
	if *broken == "all" {
		names = nil
		patches, _ := filepath.Glob("breakages/*.patch")
		for _, p := range patches {
			names = append(names, strings.TrimSuffix(filepath.Base(p), ".patch"))
		}
	}
	var rows bytes.Buffer
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			patch, err := os.ReadFile(filepath.Join("breakages", name+".patch"))
			if err != nil {
				t.Fatal(err)
			}
			c := try(t, root, patch)
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

// try runs seeds with a patch until one breaks a rule.
func try(t *testing.T, root string, patch []byte) caught {
	dir := t.TempDir()
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for _, line := range strings.Split(string(patch), "\n") {
		name, ok := strings.CutPrefix(line, "+++ b/")
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
		overlay.Replace[filepath.Join(root, name)] = copied
	}
	apply := exec.Command("git", "apply", "--verbose", "-")
	apply.Dir, apply.Stdin = dir, bytes.NewReader(patch)
	// A repository around the directory would have git look for the files there.
	apply.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	if out, err := apply.CombinedOutput(); err != nil || len(overlay.Replace) == 0 {
		t.Fatalf("the patch does not apply any more; make it anew: %v\n%s", err, out)
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	overlaid := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlaid, list, 0o644); err != nil {
		t.Fatal(err)
	}
	run := exec.Command("go", "test", "-count=1", "-vet=off", "-overlay", overlaid,
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
