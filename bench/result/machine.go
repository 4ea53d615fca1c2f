package result

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Machine is what runs were measured on, and with what.
type Machine struct {
	Date     string            `json:"date"`
	Commit   string            `json:"commit"` // the last one of the client
	CPU      string            `json:"cpu"`
	CPUs     int               `json:"cpus"`
	MemoryMB int               `json:"memory_mb"`
	Kernel   string            `json:"kernel"`
	System   string            `json:"system"`
	Go       string            `json:"go"`
	Packages map[string]string `json:"packages"` // versions
}

func (m Machine) String() string {
	var packages []string
	for _, name := range slices.Sorted(maps.Keys(m.Packages)) {
		packages = append(packages, name+" "+m.Packages[name])
	}
	return fmt.Sprintf("%s, %d CPUs (%s), %d GB of memory, Linux %s, %s, %s; %s; client at commit %s.",
		m.Date, m.CPUs, m.CPU, (m.MemoryMB+512)/1024, m.Kernel, m.System, m.Go, strings.Join(packages, ", "), m.Commit)
}

// Where says on what machine runs were made, and how busy it was with other things.
func Where(m Machine, runs []Run) string {
	var loads []float64
	for _, r := range runs {
		if load, err := strconv.ParseFloat(r.Load, 64); err == nil {
			loads = append(loads, load)
		}
	}
	s := spread(loads)
	return fmt.Sprintf("%s The load was %s (%s–%s), %d runs.\n", m, Number(s.Median), Number(s.Low), Number(s.High), len(runs))
}
