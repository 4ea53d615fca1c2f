// Command sizes measures what the client adds to an image, beside the clients that it
// takes the place of, and writes it into the pages of the images:
//
//	go run ./images/sizes
//
// in the root of the repository.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dhclient-lws/dhclient-lws/images/gokrazy/boot"
	"github.com/dhclient-lws/dhclient-lws/images/vm"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "sizes:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "sizes")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for page, table := range map[string]func(context.Context, string) (string, error){
		"images/u-root/README.md":  uroot,
		"images/gokrazy/README.md": gokrazy,
	} {
		text, err := table(ctx, dir)
		if err != nil {
			return err
		}
		fmt.Println(text)
		old, err := os.ReadFile(page)
		if err != nil {
			return err
		}
		now, err := withTable(string(old), text)
		if err != nil {
			return fmt.Errorf("%s: %w", page, err)
		}
		if err := os.WriteFile(page, []byte(now), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// The marks in a page between which the table stands.
const (
	tableBegin = "<!-- sizes: made by make sizes -->\n"
	tableEnd   = "<!-- end of sizes -->\n"
)

func withTable(page, table string) (string, error) {
	before, rest, ok := strings.Cut(page, tableBegin)
	_, after, ok2 := strings.Cut(rest, tableEnd)
	if !ok || !ok2 {
		return "", fmt.Errorf("no lines %q and %q", tableBegin, tableEnd)
	}
	return before + tableBegin + table + tableEnd + after, nil
}

const (
	core  = "github.com/u-root/u-root/cmds/core/"
	ours  = "github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws"
	peers = "bench/peers" // the module that u-root's client is built in
)

// uroot builds u-root images with and without the clients.
func uroot(ctx context.Context, dir string) (string, error) {
	var b strings.Builder
	b.WriteString("| image | | raw | gzip | xz |\n|---|---|---|---|---|\n")
	for _, commands := range [][]string{{"init", "gosh", "ip", "shutdown"}, {"init", "shutdown"}} {
		var packages []string
		for _, c := range commands {
			packages = append(packages, core+c)
		}
		var of [4]size
		for i, image := range []struct {
			module string
			client []string
		}{{".", nil}, {".", []string{ours}}, {peers, nil}, {peers, []string{core + "dhclient"}}} {
			file := filepath.Join(dir, "u-root.cpio")
			if err := urootImage(ctx, image.module, file, append(packages, image.client...)); err != nil {
				return "", err
			}
			var err error
			if of[i], err = measure(ctx, file); err != nil {
				return "", err
			}
		}
		fmt.Fprintf(&b, "| %s | without a client | %v |\n", strings.Join(commands, ", "), of[0])
		fmt.Fprintf(&b, "| | dhclient-lws adds | %v |\n", of[1].minus(of[0]))
		fmt.Fprintf(&b, "| | u-root's dhclient adds | %v |\n", of[3].minus(of[2]))
	}
	return b.String(), nil
}

func urootImage(ctx context.Context, module, out string, packages []string) error {
	tool, err := vm.Go(ctx, "tool", "-n", "u-root")
	if err != nil {
		return err
	}
	args := []string{"-o", out, "-go-extra-args=-a=false"}
	if !slices.Contains(packages, core+"gosh") {
		args = append(args, "-defaultsh=") // there is no shell
	}
	cmd := exec.CommandContext(ctx, tool, append(args, packages...)...)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("u-root: %w\n%s", err, text)
	}
	return nil
}

// gokrazy builds the programs of an image: each is a file there.
func gokrazy(ctx context.Context, dir string) (string, error) {
	root := filepath.Join(dir, "gokrazy")
	if _, err := boot.Build(ctx, root); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| | raw | gzip | xz |\n|---|---|---|---|\n")
	for _, p := range []struct{ path, name string }{{boot.Client, "dhclient-lws"}, {boot.GokrazyDHCP, "gokrazy's `cmd/dhcp`"}} {
		s, err := measure(ctx, filepath.Join(root, p.path))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "| %s | %v |\n", p.name, s)
	}
	return b.String(), nil
}

// size is how many bytes a file has: as it is, and compressed by gzip and by xz.
type size [3]int

func measure(ctx context.Context, file string) (size, error) {
	var s size
	for i, command := range [][]string{{"cat"}, {"gzip", "-9"}, {"xz"}} {
		f, err := os.Open(file)
		if err != nil {
			return s, err
		}
		cmd := exec.CommandContext(ctx, command[0], command[1:]...)
		var out bytes.Buffer
		cmd.Stdin, cmd.Stdout = f, &out
		err = cmd.Run()
		f.Close()
		if err != nil {
			return s, fmt.Errorf("%s (make sizes installs it): %w", command[0], err)
		}
		s[i] = out.Len()
	}
	return s, nil
}

func (s size) minus(other size) size {
	return size{s[0] - other[0], s[1] - other[1], s[2] - other[2]}
}

// String is the columns of a table.
func (s size) String() string {
	var list []string
	for _, n := range s {
		list = append(list, commas(n))
	}
	return strings.Join(list, " | ")
}

// commas is a number with them between thousands.
func commas(n int) string {
	if n < 0 {
		return "-" + commas(-n)
	}
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", commas(n/1000), n%1000)
}
