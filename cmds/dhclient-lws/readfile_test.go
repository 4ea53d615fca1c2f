package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

// A directory is listed in order, and whoever fills one with files holds nobody up.
func TestSortedEntries(t *testing.T) {
	dir := t.TempDir()
	create := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"b", "c", "a"} {
		create(name)
	}
	if list := sortedEntries(dir); !slices.Equal(list, []string{"a", "b", "c"}) {
		t.Errorf("%q", list)
	}
	for i := range maxEntries {
		create(strconv.Itoa(i))
	}
	if list := sortedEntries(dir); len(list) != maxEntries || !slices.IsSorted(list) {
		t.Errorf("%d entries, want %d", len(list), maxEntries)
	}
	if list := sortedEntries(filepath.Join(dir, "none")); list != nil {
		t.Errorf("%q", list)
	}
}
