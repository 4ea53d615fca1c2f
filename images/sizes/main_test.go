package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSizes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "zeros")
	if err := os.WriteFile(file, make([]byte, 1234567), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := measure(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	if s[0] != 1234567 || s[1] <= 0 || s[1] > 10000 || s[2] <= 0 || s[2] > s[1] {
		t.Errorf("a million zeros: %v", [3]int(s))
	}
	if got := (size{1234567, 1000, 42}).minus(size{0, 1, 1042}).String(); got != "1,234,567 | 999 | -1,000" {
		t.Error(got)
	}
}

func TestATableReplacesTheOneBefore(t *testing.T) {
	page := "above\n" + tableBegin + "old\n" + tableEnd + "below\n"
	if got, err := withTable(page, "new\n"); err != nil || got != strings.Replace(page, "old", "new", 1) {
		t.Errorf("%q, %v", got, err)
	}
	for _, page := range []string{"", tableBegin, tableEnd} {
		if _, err := withTable(page, "new\n"); err == nil {
			t.Errorf("%q has no place for it", page)
		}
	}
}

// Both pages have a place for the figures.
func TestPagesHaveAPlaceForThem(t *testing.T) {
	for _, page := range []string{"../u-root/README.md", "../gokrazy/README.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := withTable(string(text), ""); err != nil {
			t.Errorf("%s: %v", page, err)
		}
	}
}
