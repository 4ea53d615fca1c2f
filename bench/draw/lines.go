package draw

import (
	"errors"
	"fmt"
	"strings"
)

// Lines are curves over one axis. What Y is stands beside the title.
type Lines struct {
	Title  string
	X, Y   Axis
	Series []Series
}

// Series is one curve.
type Series struct {
	Name   string
	Points []Point // by X
}

// Point is a value, a median for example, and what it lies between.
type Point struct {
	X, Y      float64
	Low, High float64 // both 0 if nothing is known of a range
}

const (
	linesHeight = 240.0
	dots        = 20 // a curve of no more points than that has them shown
)

func (l Lines) plan() (*panel, error) {
	p := &panel{title: l.Title, unit: l.Y.Label, legend: true, height: linesHeight + 3*line}
	var xs, ys []float64
	for _, s := range l.Series {
		if len(s.Points) == 0 {
			return nil, fmt.Errorf("%s: no points", s.Name)
		}
		p.names = append(p.names, s.Name)
		for _, pt := range s.Points {
			xs, ys = append(xs, pt.X), append(ys, pt.Y)
			if pt.hasRange() {
				if err := inOrder(s.Name, pt.Low, pt.Y, pt.High); err != nil {
					return nil, err
				}
				ys = append(ys, pt.Low, pt.High)
			}
		}
	}
	if len(xs) == 0 {
		return nil, errors.New("no lines")
	}
	x, err := l.X.fit(xs, 8)
	if err != nil {
		return nil, err
	}
	y, err := l.Y.fit(ys, 5)
	if err != nil {
		return nil, err
	}
	p.draw = func(c *canvas, top float64) { l.draw(c, top, x, y) }
	return p, nil
}

func (p Point) hasRange() bool { return p.Low != 0 || p.High != 0 }

// inOrder is the error that a range does not hold its value.
func inOrder(name string, low, value, high float64) error {
	if low > value || value > high {
		return fmt.Errorf("%s: %v is not between %v and %v", name, value, low, high)
	}
	return nil
}

func (l Lines) draw(c *canvas, top float64, x, y scale) {
	left := margin
	for _, t := range y.ticks {
		left = max(left, margin+textWidth(t.label)+6)
	}
	wide := width - left - 2*margin
	bottom := top + linesHeight
	toX := func(v float64) float64 { return left + wide*x.at(v) }
	toY := func(v float64) float64 { return bottom - linesHeight*y.at(v) }

	last := bottom + line // the number below is left out where the one before it reaches
	for _, t := range y.ticks {
		at := toY(t.at)
		c.path(fmt.Sprintf("M%s %sH%s", px(left), px(at), px(left+wide)), grid)
		if last-at >= fontSize {
			c.textAt(left-6, at+4, end, t.label)
			last = at
		}
	}
	c.ticks(x, toX, bottom, 0)
	c.textAt(left+wide/2, bottom+2*line, middle, shorten(l.X.Label, wide))

	for _, s := range l.Series {
		c.band(s, toX, toY)
	}
	for _, s := range l.Series { // no range hides a curve
		c.curve(s, toX, toY)
	}
}

// ticks writes the numbers below a plot, each with a line across it of some height.
func (c *canvas) ticks(x scale, toX func(float64) float64, bottom, height float64) {
	last := 0.0 // where the number before ends
	for _, t := range x.ticks {
		at, half := toX(t.at), textWidth(t.label)/2
		if height == 0 {
			c.path(fmt.Sprintf("M%s %sv4", px(at), px(bottom)), axis)
		} else {
			c.path(fmt.Sprintf("M%s %sv%s", px(at), px(bottom+4), px(-height-4)), grid)
		}
		if at-half >= last && at+half <= width {
			c.textAt(at, bottom+line, middle, t.label)
			last = at + half + 6
		}
	}
}

// band is the range of a curve, where there is one.
func (c *canvas) band(s Series, toX, toY func(float64) float64) {
	var there, back []string
	for _, p := range s.Points {
		if p.hasRange() {
			there = append(there, px(toX(p.X))+" "+px(toY(p.High)))
			back = append([]string{px(toX(p.X)) + " " + px(toY(p.Low))}, back...)
		}
	}
	if len(there) > 0 {
		colour := c.colour(s.Name) // a single range has no area, but an outline
		c.path("M"+strings.Join(append(there, back...), "L")+"Z", fmt.Sprintf(`fill="%s" stroke="%s" opacity="0.2"`, colour, colour))
	}
}

func (c *canvas) curve(s Series, toX, toY func(float64) float64) {
	var points []string
	for _, p := range s.Points {
		points = append(points, px(toX(p.X))+" "+px(toY(p.Y)))
	}
	c.path("M"+strings.Join(points, "L"), fmt.Sprintf(`fill="none" stroke="%s" stroke-width="2" stroke-linejoin="round"`, c.colour(s.Name)))
	if len(points) > dots {
		return
	}
	for _, p := range s.Points {
		fmt.Fprintf(c, "<circle cx=\"%s\" cy=\"%s\" r=\"3\" fill=\"%s\"/>\n", px(toX(p.X)), px(toY(p.Y)), c.colour(s.Name))
	}
}
