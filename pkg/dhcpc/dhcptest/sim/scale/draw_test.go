package scale

import (
	"time"

	"github.com/dhclient-lws/dhclient-lws/bench/draw"
)

// seconds is how much of a run the picture shows.
const seconds = 120

// picture is what became of the policies: clients with a lease over time, and messages
// a second.
func picture(outcomes map[string]*Outcome) ([]byte, error) {
	x := draw.Axis{Label: "seconds since the power came back"}
	bound := draw.Lines{Title: "clients with a lease", X: x}
	sent := draw.Lines{Title: "messages a second", X: x}
	for _, p := range policies {
		o := outcomes[p.name]
		b, s := draw.Series{Name: p.name}, draw.Series{Name: p.name}
		n := 0
		for second := range seconds + 1 {
			for n < len(o.Bound) && o.Bound[n] <= time.Duration(second)*time.Second {
				n++
			}
			b.Points = append(b.Points, draw.Point{X: float64(second), Y: float64(n)})
			messages := 0
			if second < len(o.PerSec) {
				messages = o.PerSec[second]
			}
			s.Points = append(s.Points, draw.Point{X: float64(second), Y: float64(messages)})
		}
		bound.Series, sent.Series = append(bound.Series, b), append(sent.Series, s)
	}
	return draw.SVG("10,000 clients powered on at once", bound, sent)
}
