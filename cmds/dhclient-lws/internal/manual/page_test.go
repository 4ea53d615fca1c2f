package manual

import (
	"strings"
	"testing"
)

// A terminal has 80 columns, and each line is read by somebody.
func TestFitsATerminal(t *testing.T) {
	for _, p := range []*Page{&Command, &Status} {
		text := p.String()
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if len(line) > 80 || strings.TrimRight(line, " ") != line {
				t.Errorf("%q", line)
			}
			for _, c := range []byte(line) {
				if c < ' ' || c > '~' {
					t.Errorf("not plain text: %q", line)
				}
			}
		}
		if !strings.HasSuffix(text, "\n") || strings.Contains(text, "\n\n\n") {
			t.Errorf("%s: lines are missing or empty", p.Name)
		}
	}
}

func TestItems(t *testing.T) {
	p := Page{
		Name: "x", Summary: "y", Synopsis: []string{"[z]"},
		Text: []string{strings.Repeat("word ", 20)},
		Topics: []*Topic{{
			Title: "Flags",
			Flags: []Flag{
				{"short", "N", strings.Repeat("word ", 13), "1"},
				{"no-space-beside-it", "", "text", ""},
				{"just-space-beside", "", "text", ""},
			},
			Text:  []string{"One.", "Two."},
			Items: []Item{{"term", "text"}},
		}},
	}
	want := `x - y

  x [z]

word word word word word word word word word word word word word word word word
word word word word

Flags
  One.

  Two.

  -short N            word word word word word word word word word word word
                      word word (1)
  -no-space-beside-it
                      text
  -just-space-beside  text
  term                text
`
	if got := p.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
