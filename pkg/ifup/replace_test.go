package ifup

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func says(s string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, s)
		return err
	}
}

// Who has the old file open goes on reading it; who opens it now finds the new one,
// with the mode that was asked for.
func TestReplaceFile(t *testing.T) {
	defer unix.Umask(unix.Umask(0o077))
	dir := t.TempDir()
	path := file(t, dir, "file", "old")
	reader, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := ReplaceFile(path, 0o644, says("new")); err != nil {
		t.Fatal(err)
	}
	wantContent(t, path, "new")
	wantOnly(t, dir, "file")
	if content, err := io.ReadAll(reader); err != nil || string(content) != "old" {
		t.Errorf("who read before reads %q, %v", content, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// What fails leaves the old file, and nothing beside it.
func TestReplaceFileFails(t *testing.T) {
	dir := t.TempDir()
	path := file(t, dir, "file", "old")
	full := errors.New("full")
	err := ReplaceFile(path, 0o644, func(w io.Writer) error {
		_ = says("half")(w)
		return full
	})
	if !errors.Is(err, full) {
		t.Errorf("%v, want %v", err, full)
	}
	wantContent(t, path, "old")
	wantOnly(t, dir, "file")

	taken := filepath.Join(dir, "taken")
	if err := os.Mkdir(taken, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := ReplaceFile(taken, 0o644, says("new")); !errors.Is(err, unix.EISDIR) && !errors.Is(err, unix.EEXIST) {
		t.Errorf("in the place of a directory: %v", err)
	}
	if err := ReplaceFile(filepath.Join(dir, "none", "file"), 0o644, says("new")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("in a directory that is not there: %v", err)
	}
	wantOnly(t, dir, "file", "taken")
}
