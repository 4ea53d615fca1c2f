// Command netboot builds the u-root image of this repository and boots it under QEMU
// by the ROM of a NIC, from a network in namespaces of its own. The exit status
// tells whether the machine has what it should have.
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/dhclient-lws/dhclient-lws/images/netboot/boot"
	"github.com/dhclient-lws/dhclient-lws/images/vm/readme"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// page shows the script that people need, which is booted.
//
//go:embed README.md
var page string

func main() { os.Exit(netns.Inside(inside)) }

func inside() int {
	over := flag.String("over", "tftp", "how the ROM fetches what it boots: tftp or http")
	dir := flag.String("dir", "build/netboot", "where to write what is served")
	limit := flag.Duration("timeout", 3*time.Minute, "how long the boot may take")
	flag.Parse()
	if *over != "tftp" && *over != "http" {
		fmt.Fprintf(os.Stderr, "netboot: -over %s: want tftp or http\n", *over)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *dir, *over, *limit); err != nil {
		fmt.Fprintf(os.Stderr, "\nFAILED\n%v\n", err)
		return 1
	}
	return 0
}

func run(ctx context.Context, dir, over string, limit time.Duration) error {
	lines := readme.Find(page, boot.Heading)
	if len(lines) == 0 {
		return errors.New("README.md has no script to boot")
	}
	fmt.Println("building", dir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := boot.Build(ctx, dir); err != nil {
		return err
	}
	fmt.Printf("booting over %s, and the next system from there\n", over)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := boot.Chain(ctx, dir, over, lines[0], os.Stdout); err != nil {
		return err
	}
	fmt.Println("\nOK: two systems have the address that the ROM had, the second by one REQUEST, and the client runs on")
	return nil
}
