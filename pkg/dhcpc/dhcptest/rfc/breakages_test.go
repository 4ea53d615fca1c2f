package rfc_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/breakage"
)

var (
	broken = flag.String("breakages", "", "which breakages to try, or all")
	table  = flag.String("table", "", "where to write what became of them")
)

const tableFile = "BREAKAGES.md"

// A claim to show a requirement is worth what the test does when a client
// violates it. Each file in breakages makes a mistake that clients often make, and
// says which requirements that violates. Every test that claims one of them then
// fails, and no test that claims only others.
//
// What the virtual network objects to in a message ends with the requirement; a
// test that fails for it counts as one that claims it.
func TestEachBreakageFailsItsTests(t *testing.T) {
	root, err := filepath.Abs("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	patches, written := patchesAndTable(t)
	var files []string
	for _, p := range patches {
		if p.In(*broken) {
			files = append(files, p.Files()...)
		}
	}
	var sound results
	if len(files) > 0 {
		if sound = run(t, root, files); len(sound.failed()) > 0 {
			t.Fatalf("these fail without any breakage: %v", sound.failed())
		}
	}
	var rows []string
	for _, p := range patches {
		t.Run(p.Name, func(t *testing.T) {
			overlay, err := p.Overlay(root, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Rows) == 0 {
				t.Fatal(`the patch does not say what it violates: a line "Violates: ROW ROW" is missing`)
			}
			about := fmt.Sprintf("| `%s` | %s | %s |", p.Name, p.What, strings.Join(p.Rows, " "))
			if !p.In(*broken) {
				// It can be tried, which has to do.
				i := bytes.Index(written, []byte(about))
				if i < 0 {
					t.Fatalf("%s does not say this of it; run make breakages", tableFile)
				}
				row, _, _ := bytes.Cut(written[i:], []byte("\n"))
				rows = append(rows, string(row))
				return
			}
			v := judge(t, sound, run(t, root, p.Files(), "-overlay", overlay), p.Rows)
			if !t.Failed() {
				rows = append(rows, fmt.Sprintf("%s %s | %s |", about, strings.Join(v.theirs, "<br>"), v.others()))
			}
			t.Logf("%d tests claim it and fail: %s; %s", len(v.theirs), strings.Join(v.theirs, ", "), v.others())
		})
	}
	if *table != "" {
		writeTable(t, rows)
	}
}

func patchesAndTable(t *testing.T) (patches []breakage.Patch, table []byte) {
	t.Helper()
	patches, err := breakage.All("breakages")
	if err != nil {
		t.Fatal(err)
	}
	table, err = os.ReadFile(tableFile)
	if err != nil {
		t.Fatal(err)
	}
	return patches, table
}

var rowOf = regexp.MustCompile("(?m)^\\| `([^`]+)`")

// A patch without a row was never tried, and a row without a patch says what
// nobody can try again.
func TestTheTableNamesEachBreakageOnce(t *testing.T) {
	patches, written := patchesAndTable(t)
	var names, rows []string
	for _, p := range patches {
		names = append(names, p.Name)
	}
	for _, m := range rowOf.FindAllSubmatch(written, -1) {
		rows = append(rows, string(m[1]))
	}
	if !slices.Equal(rows, names) {
		t.Errorf("%s has rows for\n%q, the patches are\n%q", tableFile, rows, names)
	}
}

// A result is what became of a test.
type result struct {
	claims []string // the requirements that it says it shows
	done   bool
	failed bool
	output strings.Builder
}

// results are by test, with its package.
type results map[string]*result

func (r results) of(name string) *result {
	if r[name] == nil {
		r[name] = new(result)
	}
	return r[name]
}

// failed are the tests that failed themselves. One of which only a subtest
// failed did not.
func (r results) failed() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(r)) {
		subtest := func(other string) bool { return strings.HasPrefix(other, name+"/") && r[other].failed }
		if r[name].failed && !slices.ContainsFunc(slices.Collect(maps.Keys(r)), subtest) {
			names = append(names, name)
		}
	}
	return names
}

// claims are those of a test or, if it has none, of the test that it is part of.
func (r results) claims(name string) []string {
	for {
		if have := r[name]; have != nil && len(have.claims) > 0 {
			return have.claims
		}
		i := strings.LastIndexByte(name, '/')
		if i < strings.LastIndexByte(name, ' ') || i < 0 {
			return nil
		}
		name = name[:i]
	}
}

// A verdict is who noticed a breakage.
type verdict struct {
	theirs    []string // tests that claim what it violates
	objected  int      // tests in which the virtual network objected to it
	claimless []string // tests that claim nothing
}

func (v *verdict) others() string {
	var parts []string
	if v.objected > 0 {
		parts = append(parts, fmt.Sprintf("%d to whose messages the virtual network objects", v.objected))
	}
	const few = 6
	if n := len(v.claimless); n > few {
		parts = append(parts, fmt.Sprintf("%d that claim nothing", n))
	} else {
		parts = append(parts, v.claimless...)
	}
	return strings.Join(parts, "<br>")
}

// objection is how the virtual network names a requirement.
var objection = regexp.MustCompile(`\[([A-Z]+[0-9]*-[^\]]+)\]`)

