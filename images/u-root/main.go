// Command u-root builds the u-root image of this repository and boots it under
// QEMU: with a shell if standard input is a terminal, else with a check whose
// outcome is the exit status.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/dhclient-lws/dhclient-lws/images/u-root/boot"
)

func main() {
	nics := flag.Int("nics", 3, "number of NICs, each on a network of its own")
	out := flag.String("image", "build/u-root.cpio", "where to write the image")
	limit := flag.Duration("timeout", 3*time.Minute, "how long a boot may take that nobody watches")
	flag.Parse()
	if *nics < 1 || *nics > boot.MaxNICs {
		fmt.Fprintf(os.Stderr, "u-root: -nics %d: want 1 to %d\n", *nics, boot.MaxNICs)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *nics, *out, *limit, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "\nFAILED\n%v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, nics int, image string, limit time.Duration, args []string) error {
	fmt.Println("building", image)
	if err := os.MkdirAll(filepath.Dir(image), 0o755); err != nil {
		return err
	}
	if err := boot.Image(ctx, image); err != nil {
		return err
	}
	kernel, err := boot.Kernel(ctx)
	if err != nil {
		return err
	}
	m := boot.Machine{Kernel: kernel, Image: image, NICs: boot.NICs(nics), Flags: args}

	if term.IsTerminal(int(os.Stdin.Fd())) {
		fmt.Printf("booting with %d NICs; leave with exit, or with Ctrl-A X\n", nics)
		return m.Shell(ctx, os.Stdin, os.Stdout)
	}
	fmt.Printf("booting with %d NICs; standard input is no terminal, so a check takes the shell's place\n", nics)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	r, err := m.Run(ctx, os.Stdout)
	if err != nil {
		return err
	}
	if err := boot.Judge(r, m.NICs); err != nil {
		return err
	}
	fmt.Printf("\nOK: %d NICs hold an address in their networks, %d default routes are in order, resolv.conf is right, and the client runs on\n", nics, nics)
	return nil
}
