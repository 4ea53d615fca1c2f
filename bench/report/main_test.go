package main

import (
	"bytes"
	"os"
	"testing"
)

// All that is shown is what was measured: nobody has typed a figure, and nothing was
// forgotten after a run.
func TestPagesAreThoseOfTheResults(t *testing.T) {
	made, err := pages("../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range made {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what make bench-report makes of bench/results.jsonl", name)
		}
	}
}

// A page without the marks is left alone, and said so.
func TestPageWithoutMarks(t *testing.T) {
	for _, page := range []string{"", begin, end, end + begin} {
		if got, err := withSection([]byte(page), "figures"); err == nil {
			t.Errorf("%q becomes %q", page, got)
		}
	}
	got, err := withSection([]byte("a\n"+begin+"old\n"+end+"b\n"), "new\n")
	if want := "a\n" + begin + "new\n" + end + "b\n"; err != nil || string(got) != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}
