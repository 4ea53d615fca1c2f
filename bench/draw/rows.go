package draw

import (
	"errors"
	"fmt"
)

// Bars are values to compare, each in a row of its own with its name and its number.
type Bars struct {
	Title  string
	X      Axis
	Groups []Group
}

// Group is what belongs together.
type Group struct {
	Name string // stands above; "" does not
	Bars []Bar
}

// Bar is a value, a median for example, and what it lies between.
type Bar struct {
	Name      string
	Value     float64
	Low, High float64 // both 0 if nothing is known of a range
	Note      string  // in the value's place, if there is none
}

func (b Bars) plan() (*panel, error) {
	t := table{axis: b.X}
	for _, g := range b.Groups {
		if g.Name != "" {
			t.rows = append(t.rows, row{name: g.Name, heading: true})
		}
		for _, bar := range g.Bars {
			r := row{name: bar.Name, note: bar.Note}
			t.names = append(t.names, bar.Name)
			if bar.Note == "" {
				r.note = number(bar.Value)
				r.spans = []Span{{Name: bar.Name, To: bar.Value, Low: bar.Low, High: bar.High}}
				if b.X.Log {
					r.spans[0].From = bar.Value / 2 // so that the axis begins before it
				}
			}
			t.rows = append(t.rows, r)
		}
	}
	return t.plan(b.Title, false)
}

// Spans are rows of what follows one another in time, or in any other direction.
type Spans struct {
	Title string
	X     Axis
	Rows  []Row
}

// Row is one sequence. At its end stands the number at which it ends.
type Row struct {
	Name  string
	Spans []Span // one begins where the one before ends, or later
}

// Span is a part of a row.
type Span struct {
	Name      string
	From, To  float64
	Low, High float64 // what To lies between; both 0 if nothing is known of that
}

func (s Spans) plan() (*panel, error) {
	t := table{axis: s.X, inside: true}
	for _, r := range s.Rows {
		if len(r.Spans) == 0 {
			return nil, fmt.Errorf("%s: no spans", r.Name)
		}
		for i, span := range r.Spans {
			t.names = append(t.names, span.Name)
			if span.To < span.From || i > 0 && span.From < r.Spans[i-1].To {
				return nil, fmt.Errorf("%s: %s from %v to %v is out of order", r.Name, span.Name, span.From, span.To)
			}
		}
		t.rows = append(t.rows, row{name: r.Name, note: number(r.Spans[len(r.Spans)-1].To), spans: r.Spans})
	}
	return t.plan(s.Title, true)
}

// table is what bars and spans have in common: rows over one axis.
type table struct {
	axis   Axis
	rows   []row
	names  []string
	inside bool // each span has its length written in it
}

type row struct {
	name, note string // before it and behind
	heading    bool   // there is nothing but its name
	spans      []Span
}

const (
	rowHeight = 24.0
	hair      = 1.0 // as wide as what is nothing is shown
)

func (t table) plan(title string, legend bool) (*panel, error) {
	if len(t.names) == 0 {
		return nil, errors.New("no rows")
	}
	values := []float64{}
	for _, r := range t.rows {
		for _, s := range r.spans {
			values = append(values, s.From, s.To)
			if s.hasRange() {
				if err := inOrder(s.Name, s.Low, s.To, s.High); err != nil {
					return nil, err
				}
				values = append(values, s.Low, s.High)
			}
		}
	}
	if len(values) == 0 {
		return nil, errors.New("no values")
	}
	x, err := t.axis.fit(values, 6)
	if err != nil {
		return nil, err
	}
	return &panel{
		title: title, unit: t.axis.Label, names: t.names, legend: legend,
		height: float64(len(t.rows))*rowHeight + 1.5*line,
		draw:   func(c *canvas, top float64) { t.draw(c, top, x) },
	}, nil
}

func (s Span) hasRange() bool { return s.Low != 0 || s.High != 0 }

func (t table) draw(c *canvas, top float64, x scale) {
	left, right := margin, margin // what the texts beside the rows need, but no more than this
	const most, mostNote = 220.0, 160.0
	for _, r := range t.rows {
		if !r.heading {
			left = max(left, margin+min(most, textWidth(r.name))+8)
			right = max(right, margin+min(mostNote, textWidth(r.note))+8)
		}
	}
	wide := width - left - right
	toX := func(v float64) float64 { return left + wide*x.at(v) }
	bottom := top + float64(len(t.rows))*rowHeight
	c.ticks(x, toX, bottom, bottom-top)

	for i, r := range t.rows {
		y := top + float64(i)*rowHeight
		base := y + rowHeight/2 + 4
		if r.heading {
			c.textAt(margin, base, `class="title"`, shorten(r.name, width-2*margin))
			continue
		}
		c.textAt(left-8, base, end, shorten(r.name, most))
		reach := left
		for _, s := range r.spans {
			from := toX(s.From)
			if x.log && !t.inside { // no 0 to begin at
				from = left
			}
			to := toX(s.To)
			c.rect(min(from, to), y+4, max(from-to, to-from, hair), rowHeight-8, c.colour(s.Name))
			if length := number(s.To - s.From); t.inside && textWidth(length)+6 <= to-from {
				c.textAt((from+to)/2, base, middle+` class="inside"`, length)
			}
			reach = max(reach, from, to)
		}
		for _, s := range r.spans {
			if s.hasRange() {
				low, high := toX(s.Low), toX(s.High)
				c.path(fmt.Sprintf("M%s %sv6m0 -3H%sm0 -3v6", px(low), px(y+rowHeight-5), px(high)), axis+` fill="none"`)
				reach = max(reach, high)
			}
		}
		c.textAt(reach+6, base, "", shorten(r.note, mostNote))
	}
}
