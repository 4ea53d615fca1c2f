package main

import (
	"fmt"
	"net/url"
	"strings"
)

// script is what is to be booted.
type script struct {
	kernel, initrd string // URLs
	parameters     string // of the kernel
}

// parseScript reads the little of iPXE's language that names a kernel and an
// initramfs. Names are relative to the script's own.
func parseScript(from, text string) (s script, err error) {
	base, err := url.Parse(from)
	if err != nil {
		return s, err
	}
	for line := range strings.Lines(text) {
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, parameters, _ := strings.Cut(strings.TrimSpace(rest), " ")
		target := &s.initrd
		switch {
		case verb == "" || verb[0] == '#':
			continue
		case verb == "boot":
			if s.kernel == "" || s.initrd == "" {
				return s, fmt.Errorf("%s: nothing to boot", from)
			}
			return s, nil
		case verb == "kernel":
			s.parameters = parameters
			target = &s.kernel
		case verb != "initrd":
			return s, fmt.Errorf("%s: %q is not understood", from, verb)
		}
		if name == "" { // which would be the script itself
			return s, fmt.Errorf("%s: %s without a name", from, verb)
		}
		u, err := base.Parse(name)
		if err != nil {
			return s, fmt.Errorf("%s: %w", from, err)
		}
		*target = u.String()
	}
	return s, fmt.Errorf("%s: does not boot", from)
}
