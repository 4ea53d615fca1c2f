package machine

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// The package has no way to reach a clock, a socket, a file, a goroutine or a
// source of random numbers of its own.
func TestPure(t *testing.T) {
	harmless := []string{
		"bytes", "cmp", "encoding/binary", "errors", "math", "math/bits", "net/netip", "slices", "time",
		"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4",
	}
	ofTime := []string{"Duration", "Nanosecond", "Microsecond", "Millisecond", "Second", "Minute", "Hour"}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		files++
		f, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			if path, _ := strconv.Unquote(i.Path.Value); !slices.Contains(harmless, path) {
				t.Errorf("%s imports %s", e.Name(), path)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine", e.Name())
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && !slices.Contains(ofTime, n.Sel.Name) {
					t.Errorf("%s uses time.%s", e.Name(), n.Sel.Name)
				}
			}
			return true
		})
	}
	if files == 0 {
		t.Error("no files found")
	}
}

// Hundreds of links are nothing special.
func TestSize(t *testing.T) {
	if size := unsafe.Sizeof(Machine{}); size > 1024 {
		t.Errorf("a machine takes %d bytes", size)
	}
}

func TestAllocations(t *testing.T) {
	s := playTo(t, Requesting, Config{})
	foreign := Received{s.reply(dhcp4.Ack, from(srv2))}
	if n := testing.AllocsPerRun(100, func() { s.m.Step(s.now, foreign) }); n != 0 {
		t.Errorf("a refused message allocates %v times", n)
	}
	s.m.c.Strict = true
	unfit := Received{s.reply(dhcp4.Ack, without(dhcp4.DNSServer))}
	if n := testing.AllocsPerRun(100, func() { s.m.Step(s.now, unfit) }); n != 0 {
		t.Errorf("a message refused for its content allocates %v times", n)
	}
	s.m.c.Strict = false
	bare := Received{s.reply(dhcp4.Ack, without(dhcp4.DNSServer), without(dhcp4.Router))}
	requesting := *s.m
	if n := testing.AllocsPerRun(100, func() { *s.m = requesting; s.m.Step(s.now, bare) }); n != 1 {
		t.Errorf("a grant without lists allocates %v times, want the lease only", n)
	}
	s.in(Installing)
}
