package dhcp4_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// pure are the packages that a pure one may import: none of them opens
// anything, knows the time by itself (see impureCalls) or draws random numbers.
var pure = map[string]bool{
	"bytes": true, "cmp": true, "encoding/binary": true, "errors": true, "iter": true, "maps": true, "math": true,
	"math/bits": true, "net/netip": true, "slices": true, "strconv": true, "strings": true, "time": true,
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4": true,
}

// impureCalls are what the packages above have that is not a function of its arguments.
var impureCalls = map[string]bool{
	"time.Now": true, "time.Since": true, "time.Until": true, "time.Sleep": true, "time.After": true, "time.AfterFunc": true,
	"time.Tick": true, "time.NewTimer": true, "time.NewTicker": true, "time.Local": true, "time.LoadLocation": true,
}

// impurities lists what a file does that is no function of its input.
func impurities(name string, src any) ([]string, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, 0)
	if err != nil {
		return nil, err
	}
	var found []string
	report := func(n ast.Node, what string) {
		found = append(found, fmt.Sprintf("%v: %s", fset.Position(n.Pos()), what))
	}
	for _, spec := range f.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		switch {
		case !pure[path]:
			report(spec, "imports "+path)
		case spec.Name != nil:
			report(spec, "renames "+path+", which hides what it uses of it")
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			report(n, "starts a goroutine")
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && impureCalls[pkg.Name+"."+n.Sel.Name] {
				report(n, "uses "+pkg.Name+"."+n.Sel.Name)
			}
		case *ast.CallExpr:
			if fn, ok := n.Fun.(*ast.Ident); ok && (fn.Name == "print" || fn.Name == "println" || fn.Name == "panic") {
				report(n, "calls "+fn.Name)
			}
		}
		return true
	})
	return found, nil
}

func TestPackagesArePure(t *testing.T) {
	for _, dir := range []string{".", "../machine"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		read := 0
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			found, err := impurities(name, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, what := range found {
				t.Error(what)
			}
			read++
		}
		if read == 0 {
			t.Errorf("no source files in %s", dir)
		}
	}
}

func TestImpuritiesAreFound(t *testing.T) {
	for src, want := range map[string]string{
		`import "os"`:                          "imports os",
		`import "net"`:                         "imports net",
		`import "math/rand/v2"`:                "imports math/rand/v2",
		`import "golang.org/x/sys/unix"`:       "imports golang.org/x/sys/unix",
		`import . "time"`:                      "renames time, which hides what it uses of it",
		`import "time"; var start = time.Now`:  "uses time.Now",
		`import "fmt"`:                         "imports fmt",
		`func f() { go f() }`:                  "starts a goroutine",
		`func f() { panic("") }`:               "calls panic",
		`import "net/netip"; var a netip.Addr`: "",
		`import "time"; const t = time.Second`: "",
	} {
		found, err := impurities("x.go", "package x; "+src)
		if err != nil {
			t.Fatal(err)
		}
		got := strings.Join(found, "\n")
		if (want == "") != (got == "") || !strings.HasSuffix(got, want) {
			t.Errorf("%s: found %q, want %q", src, got, want)
		}
	}
}
