// Command u-root builds the u-root image of this repository and boots it under
// QEMU: with a shell if standard input is a terminal, else with a check whose
// outcome is the exit status.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/dhclient-lws/dhclient-lws/images/u-root/boot"
	"github.com/dhclient-lws/dhclient-lws/images/vm"
)

func main() {
	nics := flag.Int("nics", 3, "number of NICs, each on a network of its own")
	silent := flag.Int("silent", -1, "number of a NIC, from 0, on whose network there shall be no server")
	out := flag.String("image", "build/u-root.cpio", "where to write the image")
	limit := flag.Duration("timeout", 3*time.Minute, "how long a boot may take that nobody watches")
	flag.CommandLine.Init("", flag.ContinueOnError)
	flag.CommandLine.SetOutput(io.Discard) // a mistake takes one line, not a page
	if err := flag.CommandLine.Parse(os.Args[1:]); errors.Is(err, flag.ErrHelp) {
		flag.CommandLine.SetOutput(os.Stdout)
		flag.PrintDefaults()
		return
	} else if err != nil {
		usage("%v", err)
	}
	if *nics < 1 || *nics > boot.MaxNICs {
		usage("-nics %d: want 1 to %d", *nics, boot.MaxNICs)
	}
	if *silent >= *nics {
		usage("-silent %d: want less than %d", *silent, *nics)
	}
	cards := boot.NICs(*nics)
	if *silent >= 0 {
		cards[*silent].Silent = true
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, cards, *out, *limit, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "\nFAILED\n%v\n", err)
		os.Exit(1)
	}
}

func usage(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "u-root: "+format+"\n", args...)
	os.Exit(2)
}

func run(ctx context.Context, nics []boot.NIC, image string, limit time.Duration, args []string) error {
	fmt.Println("building", image)
	if err := os.MkdirAll(filepath.Dir(image), 0o755); err != nil {
		return err
	}
	if err := boot.Image(ctx, image); err != nil {
		return err
	}
	kernel, err := vm.Kernel(ctx)
	if err != nil {
		return err
	}
	m := boot.Machine{Kernel: kernel, Image: image, NICs: nics, Flags: args}

	if term.IsTerminal(int(os.Stdin.Fd())) {
		fmt.Printf("booting, NICs: %d; leave with exit, or with Ctrl-A X\n", len(nics))
		return m.Shell(ctx, os.Stdin, os.Stdout)
	}
	fmt.Printf("booting, NICs: %d; standard input is no terminal, so a check takes the shell's place\n", len(nics))
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	r, err := m.Run(ctx, os.Stdout)
	if err != nil {
		return err
	}
	if err := boot.Judge(r, m.NICs); err != nil {
		return err
	}
	fmt.Printf("\nOK: every NIC (%d) holds an address in its network, the default routes are in order, resolv.conf is right, and the client runs on\n", len(nics))
	return nil
}
