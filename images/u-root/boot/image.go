// Package boot builds a u-root image with dhclient-lws in it, boots it under
// QEMU, and judges from outside what became of it.
package boot

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"

	"github.com/dhclient-lws/dhclient-lws/images/vm"
)

const (
	module = "github.com/dhclient-lws/dhclient-lws"
	core   = "github.com/u-root/u-root/cmds/core/"
)

// commands is what the image consists of. Those of u-root are tools of go.mod.
var commands = []string{
	core + "init", core + "gosh", core + "ls", core + "cat", core + "ip", core + "ps", core + "shutdown",
	module + "/cmds/dhclient-lws",
	module + "/images/u-root/check",
}

// Image builds the initramfs, with further commands (packages) if there are any, and
// writes it to the file out.
func Image(ctx context.Context, out string, further ...string) error {
	// The tool is made for this machine, what it builds is for the guest.
	tool, err := vm.Go(ctx, "tool", "-n", "u-root")
	if err != nil {
		return err
	}
	args := append([]string{
		"-o", out,
		"-uinitcmd=dhclient-lws",
		// What follows the shell that dhclient-lws hands off to, when one leaves it.
		"-defaultsh=shutdown",
		// The fancy editor of gosh loses what was typed before its prompt, and draws
		// on a serial line whose width nobody knows.
		"-go-build-tags=goshsmall",
		// u-root asks for everything to be compiled again each time, which takes four
		// times as long.
		"-go-extra-args=-a=false",
	}, slices.Concat(commands, further)...)
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64")
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("u-root: %w\n%s", err, text)
	}
	return nil
}
