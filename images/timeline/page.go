package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/dhclient-lws/dhclient-lws/images/moments"
)

// candidates are what one u-root image has tried for an address.
var candidates = []struct{ unit, name string }{
	{"dhclient-lws", "dhclient-lws `-background`"},
	{"once", "dhclient-lws `-once`"},
	{"u-root", "u-root's `dhclient -ipv6=false`"},
	{"kernel", "the kernel's own `ip=dhcp`"},
}

const addressBenchmark = "KernelToAddress"

// page is BOOTS.md.
func page(boots, addresses results) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# How long a boot takes

Made by %s and %s, which boot every image under QEMU several
times, by emulation, without KVM: a real machine is much faster, and what takes long
here is to start programs. Seconds since the start of the kernel, medians and ranges,
which are wide where the host had other work. Its processor: %s.

## In four places

![%s](%s)

`, "`make timeline`", "`make bench-boot`", boots.cpu, "kernel, init, link, lease and handoff of u-root, gokrazy, PXE and the next root", pictureFile)
	b.WriteString("| | " + strings.Join([]string{"init starts", "the client starts", "link up", "lease", "the next program starts"}, " | ") + " |\n|---|---|---|---|---|---|\n")
	for _, place := range places {
		b.WriteString("| " + place.name)
		for _, moment := range moments.Names {
			at, err := boots.of(place.benchmark, moment+"-ms")
			switch {
			case err == nil:
				b.WriteString(" | " + at.String())
			case moment == "next":
				b.WriteString(" | none waits")
			default:
				return nil, err
			}
		}
		b.WriteString(" |\n")
	}
	b.WriteString(`
- u-root: u-root's init starts the client, which becomes the next program.
- gokrazy: its init starts the client beside everything else, and nothing waits.
- PXE: as u-root, with a kernel and an image that a ROM has fetched over TFTP; the image
  is larger.
- next root: a script mounts it, starts the client, and goes on with switch_root.

Each has the DHCP server that its tests have: QEMU's, a scripted one, dnsmasq.

## Beside others

One u-root image, one network, the same kernel; from boot to boot another asks. The
address is there when the kernel says so (to 10 ms); the next program is what u-root's
init starts when the client has returned. Both clients are programs of their own there.
With ` + "`-background`" + ` ours is started twice more, to leave one behind that stays.

| | init starts | address | the next program starts | address after init |
|---|---|---|---|---|
`)
	for _, c := range candidates {
		var at []list
		for _, moment := range []string{"init", "address", "next"} {
			l, err := addresses.of(addressBenchmark, c.unit+"-"+moment+"-ms")
			if err != nil {
				return nil, err
			}
			at = append(at, l)
		}
		after, err := at[1].minus(at[0])
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "| %s | %v | %v | %v | %v |\n", c.name, at[0], at[1], at[2], after)
	}
	ours, err := addresses.of(addressBenchmark+"/gokrazy", "dhclient-lws-address-ms")
	if err != nil {
		return nil, err
	}
	theirs, err := addresses.of(addressBenchmark+"/gokrazy", "gokrazy-address-ms")
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(&b, `
The kernel needs no program to ask, and starts none before it has its answer: without a
cable or a server that takes minutes. It never renews.

In one gokrazy image, at the same time, each on a link of its own:

| | address |
|---|---|
| dhclient-lws | %v |
| gokrazy's dhcp | %v |
`, ours, theirs)
	return b.Bytes(), nil
}
