// Command mkman writes the man page of dhclient-lws and the table of flags in
// README.md anew, from what the command says about itself:
//
//	go run ./cmds/dhclient-lws/internal/mkman
//
// in the root of the repository.
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws/internal/manual"
)

// Where the results are, from the root of the repository on.
const (
	manFile    = "cmds/dhclient-lws/dhclient-lws.8"
	readmeFile = "README.md"
)

func main() {
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "mkman:", err)
		os.Exit(1)
	}
}

func write() error {
	if err := os.WriteFile(manFile, manPage(), 0o644); err != nil {
		return err
	}
	readme, err := os.ReadFile(readmeFile)
	if err != nil {
		return err
	}
	if readme, err = withTable(readme, &manual.Command); err != nil {
		return err
	}
	return os.WriteFile(readmeFile, readme, 0o644)
}

// The marks in README.md between which the table stands.
const (
	tableBegin = "<!-- flags: made by make man -->\n"
	tableEnd   = "<!-- end of flags -->\n"
)

// withTable is README.md with the table as it should be.
func withTable(readme []byte, p *manual.Page) ([]byte, error) {
	before, rest, ok := bytes.Cut(readme, []byte(tableBegin))
	_, after, ok2 := bytes.Cut(rest, []byte(tableEnd))
	if !ok || !ok2 {
		return nil, fmt.Errorf("%s lacks the lines %q and %q", readmeFile, tableBegin, tableEnd)
	}
	return bytes.Join([][]byte{before, []byte(tableBegin), table(p), []byte(tableEnd), after}, nil), nil
}
