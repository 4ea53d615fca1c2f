// Command init is the first process of the test image: gokrazy's init, as its
// packer would generate it, but that which programs there are and what their
// flags are stands in a file of the image.
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"strings"

	"github.com/gokrazy/gokrazy"
)

// services holds a line for each program: its path and its arguments, with tabs
// between them.
const services = "/etc/gokrazy/services"

func main() {
	if err := run(); err != nil {
		log.Print(err) // and the kernel panics, as it should
		os.Exit(1)
	}
	select {}
}

func run() error {
	if err := gokrazy.Boot("test image"); err != nil {
		return fmt.Errorf("boot: %w", err)
	}
	text, err := os.ReadFile(services)
	if err != nil {
		return err
	}
	var list []*gokrazy.Service
	for line := range strings.Lines(string(text)) {
		words := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		list = append(list, gokrazy.NewService(exec.Command(words[0], words[1:]...)))
	}
	return gokrazy.SuperviseServices(list)
}
