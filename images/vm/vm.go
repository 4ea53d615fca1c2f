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

// Parameters of the kernel of every guest: its console, and that a panic ends the
// machine at once. On a busy host the emulated timer misses the moment in which the
// kernel looks whether it works, which would be one.
const Parameters = "console=ttyS0 quiet panic=-1 no_timer_check"

// Hardware is the machine itself: nothing to boot, no disk, no NIC, no serial port.
func Hardware() []string {
	return []string{
		// A /dev/kvm that can be opened need not work; emulation always does. One
		// CPU: with two, the kernel patching its own code panics one time in ten.
		"-accel", "tcg", "-machine", "q35", "-cpu", "max", "-smp", "1", "-m", "512",
		"-nodefaults", "-display", "none", "-no-reboot",
	}
}

// Args is that machine with a kernel and further parameters for it.
func Args(kernel, parameters string) []string {
	return append(Hardware(), "-kernel", kernel, "-append", Parameters+" "+parameters)
}

// NIC plugs a card into a network: the i-th, to the netdev n<i>.
func NIC(i int, mac string) []string {
	// No ROM: nothing boots from the network here, and looking for it takes time.
	return nic(i, mac, "romfile=")
}

// BootNIC plugs a card in that the machine boots from, by its ROM.
func BootNIC(i int, mac string) []string { return nic(i, mac, "bootindex=0") }

func nic(i int, mac, rom string) []string {
	return []string{"-device", fmt.Sprintf("virtio-net-pci,netdev=n%d,mac=%s,%s", i, mac, rom)}
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
