package boot

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/dhclient-lws/dhclient-lws/images/vm"
)

// Machine is a virtual machine that boots a disk.
type Machine struct {
	Kernel   string
	Disk     string
	Networks []string // a QEMU netdev for each NIC, without its id
}

// Run is a machine that runs.
type Run struct {
	Page    *Page
	cmd     *exec.Cmd
	dir     string
	ready   chan struct{}
	ended   chan struct{}
	err     error // why, once ended
	console io.Writer
}

// Start starts the machine. Its console is copied to console. It is ended when
// ctx is.
func (m Machine) Start(ctx context.Context, console io.Writer) (*Run, error) {
	// The path of a socket may have 107 characters.
	dir, err := os.MkdirTemp("", "gokrazy")
	if err != nil {
		return nil, err
	}
	r := &Run{dir: dir, ready: make(chan struct{}), ended: make(chan struct{}), console: console}
	r.Page = newPage(r.socket("page"))
	r.cmd = exec.CommandContext(ctx, vm.QEMU, m.args(r)...)
	var stderr bytes.Buffer
	r.cmd.Stderr = &stderr
	stdout, err := r.cmd.StdoutPipe()
	if err == nil {
		err = r.cmd.Start()
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	go func() {
		panicked := r.read(stdout)
		err := r.cmd.Wait()
		if err != nil {
			err = fmt.Errorf("%s: %w\n%s", vm.QEMU, err, stderr.String())
		}
		r.err = errors.Join(ctx.Err(), panicked, err)
		os.RemoveAll(dir)
		close(r.ended)
	}()
	return r, nil
}

// Ready waits until the machine has started its services.
func (r *Run) Ready() error {
	select {
	case <-r.ready:
		return nil
	case <-r.ended:
		return fmt.Errorf("the machine ended before it had started its services: %w", r.err)
	}
}

func (m Machine) args(r *Run) []string {
	args := append(vm.Args(m.Kernel, fmt.Sprintf("oops=panic root=PARTUUID=%08x-%02d ro rootwait init=%s", signature, rootPartition, initPath)),
		"-drive", "file="+m.Disk+",format=raw,if=virtio",
		"-serial", "stdio",
		"-serial", "unix:"+r.socket("page")+",server=on,wait=off",
		"-monitor", "unix:"+r.socket("monitor")+",server=on,wait=off")
	for i, n := range m.Networks {
		kind, rest, _ := strings.Cut(n, ",")
		args = append(args, "-netdev", fmt.Sprintf("%s,id=n%d,%s", kind, i, rest))
		args = append(args, vm.NIC(i, vm.MAC(i))...)
	}
	return args
}

func (r *Run) socket(name string) string { return filepath.Join(r.dir, name) }

// read reads the console to its end. A panic of the kernel is an error.
func (r *Run) read(console io.Reader) (panicked error) {
	lines := bufio.NewScanner(io.TeeReader(console, r.console))
	listening := false
	for lines.Scan() {
		line := lines.Text()
		if !listening && strings.Contains(line, "agent: listening") {
			listening = true
			close(r.ready)
		}
		if strings.Contains(line, "Kernel panic") {
			panicked = errors.New(line)
		}
	}
	_, _ = io.Copy(io.Discard, console)
	return panicked
}

// Wait waits for the end of the machine. A machine that powered itself off is no
// error.
func (r *Run) Wait() error {
	<-r.ended
	return r.err
}

// PowerOff has gokrazy turn the machine off, and waits for that.
func (r *Run) PowerOff(ctx context.Context) error {
	// What would bring an answer is among the programs that are ended first.
	asked := r.Page.powerOff(ctx)
	select {
	case <-r.ended:
		return r.err
	case <-ctx.Done():
		return errors.Join(ctx.Err(), asked)
	}
}

// monitor is QEMU's own, which is there a moment after it was started.
func (r *Run) monitor() (net.Conn, error) {
	for {
		c, err := net.Dial("unix", r.socket("monitor"))
		if err == nil {
			return c, nil
		}
		select {
		case <-r.ended:
			return nil, errors.Join(err, r.err)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Cable plugs the cable of the i-th NIC in, or pulls it out.
func (r *Run) Cable(i int, plugged bool) error {
	monitor, err := r.monitor()
	if err != nil {
		return err
	}
	defer monitor.Close()
	state := "off"
	if plugged {
		state = "on"
	}
	// The monitor greets, echoes what it is told, and prompts again when it has
	// done it.
	_, err = fmt.Fprintf(monitor, "set_link n%d %s\n", i, state)
	in := bufio.NewReader(monitor)
	for prompts := 0; prompts < 2 && err == nil; prompts++ {
		_, err = in.ReadString(')')
	}
	return err
}
