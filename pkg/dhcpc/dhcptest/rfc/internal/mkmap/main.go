// The mkmap command makes CONFORMANCE.md of what "go test -json" writes on its
// standard input:
//
//	go test -json ./... | go run ./pkg/dhcpc/dhcptest/rfc/internal/mkmap FILE
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

func main() {
	if err := write(os.Stdin, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(run io.Reader, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: go test -json ./... | mkmap FILE")
	}
	shown, err := rfc.ReadRun(run)
	if err != nil {
		return err
	}
	all, err := rfc.Requirements()
	if err != nil {
		return err
	}
	page, err := rfc.Conformance(all, shown)
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], []byte(page), 0o644)
}
