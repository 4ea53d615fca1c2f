package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// results are the output of go test -bench: by benchmark and unit a number for each
// run. Those at one place in such lists are of one run.
type results struct {
	cpu   string
	lists map[string]map[string][]float64
}

func read(path string) (results, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return results{}, err
	}
	r, err := parse(string(text))
	if err != nil {
		return results{}, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// processors is what go test puts behind the name of a benchmark.
var processors = regexp.MustCompile(`-\d+$`)

func parse(text string) (results, error) {
	r := results{lists: map[string]map[string][]float64{}}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if cpu, ok := strings.CutPrefix(line, "cpu: "); ok {
			r.cpu = strings.TrimSpace(cpu)
		}
		if strings.HasPrefix(line, "FAIL") || strings.HasPrefix(line, "--- FAIL") {
			return results{}, fmt.Errorf("a run has failed: %s", line)
		}
		if len(fields) < 4 || !strings.HasPrefix(line, "Benchmark") {
			continue
		}
		name := processors.ReplaceAllString(strings.TrimPrefix(fields[0], "Benchmark"), "")
		if r.lists[name] == nil {
			r.lists[name] = map[string][]float64{}
		}
		for i := 2; i+1 < len(fields); i += 2 {
			n, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				return results{}, fmt.Errorf("%q: %w", line, err)
			}
			r.lists[name][fields[i+1]] = append(r.lists[name][fields[i+1]], n)
		}
	}
	return r, nil
}

// of is what was measured under a unit, in seconds, one number for each run.
func (r results) of(benchmark, unit string) (list, error) {
	l := r.lists[benchmark][unit]
	if len(l) == 0 {
		return nil, fmt.Errorf("no %s of %s", unit, benchmark)
	}
	out := make(list, len(l))
	for i, ms := range l {
		out[i] = ms / 1000
	}
	return out, nil
}

// list is a number for each run.
type list []float64

func (l list) median() float64 {
	s := slices.Sorted(slices.Values(l))
	return (s[(len(s)-1)/2] + s[len(s)/2]) / 2
}

// minus is how much later than something else it was in each run.
func (l list) minus(other list) (list, error) {
	if len(l) != len(other) {
		return nil, fmt.Errorf("%d numbers and %d", len(l), len(other))
	}
	out := make(list, len(l))
	for i := range l {
		out[i] = l[i] - other[i]
	}
	return out, nil
}

// String is the median and the range.
func (l list) String() string {
	return fmt.Sprintf("%.2f (%.2f to %.2f)", l.median(), slices.Min(l), slices.Max(l))
}
