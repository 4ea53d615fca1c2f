package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// What goes is what an earlier process of ours had begun to write: nothing of a
// writer who lives, nothing that is called otherwise, and nothing but files.
func TestLeftoversAreSwept(t *testing.T) {
	dir := t.TempDir()
	begun := time.Now()
	before, after := begun.Add(-time.Minute), begun.Add(time.Second)
	file := func(name string, written time.Time) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, written, written); err != nil {
			t.Fatal(err)
		}
	}
	file(".status.json123", before)
	file(".status.json456", after)
	file(".status.json", before)
	file(".status.json12x", before)
	file(".other.json123", before)
	file("status.json", before)
	if err := os.Symlink("status.json", filepath.Join(dir, ".status.json789")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, ".status.json1"), 0o700); err != nil {
		t.Fatal(err)
	}
	sweepDirectory(dir, map[string]bool{filepath.Join(dir, "status.json"): true}, begun)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range entries {
		left = append(left, e.Name())
	}
	want := []string{".other.json123", ".status.json", ".status.json1", ".status.json12x", ".status.json456", ".status.json789", "status.json"}
	if !slices.Equal(left, want) {
		t.Errorf("left: %v", left)
	}
}
