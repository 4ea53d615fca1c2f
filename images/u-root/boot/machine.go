package boot

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
	"github.com/dhclient-lws/dhclient-lws/images/vm"
)

// ErrPanic is what Run returns when the guest's kernel gave up.
var ErrPanic = errors.New("kernel panic")

var errNoReport = errors.New("the guest powered off without a report")

// Machine is a virtual machine that boots the image.
type Machine struct {
	Kernel string
	Image  string
	NICs   []NIC
	Disk   string   // a file, "" for none
	Flags  []string // of dhclient-lws, without blanks and quotes
}

// Run boots the machine with the check in the shell's place and returns its
// report. The serial console is copied to console while it runs. The guest
// powers itself off; ctx bounds how long that may take.
func (m Machine) Run(ctx context.Context, console io.Writer) (report.Report, error) {
	return m.run(ctx, console, m.handOffTo("check"))
}

// run boots the machine with what follows on the kernel's command line.
func (m Machine) run(ctx context.Context, console io.Writer, parameters string) (report.Report, error) {
	return Run(ctx, console, m.args(parameters, "stdio"))
}

// Run runs QEMU, whose serial console must be its standard output, until the guest
// powers itself off, and returns the report of the check in it.
func Run(ctx context.Context, console io.Writer, args []string) (report.Report, error) {
	cmd := exec.CommandContext(ctx, vm.QEMU, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return report.Report{}, err
	}
	if err := cmd.Start(); err != nil {
		return report.Report{}, err
	}
	r, scanErr := scan(io.TeeReader(stdout, console))
	_, _ = io.Copy(io.Discard, stdout) // if scan gave up, QEMU writes on
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return r, fmt.Errorf("the guest did not power off: %w", ctx.Err())
	case err != nil:
		return r, fmt.Errorf("%s: %w\n%s", vm.QEMU, err, stderr.String())
	}
	return r, scanErr
}

// Shell boots the machine with a shell at its serial console, which in and out
// are. Leaving the shell powers the machine off.
func (m Machine) Shell(ctx context.Context, in, out *os.File) error {
	return m.operate(ctx, in, out, m.handOffTo("gosh"))
}

// operate boots the machine with somebody at its serial console.
func (m Machine) operate(ctx context.Context, in, out *os.File, parameters string) error {
	cmd := exec.CommandContext(ctx, vm.QEMU, m.args(parameters, "mon:stdio")...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, os.Stderr
	return cmd.Run()
}

// handOffTo has the client become a command, as u-root's init is told of it.
func (m Machine) handOffTo(command string) string {
	return uinit(slices.Concat(m.Flags, []string{"--", command})...)
}

// uinit are the arguments of what u-root's init starts first: the client.
func uinit(args ...string) string {
	return `uroot.uinitargs="` + strings.Join(args, " ") + `"`
}

// args is QEMU's command line, with parameters for the guest's kernel and init.
func (m Machine) args(parameters, serial string) []string {
	args := append(vm.Args(m.Kernel, parameters), "-initrd", m.Image, "-serial", serial)
	if m.Disk != "" {
		args = append(args, "-drive", "file="+m.Disk+",format=raw,if=virtio")
	}
	for i, n := range m.NICs {
		args = append(args, n.args(i)...)
	}
	return args
}

// scan reads a console until the machine is off.
func scan(console io.Reader) (report.Report, error) {
	var (
		last  report.Report
		found bool
		err   error
	)
	lines := bufio.NewScanner(console)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		r, ok, bad := report.Find(lines.Bytes())
		switch {
		case bytes.Contains(lines.Bytes(), []byte("Kernel panic")):
			err = errors.Join(err, fmt.Errorf("%w: %s", ErrPanic, lines.Text()))
		case bad != nil:
			err = errors.Join(err, bad)
		case ok:
			last, found = r, true
		}
	}
	if err = errors.Join(err, lines.Err()); err == nil && !found {
		err = errNoReport
	}
	return last, err
}
