package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A directory is no safer than those above it, by whatever way it is reached.
func TestTheWayToADirectory(t *testing.T) {
	base := t.TempDir()
	mkdir := func(mode os.FileMode, names ...string) string {
		t.Helper()
		dir := filepath.Join(append([]string{base}, names...)...)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	link := func(to, name string) string {
		t.Helper()
		path := filepath.Join(base, name)
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	safe := mkdir(0o755, "safe", "state")
	open := mkdir(0o755, "open", "state")
	mkdir(0o777, "open")
	sticky := mkdir(0o755, "sticky", "state")
	mkdir(0o777|os.ModeSticky, "sticky")
	for _, tt := range []struct {
		dir    string
		wanted string // of the error; "" for none
	}{
		{safe, ""},
		{sticky, ""},
		{link(safe, "to-safe"), ""},
		{mkdir(0o777, "all"), "writable by others"},
		{open, "leads through " + filepath.Dir(open)},
		{link(open, "to-open"), "leads through " + filepath.Dir(open)},
		{filepath.Join(link(filepath.Dir(open), "to-parent"), "state"), "leads through " + filepath.Dir(open)},
	} {
		err := makeDirectory(tt.dir)
		if (err == nil) != (tt.wanted == "") || err != nil && !strings.Contains(err.Error(), tt.wanted) {
			t.Errorf("%s: %v, want %q", tt.dir, err, tt.wanted)
		}
	}
}

// What is only written may lie beside the files of others, but not where they could
// put theirs in its place.
func TestSharedDirectory(t *testing.T) {
	base := t.TempDir()
	for name, tt := range map[string]struct {
		mode   os.FileMode
		wanted string // of the error; "" for none
	}{
		"own":    {0o755, ""},
		"sticky": {0o777 | os.ModeSticky, ""},
		"open":   {0o777, "writable by others"},
	} {
		dir := filepath.Join(base, name)
		if err := errors.Join(os.Mkdir(dir, 0o755), os.Chmod(dir, tt.mode)); err != nil {
			t.Fatal(err)
		}
		err := makeSharedDirectory(dir)
		if (err == nil) != (tt.wanted == "") || err != nil && !strings.Contains(err.Error(), tt.wanted) {
			t.Errorf("%s: %v, want %q", name, err, tt.wanted)
		}
	}
	if err := makeSharedDirectory(filepath.Join(base, "open", "sub")); err == nil {
		t.Error("made where anyone can rename it")
	}
}
