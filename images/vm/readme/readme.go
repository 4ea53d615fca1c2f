// Package readme lets tests run what people are told to run.
package readme

import (
	"os"
	"strings"
	"testing"
)

// Block is the first block of code below a heading of a page.
func Block(t testing.TB, file, heading string) string {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text, ok := Find(string(page), heading)
	if !ok {
		t.Fatalf("%s has no block of code below %q", file, heading)
	}
	return text
}

// Find is the same in the text of a page.
func Find(page, heading string) (block string, ok bool) {
	_, below, ok := strings.Cut(page, "\n"+heading+"\n")
	if ok {
		below, _, _ = strings.Cut(below, "\n## ")
		_, below, ok = strings.Cut(below, "\n```")
	}
	_, below, _ = strings.Cut(below, "\n") // the language
	block, _, closed := strings.Cut(below, "\n```\n")
	return block + "\n", ok && closed
}
