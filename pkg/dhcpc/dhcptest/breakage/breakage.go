// Package breakage applies patches that break the client, one at a time and
// never to the tree itself: the compiler is given other files in place of those
// that a patch changes.
package breakage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// A Patch breaks the client in one way.
type Patch struct {
	Name string   // of its file
	What string   // is broken: the first line of the file
	Rows []string // the requirements that it violates, from the line that begins with "Violates:"
	diff []byte
}

// All reads the patches of a directory, in the order of their names.
func All(dir string) ([]Patch, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.patch"))
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("%s: no patches", dir)
	}
	var all []Patch
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		p := Patch{Name: strings.TrimSuffix(filepath.Base(path), ".patch"), diff: text}
		about, _, _ := strings.Cut(string(text), "\n--- ")
		p.What, about, _ = strings.Cut(about, "\n")
		if _, rows, ok := strings.Cut(about, "Violates:"); ok {
			p.Rows = strings.Fields(rows)
		}
		all = append(all, p)
	}
	return all, nil
}

// In reports whether a list of names with commas between them, or the word all, means
// the patch.
func (p *Patch) In(list string) bool {
	return list == "all" || slices.Contains(strings.Split(list, ","), p.Name)
}

// Files are those that the patch changes, by their paths from the module's root.
func (p *Patch) Files() (files []string) {
	for line := range strings.Lines(string(p.diff)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "+++ b/"); ok {
			files = append(files, name)
		}
	}
	return files
}

// Overlay applies the patch to copies, in dir, of the files of the module whose
// root is given. It returns the file for the -overlay flag of the go command.
func (p *Patch) Overlay(root, dir string) (string, error) {
	list := struct{ Replace map[string]string }{map[string]string{}}
	for _, name := range p.Files() {
		original, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return "", err
		}
		copied := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(copied, original, 0o644); err != nil {
			return "", err
		}
		list.Replace[filepath.Join(root, name)] = copied
	}
	apply := exec.Command("git", "apply", "-")
	apply.Dir, apply.Stdin = dir, bytes.NewReader(p.diff)
	// A repository around the directory would have git look for the files there.
	apply.Env = append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	if out, err := apply.CombinedOutput(); err != nil || len(list.Replace) == 0 {
		return "", fmt.Errorf("the patch does not apply any more; make it anew: %v\n%s", err, out)
	}
	overlay := filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(list)
	if err != nil {
		return "", err
	}
	return overlay, os.WriteFile(overlay, b, 0o644)
}