// judge holds what failed against what should have.
func judge(t *testing.T, sound, ill results, rows []string) (v verdict) {
	t.Helper()
	ran := map[string]bool{}
	for name := range ill {
		ran[packageOf(name)] = true
	}
	ours := func(row string) bool { return slices.Contains(rows, row) }
	for _, row := range rows {
		claimed := false
		for _, name := range slices.Sorted(maps.Keys(sound)) {
			if !ran[packageOf(name)] || !slices.Contains(sound[name].claims, row) {
				continue
			}
			claimed = true
			if got := ill[name]; got == nil || !got.failed {
				t.Errorf("%s claims %s, and does not fail", name, row)
			} else if !slices.Contains(v.theirs, name) {
				v.theirs = append(v.theirs, name)
			}
		}
		if !claimed {
			t.Errorf("no test claims %s", row)
		}
	}
	for name, was := range sound {
		if got := ill[name]; was.done && ran[packageOf(name)] && (got == nil || !got.done) && !ill.parentFailed(name) {
			t.Errorf("%s did not come to its end", name)
		}
	}
	for _, name := range ill.failed() {
		claims, objected := sound.claims(name), false
		for _, m := range objection.FindAllStringSubmatch(ill[name].output.String(), -1) {
			claims, objected = append(claims, m[1]), true
		}
		switch {
		case len(claims) == 0:
			v.claimless = append(v.claimless, name)
		case !slices.ContainsFunc(claims, ours):
			t.Errorf("%s fails, though it claims %v only:\n%s", name, claims, ill[name].output.String())
		case objected && !slices.ContainsFunc(sound.claims(name), ours):
			v.objected++
		}
	}
	return v
}

// packageOf is the package of a test.
func packageOf(name string) string {
	pkg, _, _ := strings.Cut(name, " ")
	return pkg
}

// parentFailed reports whether a test was perhaps not run because the one that
// it is part of had failed before.
func (r results) parentFailed(name string) bool {
	i := strings.LastIndexByte(name, '/')
	return i > 0 && r[name[:i]] != nil && r[name[:i]].failed
}

// common are the packages whose tests each breakage is held against, beside those
// of the packages that it breaks: what a message says, what follows from one, and
// what whole clients make of that.
var common = []string{"pkg/dhcpc/dhcp4", "pkg/dhcpc/machine", "pkg/dhcpc"}

// Of the tests of the command, which start processes, only these are run.
const (
	command   = "cmds/dhclient-lws"
	ofCommand = "ClientID|DUID"
)

// run runs the tests of the common packages and of those of some files, but for
// the tests that use network namespaces and those of crowds of links. The go command remembers
// what became of those that a breakage cannot reach.
func run(t *testing.T, root string, files []string, flags ...string) results {
	t.Helper()
	all := results{}
	goTest(t, root, all, common, flags)
	var done []string
	for _, f := range files {
		if dir := filepath.Dir(f); !slices.Contains(common, dir) && !slices.Contains(done, dir) {
			done = append(done, dir)
			goTest(t, root, all, []string{dir}, flags)
		}
	}
	return all
}

var testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(\w+ \*testing\.T\)`)

// notRun are the tests in files that use network namespaces or are about crowds.
func notRun(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(file) == "many_test.go" || bytes.Contains(source, []byte(`dhcptest/netns"`)) {
			for _, m := range testFunc.FindAllSubmatch(source, -1) {
				names = append(names, string(m[1]))
			}
		}
	}
	return names
}

// goTest adds what the tests of some packages say.
func goTest(t *testing.T, root string, all results, packages, flags []string) {
	t.Helper()
	args := append([]string{"test", "-json", "-vet=off", "-timeout", "4m"}, flags...)
	var skip []string
	for _, dir := range packages {
		args = append(args, "./"+dir)
		skip = append(skip, notRun(t, filepath.Join(root, dir))...)
		// What made a property fail is of no use once the breakage is gone.
		found := filepath.Join(root, dir, "testdata", "rapid")
		if _, err := os.Stat(found); errors.Is(err, fs.ErrNotExist) {
			defer os.RemoveAll(found)
		}
	}
	args = append(args, "-skip", "^("+strings.Join(skip, "|")+")$")
	if slices.Contains(packages, command) {
		args = append(args, "-run", ofCommand)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if stderr.Len() > 0 { // the exit status says nothing: tests are meant to fail
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var ev struct{ Action, Package, Test, Output, Key, Value string }
		if err := dec.Decode(&ev); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(ev.Action, "build-") {
			t.Fatalf("it does not compile: %s", ev.Output)
		}
		if ev.Test == "" {
			continue
		}
		r := all.of(filepath.Base(ev.Package) + " " + ev.Test)
		switch ev.Action {
		case "attr":
			if ev.Key == "conformance" {
				r.claims = append(r.claims, ev.Value)
			}
		case "output":
			r.output.WriteString(ev.Output)
		case "pass", "fail":
			r.done, r.failed = true, ev.Action == "fail"
		}
	}
}

// writeTable writes the table that is in the repository.
func writeTable(t *testing.T, rows []string) {
	text := `# What the tests of the requirements notice

Made by ` + "`make breakages`" + `. Each row is a patch in [breakages](breakages) that has
the client make a mistake that clients often make; the requirements that this
violates; and the tests that failed. Those that claim one of the requirements all
did, and none did that claims only others. Run were the pure tests of
dhcp4, machine and dhcpc and, where the mistake is made in another package, its own: but
for those that need a network namespace or many links and, in the command, all that
are not about client identifiers.

| patch | what is broken | requirements | tests that claim them | and also |
|---|---|---|---|---|
` + strings.Join(rows, "\n") + "\n"
	if err := os.WriteFile(*table, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
