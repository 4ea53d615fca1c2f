// Package boot builds a gokrazy image with dhclient-lws in it, without gokrazy's
// own packer, and boots it under QEMU.
package boot

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dhclient-lws/dhclient-lws/images/vm"
)

// The programs of the image.
const (
	Client      = "/gokrazy/dhclient-lws"
	DHCP        = "/gokrazy/dhcp"         // the client under the name of the one that it replaces
	GokrazyDHCP = "/gokrazy/gokrazy-dhcp" // and that one, to compare
	agent       = "/user/agent"
	initPath    = "/gokrazy/init"
)

const module = "github.com/dhclient-lws/dhclient-lws"

// A Service is a program that gokrazy's init supervises, and its arguments.
type Service []string

// Image is what a disk is made of: a tree of files on the host.
type Image struct{ root string }

// Build makes the tree in an empty directory.
func Build(ctx context.Context, root string) (Image, error) {
	main, err := vm.Go(ctx, "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return Image{}, err
	}
	// gokrazy has a module of its own.
	system := filepath.Join(main, "images/gokrazy/system")
	for _, p := range []struct{ dir, pkg, out string }{
		{main, module + "/cmds/dhclient-lws", Client},
		{main, module + "/images/gokrazy/agent", agent},
		{system, "./init", initPath},
		{system, "github.com/gokrazy/gokrazy/cmd/dhcp", GokrazyDHCP},
	} {
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-tags=gokrazy,netgo,osusergo",
			"-ldflags=-s -w", "-o", filepath.Join(root, p.out), p.pkg)
		cmd.Dir = p.dir
		cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			return Image{}, fmt.Errorf("building %s: %w\n%s", p.pkg, err, text)
		}
	}
	for _, dir := range []string{"bin", "dev", "etc/gokrazy", "lib", "mnt", "perm", "proc", "run", "sys", "tmp"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			return Image{}, err
		}
	}
	for name, target := range map[string]string{
		"etc/resolv.conf": "/tmp/resolv.conf",
		"var":             "/perm/var",
		DHCP:              filepath.Base(Client),
	} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			return Image{}, err
		}
	}
	for name, content := range map[string]string{
		"hostname":      HostName,
		"hosts":         "127.0.0.1 localhost\n",
		"gokr-pw.txt":   Password + "\n",
		"http-port.txt": "80\n",
	} {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(content), 0o644); err != nil {
			return Image{}, err
		}
	}
	return Image{root}, nil
}

// What the machine is called, and what its web page asks for.
const (
	HostName = "appliance"
	User     = "gokrazy"
	Password = "password"
)

// services writes which programs there are.
func (i Image) services(list []Service) error {
	var text strings.Builder
	for _, s := range append(slices.Clip(list), Service{agent}) {
		text.WriteString(strings.Join(s, "\t") + "\n")
	}
	return os.WriteFile(filepath.Join(i.root, "etc/gokrazy/services"), []byte(text.String()), 0o644)
}
