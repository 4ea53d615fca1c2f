package rfc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// A Shown says which tests show a requirement: by its ID, "dhcp4.TestName" and
// the like. A test is named by the last part of its package's path.
type Shown map[string]map[string]bool

func (s Shown) add(id, test string) {
	if s[id] == nil {
		s[id] = map[string]bool{}
	}
	s[id][test] = true
}

// ReadRun takes the output of "go test -json". Subtests count as the test they
// belong to. It is an error if anything failed.
func ReadRun(r io.Reader) (Shown, error) {
	shown := Shown{}
	var failed []error
	for d := json.NewDecoder(r); ; {
		var event struct{ Action, ImportPath, Package, Test, Key, Value string }
		if err := d.Decode(&event); errors.Is(err, io.EOF) {
			return shown, errors.Join(failed...)
		} else if err != nil {
			return nil, fmt.Errorf("this is not what go test -json writes: %w", err)
		}
		top, _, sub := strings.Cut(event.Test, "/")
		switch event.Action {
		case "attr":
			if event.Key == attribute {
				shown.add(event.Value, testName(event.Package, top))
			}
		case "fail":
			if !sub {
				failed = append(failed, fmt.Errorf("failed: %s %s", event.Package, event.Test))
			}
		case "build-fail":
			failed = append(failed, fmt.Errorf("does not build: %s", event.ImportPath))
		}
	}
}

func testName(importPath, test string) string { return path.Base(importPath) + "." + test }
