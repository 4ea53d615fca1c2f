package result

import (
	"encoding/json"
	"errors"
	"io"
)

// Line is one of a file of results: the machine comes first, then the runs, as they
// were made.
type Line struct {
	Machine *Machine `json:"machine,omitempty"`
	Run     *Run     `json:"run,omitempty"`
}

// Read reads such a file.
func Read(r io.Reader) (m Machine, runs []Run, err error) {
	lines := json.NewDecoder(r)
	for {
		var line Line
		err := lines.Decode(&line)
		switch {
		case err == io.EOF:
			return m, runs, nil
		case err != nil:
			return m, runs, err
		case line.Machine != nil:
			m = *line.Machine
		case line.Run != nil:
			runs = append(runs, *line.Run)
		default:
			return m, runs, errors.New("a line is neither a machine nor a run")
		}
	}
}
