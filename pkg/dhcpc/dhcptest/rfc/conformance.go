package rfc

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const preface = `# Conformance

What RFCs ask of a DHCPv4 client, and the tests that show it. Written by
` + "`make conformance`" + ` from [requirements.tsv](requirements.tsv) and a run in which every test
passed; a test keeps it true.

R2131-4.1-03 is the third requirement of RFC 2131, section 4.1; T is a table, F a
figure there. P and H are ours, for what no RFC says. A test is named with the last
part of its package's path. What is not met, or has no object here, says why.

`

// Conformance writes the map. Every requirement must be shown or excused, not
// both, and what is shown must be a requirement.
func Conformance(all []Requirement, shown Shown) (string, error) {
	var errs []error
	var b strings.Builder
	unknown := maps.Clone(shown)
	byTests, section := 0, ""
	for _, r := range all {
		tests := slices.Sorted(maps.Keys(shown[r.ID]))
		delete(unknown, r.ID)
		last := strings.Join(tests, ", ")
		switch {
		case len(tests) > 0 && r.Excuse != "":
			errs = append(errs, fmt.Errorf("%s is excused, and shown by %s", r.ID, last))
		case len(tests) > 0:
			byTests++
		case r.Excuse != "":
			last = excuseMark + r.Excuse
		default:
			errs = append(errs, fmt.Errorf("%s is neither shown by a test nor excused", r.ID))
		}
		if r.Section != section {
			section = r.Section
			fmt.Fprintf(&b, "\n## %s\n\n| | | | shown by |\n|---|---|---|---|\n", section)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.ID, r.Level, r.Text, last)
	}
	for _, id := range slices.Sorted(maps.Keys(unknown)) {
		errs = append(errs, fmt.Errorf("%s is shown, but not in requirements.tsv", id))
	}
	head := fmt.Sprintf("%d requirements: %d shown by tests, %d excused.\n", len(all), byTests, len(all)-byTests)
	return preface + head + b.String(), errors.Join(errs...)
}

// excuseMark begins the last column of a requirement without tests.
const excuseMark = "– "
