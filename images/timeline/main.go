// Command timeline makes BOOTS.md and timeline.svg anew from what the benchmarks of the
// images have measured:
//
//	go run ./images/timeline
//
// in the root of the repository.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// What there is in the directory of the images, made by make timeline and make
// bench-boot, and what is made of it.
const (
	bootsFile     = "timeline/boots.txt"
	addressesFile = "timeline/addresses.txt"
	pictureFile   = "timeline.svg"
	pageFile      = "BOOTS.md"
)

func main() {
	if err := write("images"); err != nil {
		fmt.Fprintln(os.Stderr, "timeline:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	files, err := render(dir)
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// render is what the files should contain.
func render(dir string) (map[string][]byte, error) {
	boots, err := read(filepath.Join(dir, bootsFile))
	if err != nil {
		return nil, err
	}
	addresses, err := read(filepath.Join(dir, addressesFile))
	if err != nil {
		return nil, err
	}
	drawn, err := picture(boots)
	if err != nil {
		return nil, err
	}
	written, err := page(boots, addresses)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{pictureFile: drawn, pageFile: written}, nil
}
