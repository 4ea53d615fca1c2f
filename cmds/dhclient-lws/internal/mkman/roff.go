package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws/internal/manual"
)

// manPage is the page of the command, and behind it that of its status, in the
// macros of man(7).
func manPage() []byte {
	p := &manual.Command
	var w roff
	w.macro("TH", strings.ToUpper(p.Name), "8", manual.Released, p.Name+" "+manual.Version, "System Administration")
	w.macro("SH", "NAME")
	w.text(p.Name + " - " + p.Summary)
	w.macro("SH", "SYNOPSIS")
	w.synopsis(p)
	w.macro("SH", "DESCRIPTION")
	w.paragraphs(p.Text)
	for i := range p.Topics {
		w.topic("SH", strings.ToUpper(p.Topics[i].Title), p.Topics[i])
	}
	p = &manual.Status
	w.macro("SH", strings.ToUpper(p.Name))
	w.paragraphs(p.Text)
	for i := range p.Topics {
		w.topic("SS", p.Topics[i].Title, p.Topics[i])
	}
	return w.Bytes()
}

// roff is a page in the making.
type roff struct{ bytes.Buffer }

// macro is a line that begins with a dot.
func (w *roff) macro(name string, args ...string) {
	w.WriteString("." + name)
	for _, arg := range args {
		fmt.Fprintf(w, ` "%s"`, escape(arg))
	}
	w.WriteByte('\n')
}

// text is a line of text. It never begins with what roff takes for a macro,
// since those characters are escaped.
func (w *roff) text(s string) { w.WriteString(emphasize(escape(s)) + "\n") }

func (w *roff) paragraphs(texts []string) {
	for _, text := range texts {
		w.macro("PP")
		w.text(text)
	}
}

func (w *roff) synopsis(p *manual.Page) {
	for i, s := range p.Synopsis {
		if i > 0 {
			w.macro("br")
		}
		fmt.Fprintf(w, "\\fB%s\\fP %s\n", escape(p.Name), emphasize(escape(s)))
	}
}

func (w *roff) topic(macro, title string, t *manual.Topic) {
	w.macro(macro, title)
	w.paragraphs(t.Text)
	for i := range t.Flags {
		f := &t.Flags[i]
		term := `\fB\-` + escape(f.Name) + `\fP`
		if f.Argument != "" {
			term += ` \fI` + escape(f.Argument) + `\fP`
		}
		w.item(term, f.Text())
	}
	for _, item := range t.Items {
		w.item(`\fB`+escape(item.Term)+`\fP`, item.Text)
	}
}

func (w *roff) item(term, text string) {
	w.macro("TP")
	w.WriteString(term + "\n")
	w.text(text)
}

// escape makes roff print a text as it is. A hyphen is that of a command line
// rather than of a text, so that what is copied from the page works.
var escape = strings.NewReplacer(
	`\`, `\e`, `-`, `\-`, `"`, `\(dq`, `'`, `\(aq`, "`", `\(ga`, `^`, `\(ha`, `~`, `\(ti`, `.`, `.\&`,
).Replace

// emphasize sets the flags that a text speaks of in bold.
func emphasize(escaped string) string {
	return flagInText.ReplaceAllString(escaped, `${1}\fB${2}\fP`)
}

var flagInText = regexp.MustCompile(`(^|[ [(])(\\-[a-z](?:[a-z0-9]|\\-[a-z0-9])*)`)
