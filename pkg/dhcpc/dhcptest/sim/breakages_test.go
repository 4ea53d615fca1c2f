package sim

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/breakage"
)

var (
	broken = flag.String("breakages", "forget-t2,keep-after-nak", "which breakages to try, or all")
	table  = flag.String("table", "", "where to write what became of them")
)

// enough is how many seeds a breakage has to be caught in.
const enough = 300

// The simulation is worth what it finds. Each file in breakages breaks the client
// in one way; the rule that it breaks is noticed.
func TestEachBreakageIsCaught(t *testing.T) {
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	patches, err := breakage.All("breakages")
	if err != nil {
		t.Fatal(err)
	}
	var rows bytes.Buffer
	for _, p := range patches {
		t.Run(p.Name, func(t *testing.T) {
			overlay, err := p.Overlay(root, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if !p.In(*broken) {
				return // it can be tried, which has to do
			}
			c := try(t, root, overlay)
			fmt.Fprintf(&rows, "| `%s` | %s | %s | %s | %s |\n", p.Name, p.What, c.rule, c.steps, c.seeds)
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
