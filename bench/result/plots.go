package result

import (
	"slices"

	"github.com/dhclient-lws/dhclient-lws/bench/draw"
)

// LastPlot is a picture of the time to the last address over the number of links, and
// of what it costs.
func LastPlot(list []Summary) ([]byte, error) {
	o := overview(list)
	x := draw.Axis{Label: "links, up at the start", Log: true}
	for _, n := range o.links() {
		x.Ticks = append(x.Ticks, float64(n))
	}
	plot := func(title string, of func(Summary) Spread) draw.Lines {
		lines := draw.Lines{Title: title, X: x, Y: draw.Axis{Label: "ms", Log: true}}
		for _, c := range o.clients() {
			if series := o.series(c, of); len(series.Points) > 0 {
				lines.Series = append(lines.Series, series)
			}
		}
		return lines
	}
	return draw.SVG("From the start of the client to the last address",
		plot("last address", func(s Summary) Spread { return s.LastAddr }),
		plot("CPU until then", func(s Summary) Spread { return s.CPU }))
}

// series is a client's curve over the numbers of links.
func (o overview) series(client string, of func(Summary) Spread) draw.Series {
	s := draw.Series{Name: client}
	for _, n := range o.links() {
		summary, _ := o.plain(client, n, "up", "")
		if v := of(summary); v.N > 0 && v.Low > 0 {
			s.Points = append(s.Points, draw.Point{X: float64(n), Y: v.Median, Low: v.Low, High: v.High})
		}
	}
	return s
}

// OnePlot is a picture of one link's time to its address, however it starts.
func OnePlot(list []Summary) ([]byte, error) {
	o := overview(list)
	bars := draw.Bars{Title: "address of one link", X: draw.Axis{Label: "ms", Log: true}}
	for _, start := range []string{"up", "down", "carrier", "lossy"} {
		group := draw.Group{Name: starts[start]}
		for _, c := range o.clients() {
			s, ok := o.plain(c, 1, start, "")
			if !ok {
				continue
			}
			bar := draw.Bar{Name: c, Value: s.LastAddr.Median, Low: s.LastAddr.Low, High: s.LastAddr.High}
			if s.LastAddr.N == 0 {
				bar = draw.Bar{Name: c, Note: "fails"}
			}
			group.Bars = append(group.Bars, bar)
		}
		if slices.ContainsFunc(group.Bars, func(b draw.Bar) bool { return b.Note == "" }) {
			bars.Groups = append(bars.Groups, group)
		}
	}
	return draw.SVG("From the start of the client, or of the carrier, to the address", bars)
}
