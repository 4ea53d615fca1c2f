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
	return Blocks(t, file, heading)[0]
}

// Blocks is all of them, of which there is one at least.
func Blocks(t testing.TB, file, heading string) []string {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	list := Find(string(page), heading)
	if len(list) == 0 {
		t.Fatalf("%s has no block of code below %q", file, heading)
	}
	return list
}

// Find is the same in the text of a page, and finds nothing if there is none.
func Find(page, heading string) (blocks []string) {
	_, below, _ := strings.Cut("\n"+page, "\n"+heading+"\n")
	below, _, _ = strings.Cut(below, "\n## ")
	for {
		_, rest, found := strings.Cut(below, "\n```")
		if !found {
			return blocks
		}
		_, rest, _ = strings.Cut(rest, "\n") // the language
		block, rest, _ := strings.Cut(rest, "\n```")
		blocks, below = append(blocks, block+"\n"), rest
	}
}
