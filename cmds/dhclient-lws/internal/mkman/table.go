package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws/internal/manual"
)

// table is the flags of a page in Markdown.
func table(p *manual.Page) []byte {
	var b bytes.Buffer
	b.WriteString("| flag | meaning | default |\n|---|---|---|\n")
	for f := range p.Flags {
		value := f.Default
		if value == "" && f.Argument == "" {
			value = "off"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", cell(f.Term()), cell(f.Meaning), cell(value))
	}
	return b.Bytes()
}

// cell is a text in a table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
