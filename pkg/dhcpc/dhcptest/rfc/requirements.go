package rfc

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// A Requirement is one that an RFC, or this project, makes of a DHCPv4 client.
type Requirement struct {
	Section string // of the map
	ID      string // "R2131-4.1-03": the third of RFC 2131 section 4.1
	Level   string // one of levels
	Text    string
	Excuse  string // why it is not met or has no object; empty if tests show it
}

//go:embed requirements.tsv
var requirements string

// levels are those of RFC 2119; "ours" marks what no RFC says.
var levels = []string{"MUST", "SHOULD", "MAY", "MUST (ours)", "SHOULD (ours)", "MAY (ours)"}

// Requirements returns all requirements in the order of requirements.tsv, whose
// lines are "# Section" or an ID, a level, a text and perhaps an excuse, with
// tabs between. The caller must not change them.
var Requirements = sync.OnceValues(func() ([]Requirement, error) {
	var all []Requirement
	section, seen := "", map[string]bool{}
	for i, line := range strings.Split(strings.TrimSuffix(requirements, "\n"), "\n") {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			section = title
			continue
		}
		field := strings.Split(line, "\t")
		switch {
		case len(field) < 3 || len(field) > 4 || slices.Contains(field, "") || section == "":
			return nil, fmt.Errorf("requirements.tsv:%d: want ID, level, text and perhaps an excuse, in a section", i+1)
		case !slices.Contains(levels, field[1]):
			return nil, fmt.Errorf("requirements.tsv:%d: no such level: %q", i+1, field[1])
		case seen[field[0]]:
			return nil, fmt.Errorf("requirements.tsv:%d: %s is there twice", i+1, field[0])
		}
		seen[field[0]] = true
		r := Requirement{Section: section, ID: field[0], Level: field[1], Text: field[2]}
		if len(field) == 4 {
			r.Excuse = field[3]
		}
		all = append(all, r)
	}
	return all, nil
})

func isRequirement(all []Requirement, id string) bool {
	return slices.ContainsFunc(all, func(r Requirement) bool { return r.ID == id })
}
