package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
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

// The way without symbolic links is the one that the kernel takes.
func TestWithoutLinks(t *testing.T) {
	base := t.TempDir()
	if err := os.MkdirAll(filepath.Join(base, "a", "b"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"there": filepath.Join(base, "a"), "beside": "a/b", "a/up": "../beside", "a/b/over": "../../there/b",
		"twice": "a/up", "round": "and", "and": "round", "nowhere": "none/b", "high": "../../../../../../../../../..",
	} {
		if err := os.Symlink(target, filepath.Join(base, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{
		"a/b", "there/b", "beside", "a/up", "a/up/..", "there/../a", "a/b/over", "a/b/over/over", "twice", "twice/over/.", "high", "round", "nowhere", "none", "there/none",
	} {
		path = base + "/" + path
		want, failed := filepath.EvalSymlinks(path)
		got, err := withoutLinks(path)
		if got != want || (err == nil) != (failed == nil) {
			t.Errorf("%s: %q, %v, want %q, %v", path, got, err, want, failed)
		}
	}
}

// What is above a directory is made with it, unless something is in the way.
func TestMakeDirectories(t *testing.T) {
	base := t.TempDir()
	if err := os.WriteFile(filepath.Join(base, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "one/two/three/four", "one/two", "."} {
		dir := filepath.Join(base, name)
		if err := makeDirectories(dir); err != nil || !exists(dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := makeDirectories(filepath.Join(base, "file", "below")); !errors.Is(err, unix.ENOTDIR) {
		t.Errorf("below a file: %v", err)
	}
}
