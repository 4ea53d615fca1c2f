// Package vm is what the virtual machines of all images have in common: their
// kernel, and how QEMU is told to be one.
package vm

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	// The kernel comes as a Go module; importing it keeps it in go.mod.
	_ "github.com/gokrazy/kernel.amd64"
)

// QEMU is the program.
const QEMU = "qemu-system-x86_64"

// Args is the machine itself: its kernel with parameters, no disk, no NIC, no
// serial port.
func Args(kernel, parameters string) []string {
	return []string{
		// A /dev/kvm that can be opened need not work; emulation always does. One
		// CPU: with two, the kernel patching its own code panics one time in ten.
		"-accel", "tcg", "-machine", "q35", "-cpu", "max", "-smp", "1", "-m", "512",
		"-nodefaults", "-display", "none", "-no-reboot",
		// A panic ends the machine at once.
		"-kernel", kernel, "-append", "console=ttyS0 quiet panic=-1 " + parameters,
	}
}

// NIC plugs a card into a network: the i-th, to the netdev n<i>.
func NIC(i int, mac string) []string {
	// No ROM: nothing boots from the network here, and looking for it takes time.
	return []string{"-device", fmt.Sprintf("virtio-net-pci,netdev=n%d,mac=%s,romfile=", i, mac)}
}

// MAC is the hardware address of the i-th card.
func MAC(i int) string { return fmt.Sprintf("52:54:00:4d:00:%02x", i) }

// Kernel returns the file name of the guest's kernel.
func Kernel(ctx context.Context) (string, error) {
	dir, err := Go(ctx, "list", "-f", "{{.Dir}}", "github.com/gokrazy/kernel.amd64")
	return dir + "/vmlinuz", err
}

// Go runs the go command and returns the one line that it prints.
func Go(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
}
