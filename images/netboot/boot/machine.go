// Package boot boots a machine from a network: by the ROM of a NIC, over TFTP or
// HTTP, into the u-root image with dhclient-lws in it.
package boot

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/dhclient-lws/dhclient-lws/images/u-root/boot"
	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
	"github.com/dhclient-lws/dhclient-lws/images/vm"
)

// The machine has two NICs: on the network of the first there is nobody, the second
// has the ROM. What it is known by.
var (
	silent = boot.NIC{MAC: vm.MAC(0), Silent: true}
	booted = boot.NIC{MAC: vm.MAC(1), Net: subnet}
)

const uuid = "6b0ff2f3-3a51-4f3e-9d55-0f1fb8ed2e2b"

// Names of the files in the directory that is served.
const (
	kernelFile = "vmlinuz"
	imageFile  = "u-root.cpio"
	scriptFile = "boot.ipxe"
	nextFile   = "next.ipxe"
)

// Build makes what the machine boots in the directory.
func Build(ctx context.Context, dir string) error {
	kernel, err := vm.Kernel(ctx)
	if err != nil {
		return err
	}
	name := filepath.Join(dir, kernelFile)
	if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := os.Symlink(kernel, name); err != nil {
		return err
	}
	return boot.Image(ctx, filepath.Join(dir, imageFile), "github.com/dhclient-lws/dhclient-lws/images/netboot/chain")
}

// offer puts a file where the servers find it.
func (n *Network) offer(name, content string) error {
	return os.WriteFile(filepath.Join(n.Dir, name), []byte(content), 0o644)
}

// script is a boot script as iPXE reads it, and for the most part the command chain
// in the image. The files are beside the script.
func script(parameters string) string {
	return fmt.Sprintf("#!ipxe\nkernel %s %s %s\ninitrd %s\nboot\n", kernelFile, vm.Parameters, parameters, imageFile)
}

// Heading is that of the page below which the script is that people need.
const Heading = "# The client in a system that is booted from the network"

// scriptOf is a script as people are told to write it, for a kernel of a virtual machine.
func scriptOf(page string) string {
	return "#!ipxe\n" + strings.Replace(page, " "+kernelFile+" ", " "+kernelFile+" "+vm.Parameters+" ", 1)
}

// uinit are the arguments of what u-root's init starts first: the client. The wait
// is for the NIC that the machine was booted from: what waits for the silent one
// waits for ever.
func uinit(command string) string {
	return `uroot.uinitargs="-netboot -wait bootif -grace 1h -carrier-timeout 0 -timeout 0 -- ` + command + `"`
}

// run boots the machine from the network, and returns the report of the check in
// the image that it ends in. The serial console is copied to console while it runs.
func (n *Network) run(ctx context.Context, console io.Writer) (report.Report, error) {
	args := append(vm.Hardware(), "-serial", "stdio", "-uuid", uuid,
		"-netdev", "hubport,id=n0,hubid=0",
		"-netdev", "tap,id=n1,script=no,downscript=no,ifname="+tap)
	args = append(args, vm.NIC(0, silent.MAC)...)
	args = append(args, vm.BootNIC(1, booted.MAC)...)
	return boot.Run(ctx, console, args)
}
