// Package manual is what the command says about itself. It is said here once:
// "-h", the man page and the table in README.md are made of it.
package manual

// Version is the command's. It is a constant since neither linker flags nor
// build information reach a program inside a busybox binary.
const (
	Version  = "0.4.0"
	Released = "2026-11-24"
)

// Page is a page of help.
type Page struct {
	Name     string
	Summary  string   // a few words
	Synopsis []string // how it is called, without its name
	Text     []string // paragraphs
	Topics   []*Topic
}

// Topic is a part of a page: paragraphs, and below them flags or other items.
type Topic struct {
	Title string
	Text  []string
	Flags []Flag
	Items []Item
}

// Flag is a flag of the command line.
type Flag struct {
	Name     string
	Argument string // what its value is called; "" for a switch
	Meaning  string
	Default  string // what holds without it; "" for a switch that is off, and for what nothing is done without
}

// Item is a term and what it means.
type Item struct{ Term, Text string }

// Term is how the flag is written.
func (f *Flag) Term() string {
	if f.Argument == "" {
		return "-" + f.Name
	}
	return "-" + f.Name + " " + f.Argument
}

// Text is what the flag means, its default included.
func (f *Flag) Text() string {
	if f.Default == "" {
		return f.Meaning
	}
	return f.Meaning + " (" + f.Default + ")"
}

// Flags goes over all flags of the page, in the order of its topics.
func (p *Page) Flags(yield func(*Flag) bool) {
	for i := range p.Topics {
		for j := range p.Topics[i].Flags {
			if !yield(&p.Topics[i].Flags[j]) {
				return
			}
		}
	}
}
