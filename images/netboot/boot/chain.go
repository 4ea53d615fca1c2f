package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// Chain boots a machine from what Build has made in dir, over "tftp" or "http", by the
// script that the page has. The system that the ROM boots so goes on to the next one,
// which its lease names, and gives it the lease along. An error has a line for each thing
// that was not as it should be.
func Chain(ctx context.Context, dir, over, page string, console io.Writer) (err error) {
	n, err := newNetwork(dir, over, "dhcp-boot=tag:!rom,"+nextFile+",,"+server)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, n.Close()); err != nil {
			err = fmt.Errorf("%w\n%s", err, n.Log())
		}
	}()
	if err := errors.Join(
		n.offer(scriptFile, scriptOf(page)),
		// The one over TFTP, as it lies beside the script, the other over HTTP.
		n.offer(nextFile, strings.Replace(script(uinit("check")), "initrd ", "initrd "+web, 1)),
	); err != nil {
		return err
	}
	r, err := n.run(ctx, console)
	if err != nil {
		return err
	}
	return errors.Join(Judge(r, n.Heard()), judgeActs(n.Log(), over, n.Heard()))
}

// judgeActs tells what is wrong with what the servers were asked for. The ROM and the
// first system each discover, and fetch a system; the second asks for the lease that
// it was given along.
func judgeActs(log, over string, heard []*dhcptest.Message) error {
	acts := strings.Split(log, "/"+imageFile)
	if len(acts) != 3 {
		return fmt.Errorf("%d systems were fetched instead of 2", len(acts)-1)
	}
	rom := map[string]string{"tftp": "dnsmasq-tftp", "http": "web: sent"}[over]
	var errs []error
	for i, want := range [][]string{
		{"DHCPDISCOVER", "DHCPACK", rom, "/" + scriptFile, rom, "/" + kernelFile, rom},
		{"DHCPDISCOVER", "DHCPACK", "dnsmasq-tftp", "/" + nextFile, "dnsmasq-tftp", "/" + kernelFile, "web: sent"},
		{"DHCPREQUEST", "DHCPACK"},
	} {
		rest, found := acts[i], false
		for _, what := range want {
			if _, rest, found = strings.Cut(rest, what); !found {
				errs = append(errs, fmt.Errorf("act %d: no %s in its place", i+1, what))
				break
			}
		}
	}
	if strings.Contains(acts[2], "DHCPDISCOVER") {
		errs = append(errs, errors.New("the second system discovers"))
	}
	if last := heard[len(heard)-1]; last.Kind != dhcp4.KindInitReboot {
		errs = append(errs, fmt.Errorf("the second system sends %v", last))
	}
	return errors.Join(errs...)
}
