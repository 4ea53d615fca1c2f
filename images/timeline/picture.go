package main

import (
	"slices"

	"github.com/dhclient-lws/dhclient-lws/bench/draw"
	"github.com/dhclient-lws/dhclient-lws/images/moments"
)

// places are where the client is at home, as the benchmarks call them and as people do.
var places = []struct{ benchmark, name string }{
	{"Boot/u-root", "u-root"},
	{"Boot/gokrazy", "gokrazy"},
	{"Boot/PXE", "PXE"},
	{"Boot/next-root", "next root"},
}

// phases are what lies between the moments of a boot.
var phases = []string{"kernel", "init", "client and link", "lease", "handoff"}

// picture shows the medians of the moments. The range is that of the last one.
func picture(boots results) ([]byte, error) {
	spans := draw.Spans{Title: "From the start of the kernel", X: draw.Axis{Label: "in seconds"}}
	for _, place := range places {
		row := draw.Row{Name: place.name}
		from := 0.0
		for i, moment := range moments.Names {
			at, err := boots.of(place.benchmark, moment+"-ms")
			if err != nil && moment == "next" {
				break // nothing waits there
			}
			if err != nil {
				return nil, err
			}
			to := at.median()
			row.Spans = append(row.Spans, draw.Span{Name: phases[i], From: from, To: to, Low: slices.Min(at), High: slices.Max(at)})
			from = to
		}
		for i := range len(row.Spans) - 1 {
			row.Spans[i].Low, row.Spans[i].High = 0, 0
		}
		spans.Rows = append(spans.Rows, row)
	}
	return draw.SVG("A boot in four places", spans)
}
