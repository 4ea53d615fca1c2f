// Command gokrazy builds the gokrazy image of this repository and boots it under
// QEMU. If standard input is a terminal it says where the web page is, and the
// machine runs until it is turned off there; else it is judged and turned off, and
// the exit status tells whether the client is supervised and has a lease.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/dhclient-lws/dhclient-lws/images/gokrazy/boot"
	"github.com/dhclient-lws/dhclient-lws/images/vm"
)

func main() {
	silent := flag.Bool("silent", false, "no server on the machine's network")
	out := flag.String("disk", "build/gokrazy.img", "where to write the disk")
	limit := flag.Duration("timeout", 3*time.Minute, "how long a boot may take that nobody watches")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *out, *silent, *limit, flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "\nFAILED\n%v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, disk string, silent bool, limit time.Duration, flags []string) error {
	fmt.Println("building", disk)
	m, err := build(ctx, disk, flags)
	if err != nil {
		return err
	}
	page, err := freePort()
	if err != nil {
		return err
	}
	m.Networks = []string{"user,restrict=on,ipv6=off,net=10.77.0.0/24,hostfwd=tcp:" + page + "-:80"}
	if silent {
		m.Networks = []string{"hubport,hubid=0"}
	}
	if term.IsTerminal(int(os.Stdin.Fd())) {
		fmt.Printf("booting; the web page is at http://%s:%s@%s, where the machine can be turned off\n", boot.User, boot.Password, page)
		r, err := m.Start(ctx, os.Stdout)
		if err != nil {
			return err
		}
		return r.Wait()
	}
	fmt.Println("booting; standard input is no terminal, so the machine is judged and turned off")
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	r, err := m.Start(ctx, os.Stdout)
	if err != nil {
		return err
	}
	var verdict string
	if err = r.Ready(); err == nil {
		verdict, err = judge(ctx, boot.NewPage(page))
	}
	off, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	if err := errors.Join(err, r.PowerOff(off)); err != nil {
		return err
	}
	fmt.Println("\nOK:", verdict)
	return nil
}

func build(ctx context.Context, disk string, flags []string) (m boot.Machine, err error) {
	if err := os.MkdirAll(filepath.Dir(disk), 0o755); err != nil {
		return m, err
	}
	root, err := os.MkdirTemp("", "gokrazy-root")
	if err != nil {
		return m, err
	}
	defer os.RemoveAll(root)
	image, err := boot.Build(ctx, root)
	if err != nil {
		return m, err
	}
	m.Disk = disk
	if m.Kernel, err = vm.Kernel(ctx); err != nil {
		return m, err
	}
	return m, image.Disk(ctx, disk, append(boot.Service{boot.Client}, flags...))
}

// freePort is an address of this host that nobody listens on.
func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// judge waits for the web page at the address that was leased. That it answers
// there is what a lease is for.
func judge(ctx context.Context, page *boot.Page) (verdict string, err error) {
	const leased = "10.77.0.15" // the first that QEMU's server gives
	for ; ; time.Sleep(100 * time.Millisecond) {
		status, err := page.Status(ctx)
		switch {
		case ctx.Err() != nil:
			return "", fmt.Errorf("no web page: %w", ctx.Err())
		case err != nil:
			continue
		}
		p, err := status.Service(boot.Client)
		switch {
		case err != nil:
			return "", err
		case p.Stopped || p.Pid == 0:
			return "", fmt.Errorf("%s is not running", p.Path)
		}
		for _, addr := range status.PrivateAddrs {
			if addr == leased {
				return fmt.Sprintf("gokrazy's web page answers at %s; %s runs as process %d", leased, p.Path, p.Pid), nil
			}
		}
		return "", fmt.Errorf("the web page is at %v instead of %s", status.PrivateAddrs, leased)
	}
}
