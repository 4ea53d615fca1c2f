package rfc

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The map in the repository is what "make conformance" would write now, if all
// tests pass: it follows the requirements, and names for each the tests that name
// it. Tests whose source says it in a table, or in a helper, may show it or not;
// the run decided that.
func TestMapIsCurrent(t *testing.T) {
	page, err := os.ReadFile("CONFORMANCE.md")
	if err != nil {
		t.Fatal(err)
	}
	all, err := Requirements()
	if err != nil {
		t.Fatal(err)
	}
	mapped := readMap(string(page))
	want, err := Conformance(all, mapped)
	if err != nil {
		t.Error(err)
	}
	if want != string(page) {
		t.Error("requirements.tsv has changed, or somebody edited the map")
	}

	source := readSource(t)
	for id, claims := range source.shown {
		for test := range claims {
			switch pkg, name, _ := strings.Cut(test, "."); {
			case name != "" && !mapped[id][test]:
				t.Errorf("%s shows %s; the map does not say so", test, id)
			case name == "" && !slices.ContainsFunc(keys(mapped[id]), func(t string) bool { return strings.HasPrefix(t, pkg+".") }):
				t.Errorf("a test of %s shows %s; the map does not say so", pkg, id)
			}
		}
	}
	for id, tests := range mapped {
		for test := range tests {
			pkg, _, _ := strings.Cut(test, ".")
			if !source.tests[test] || !source.shown[id][test] && !source.shown[id][pkg+"."] {
				t.Errorf("the map has %s for %s; the test does not", test, id)
			}
		}
	}
	if t.Failed() {
		t.Log("make conformance writes it anew")
	}
}

// readMap reads what Conformance wrote.
func readMap(page string) Shown {
	shown := Shown{}
	for line := range strings.Lines(page) {
		cells := strings.Split(strings.TrimSuffix(line, " |\n"), " | ")
		id, ok := strings.CutPrefix(cells[0], "| ")
		if !ok || len(cells) != 4 || strings.HasPrefix(cells[3], excuseMark) {
			continue
		}
		for test := range strings.SplitSeq(cells[3], ", ") {
			shown.add(id, test)
		}
	}
	return shown
}

// source is what the sources of the tests say.
type source struct {
	tests map[string]bool // "dhcp4.TestName"
	shown Shown           // by whom requirements are named; "dhcp4." is that package outside its tests
}

// readSource reads all test files of the module that import this package.
func readSource(t *testing.T) source {
	all, err := Requirements()
	if err != nil {
		t.Fatal(err)
	}
	s := source{map[string]bool{}, Shown{}}
	const root = "../../../.."
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return err
		}
		pkg := path.Base(filepath.ToSlash(filepath.Dir(name)))
		imports := slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool {
			return strings.HasSuffix(i.Path.Value, `/dhcptest/rfc"`)
		})
		for _, decl := range file.Decls {
			test := pkg + "."
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && (strings.HasPrefix(f.Name.Name, "Test") || strings.HasPrefix(f.Name.Name, "Fuzz")) {
				test += f.Name.Name
				s.tests[test] = true
			}
			for node := range ast.Preorder(decl) {
				if text, ok := node.(*ast.BasicLit); ok && imports && text.Kind == token.STRING {
					id, _ := strconv.Unquote(text.Value)
					if isRequirement(all, id) {
						s.shown.add(id, test)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.shown) == 0 {
		t.Fatal("no test names a requirement")
	}
	return s
}

func keys(m map[string]bool) (list []string) {
	for k := range m {
		list = append(list, k)
	}
	return list
}

func TestReadRun(t *testing.T) {
	const run = `{"Action":"start","Package":"example.org/a/b"}
{"Action":"attr","Package":"example.org/a/b","Test":"TestX","Key":"conformance","Value":"R1-1-01"}
{"Action":"attr","Package":"example.org/a/b","Test":"TestX/sub/case","Key":"conformance","Value":"R1-1-02"}
{"Action":"attr","Package":"example.org/a/b","Test":"TestX","Key":"colour","Value":"red"}
{"Action":"pass","Package":"example.org/a/b","Test":"TestX"}
`
	want := Shown{"R1-1-01": {"b.TestX": true}, "R1-1-02": {"b.TestX": true}}
	if got, err := ReadRun(strings.NewReader(run)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{
		`{"Action":"fail","Package":"example.org/a/b","Test":"TestY"}`,
		`{"Action":"fail","Package":"example.org/a/b"}`,
		`{"Action":"build-fail","ImportPath":"example.org/a/c"}`,
		"ok  \texample.org/a/b\t0.1s",
	} {
		if _, err := ReadRun(strings.NewReader(run + bad)); err == nil {
			t.Errorf("accepted: %s", bad)
		}
	}
}

// Every requirement is shown or excused, not both, and nothing else is shown.
func TestConformance(t *testing.T) {
	all := []Requirement{
		{Section: "One", ID: "R1-1-01", Level: "MUST", Text: "Be."},
		{Section: "One", ID: "R1-1-02", Level: "MAY", Text: "Be more.", Excuse: "this is enough"},
		{Section: "Two", ID: "H-01", Level: "MUST (ours)", Text: "Stay."},
	}
	one := map[string]bool{"a.TestX": true}
	two := map[string]bool{"a.TestX": true, "a.TestA": true}
	page, err := Conformance(all, Shown{"R1-1-01": one, "H-01": two})
	if err != nil {
		t.Fatal(err)
	}
	const want = `3 requirements: 2 shown by tests, 1 excused.

## One

| | | | shown by |
|---|---|---|---|
| R1-1-01 | MUST | Be. | a.TestX |
| R1-1-02 | MAY | Be more. | – this is enough |

## Two

| | | | shown by |
|---|---|---|---|
| H-01 | MUST (ours) | Stay. | a.TestA, a.TestX |
`
	if got := strings.TrimPrefix(page, preface); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got, want := readMap(page), (Shown{"R1-1-01": one, "H-01": two}); !reflect.DeepEqual(got, want) {
		t.Errorf("read back as %v", got)
	}
	for mistake, shown := range map[string]Shown{
		"R1-1-01 is neither shown":     {"H-01": two},
		"R1-1-02 is excused, and":      {"R1-1-01": one, "R1-1-02": one, "H-01": two},
		"R1-1-03 is shown, but not in": {"R1-1-01": one, "R1-1-03": one, "H-01": two},
	} {
		if _, err := Conformance(all, shown); err == nil || !strings.HasPrefix(err.Error(), mistake) {
			t.Errorf("%v, want %s ...", err, mistake)
		}
	}
}
