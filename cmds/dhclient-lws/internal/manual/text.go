package manual

import "strings"

// The columns of a terminal: where texts begin beside their terms, and where
// lines end.
const (
	indent = 2
	column = 22
	width  = 80
)

// String is the page for a terminal.
func (p *Page) String() string {
	var w writer
	w.fill(0, p.Name+" - "+p.Summary)
	w.line("")
	for _, s := range p.Synopsis {
		w.line(strings.Repeat(" ", indent) + p.Name + " " + s)
	}
	w.paragraphs(p.Text)
	for i := range p.Topics {
		t := p.Topics[i]
		w.line("\n" + t.Title)
		for j, text := range t.Text {
			if j > 0 {
				w.line("")
			}
			w.fill(indent, text)
		}
		if len(t.Text) > 0 && len(t.Flags)+len(t.Items) > 0 {
			w.line("")
		}
		for j := range t.Flags {
			w.item(t.Flags[j].Term(), t.Flags[j].Text())
		}
		for _, item := range t.Items {
			w.item(item.Term, item.Text)
		}
	}
	return w.String()
}

type writer struct{ strings.Builder }

func (w *writer) line(s string) {
	w.WriteString(s)
	w.WriteByte('\n')
}

func (w *writer) paragraphs(texts []string) {
	for _, text := range texts {
		w.line("")
		w.fill(0, text)
	}
}

// item puts a term and its text beside each other, or below each other if the
// term is too long.
func (w *writer) item(term, text string) {
	w.WriteString(strings.Repeat(" ", indent) + term)
	used := indent + len(term)
	if used > column-2 {
		w.line("")
		used = 0
	}
	w.WriteString(strings.Repeat(" ", column-used))
	w.wrap(column, text)
}

// fill writes a text in lines that begin at a column.
func (w *writer) fill(at int, text string) {
	w.WriteString(strings.Repeat(" ", at))
	w.wrap(at, text)
}

// wrap writes a text whose first line begins where we are, at a column, as all
// further ones will.
func (w *writer) wrap(at int, text string) {
	used := at
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case used+1+len(word) > width:
			w.line("")
			w.WriteString(strings.Repeat(" ", at))
			used = at
		default:
			w.WriteByte(' ')
			used++
		}
		w.WriteString(word)
		used += len(word)
	}
	w.line("")
}
