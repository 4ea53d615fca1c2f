// Command report makes pages and pictures of what make bench has measured. It measures
// nothing, so that a page can be made again from old results.
//
//	go run ./bench/report
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dhclient-lws/dhclient-lws/bench/client"
	"github.com/dhclient-lws/dhclient-lws/bench/result"
)

func main() {
	made, err := pages(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
	for name, content := range made {
		if err := os.WriteFile(name, content, 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "report:", err)
			os.Exit(1)
		}
	}
}

// pages are what is made of bench/results.jsonl below the root of the module.
func pages(root string) (map[string][]byte, error) {
	dir := filepath.Join(root, "bench")
	file, err := os.Open(filepath.Join(dir, "results.jsonl"))
	if err != nil {
		return nil, fmt.Errorf("make bench writes it: %w", err)
	}
	defer file.Close()
	machine, runs, err := result.Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file.Name(), err)
	}
	list := result.Summarise(runs, client.Floor)
	last, err := result.LastPlot(list)
	if err != nil {
		return nil, err
	}
	one, err := result.OnePlot(list)
	if err != nil {
		return nil, err
	}
	readme := filepath.Join(root, "README.md")
	page, err := os.ReadFile(readme)
	if err != nil {
		return nil, err
	}
	where := result.Where(machine, runs)
	page, err = withSection(page, result.Overview(list)+"\n"+where)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", readme, err)
	}
	results := "# Side by side\n\n" + where + "\n" + legend + "\n![time to the last address](last.svg)\n\n![one link](one.svg)\n\n" +
		result.Overview(list) + "\n" + result.Tables(list)
	return map[string][]byte{
		filepath.Join(dir, "RESULTS.md"): []byte(results),
		filepath.Join(dir, "last.svg"):   last,
		filepath.Join(dir, "one.svg"):    one,
		readme:                           page,
	}, nil
}

const legend = `Times begin just before the client's first process is started, or, where the carrier
comes later, just before it comes, and end when the kernel announces the address or the
route. Medians, with the range behind; × floor is the median of the ratios of runs
side by side. CPU is that of all processes until the last address, peak RSS the sum of
theirs. A run fails if not all links have the address that the server has for them;
whatever else is wrong is told as well.
`

// The marks in the README between which the section stands.
const (
	begin = "<!-- bench: made by make bench -->\n"
	end   = "<!-- end of bench -->\n"
)

func withSection(page []byte, section string) ([]byte, error) {
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return nil, fmt.Errorf("there are no lines %q and %q", begin, end)
	}
	return []byte(before + begin + section + end + after), nil
}
