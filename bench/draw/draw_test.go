package draw

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
)

// picture parses what SVG made.
type picture struct {
	texts []written
	rects int
	paths int
}

type written struct {
	x, y   float64
	anchor string
	text   string
}

// box is what a text covers in one direction, at most.
func (w written) box() (left, right float64) {
	width := textWidth(w.text)
	switch w.anchor {
	case "end":
		return w.x - width, w.x
	case "middle":
		return w.x - width/2, w.x + width/2
	}
	return w.x, w.x + width
}

func parse(t *testing.T, svg []byte) (p picture) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	var text *written
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, svg)
		}
		switch token := token.(type) {
		case xml.StartElement:
			for _, a := range token.Attr {
				if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
					t.Errorf("<%s %s=%q>", token.Name.Local, a.Name.Local, a.Value)
				}
			}
			switch token.Name.Local {
			case "text":
				text = &written{x: attribute(token, "x"), y: attribute(token, "y")}
				for _, a := range token.Attr {
					if a.Name.Local == "text-anchor" {
						text.anchor = a.Value
					}
				}
			case "rect":
				p.rects++
			case "path":
				p.paths++
			}
		case xml.CharData:
			if text != nil {
				text.text += string(token)
			}
		case xml.EndElement:
			if token.Name.Local == "text" {
				p.texts = append(p.texts, *text)
				text = nil
			}
		}
	}
}

func attribute(e xml.StartElement, name string) float64 {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			v, _ := strconv.ParseFloat(a.Value, 64)
			return v
		}
	}
	return 0
}

func (p picture) says(text string) bool {
	for _, w := range p.texts {
		if strings.Contains(w.text, text) {
			return true
		}
	}
	return false
}

func drawn(t *testing.T, plots ...Plot) picture {
	t.Helper()
	svg, err := SVG("a title", plots...)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, svg)
}

// samples are plots as they are meant to be, and at their limits.
var samples = map[string]Plot{
	"lines": Lines{
		Title: "last address", X: Axis{Label: "links", Log: true, Ticks: []float64{1, 8, 64, 256, 1000}}, Y: Axis{Label: "ms", Log: true},
		Series: []Series{
			{"ours", []Point{{1, 3, 2.5, 4}, {8, 5, 4, 6}, {64, 12, 11, 19}, {256, 40, 37, 45}, {1000, 150, 140, 180}}},
			{"theirs", []Point{{X: 1, Y: 15}, {X: 8, Y: 80}, {X: 256, Y: 2000}}},
		},
	},
	"one point": Lines{Title: "one", X: Axis{Label: "x"}, Y: Axis{Label: "y"}, Series: []Series{{"a", []Point{{X: 0, Y: 0}}}}},
	"one point, logarithmic": Lines{
		X: Axis{Log: true}, Y: Axis{Log: true},
		Series: []Series{{"a", []Point{{X: 1, Y: 1000}}}},
	},
	"extremes": Lines{
		Title: strings.Repeat("wide ", 100), X: Axis{Label: strings.Repeat("x", 1000)}, Y: Axis{Label: strings.Repeat("y", 300), Log: true},
		Series: []Series{{strings.Repeat("name", 100), []Point{{X: -1e15, Y: 1e-9}, {X: 1e15, Y: 1e15}}}, {"b", []Point{{X: 1e-9, Y: 1}}}},
	},
	"crowded ticks": Lines{X: Axis{Ticks: []float64{100000, 100001, 100002, 200000}}, Series: []Series{{"a", []Point{{X: 1, Y: 1}}}}},
	"bars": Bars{
		Title: "memory", X: Axis{Label: "MB"},
		Groups: []Group{
			{"1 link", []Bar{{Name: "ours", Value: 3.5, Low: 3, High: 4}, {Name: "theirs", Value: 12.25}}},
			{"256 links", []Bar{{Name: "ours", Value: 5}, {Name: "theirs", Note: "failed"}, {Name: "none", Value: 0}}},
		},
	},
	"logarithmic bars":  Bars{X: Axis{Log: true}, Groups: []Group{{"", []Bar{{Name: "a", Value: 1}, {Name: "b", Value: 1e6}}}}},
	"bars to the left":  Bars{Groups: []Group{{"", []Bar{{Name: "less", Value: -3}, {Name: "more", Value: 2}}}}},
	"bars of long text": Bars{Groups: []Group{{strings.Repeat("group ", 60), []Bar{{Name: strings.Repeat("bar ", 60), Value: 1}, {Name: "b", Note: strings.Repeat("note ", 60)}}}}},
	"spans": Spans{
		Title: "boot", X: Axis{Label: "s"},
		Rows: []Row{
			{"u-root", []Span{{Name: "kernel", To: 1.2, Low: 1.1, High: 1.4}, {Name: "init", From: 1.2, To: 1.3}, {Name: "lease", From: 1.5, To: 1.5}}},
			{"gokrazy", []Span{{Name: "kernel", To: 2}, {Name: "lease", From: 2, To: 3.25}}},
		},
	},
}

// Whatever is drawn is XML, is inside the picture, and no text lies on another.
func TestNoTextLiesOnAnother(t *testing.T) {
	for name, plot := range samples {
		t.Run(name, func(t *testing.T) {
			texts := drawn(t, plot).texts
			for i, a := range texts {
				left, right := a.box()
				if left < 0 || right > width+1 {
					t.Errorf("%q reaches from %.0f to %.0f", a.text, left, right)
				}
				for _, b := range texts[:i] {
					l, r := b.box()
					if math.Abs(a.y-b.y) < fontSize-1 && left < r-0.1 && l < right-0.1 {
						t.Errorf("%q at %.1f, %.1f lies on %q at %.1f, %.1f", a.text, a.x, a.y, b.text, b.x, b.y)
					}
				}
			}
		})
	}
}

// What plots say in words: names, numbers, and a note in place of a number.
func TestWhatIsWritten(t *testing.T) {
	for name, want := range map[string][]string{
		"lines": {"a title", "last address ms", "links", "ours", "theirs", "256", "1,000"},
		"bars":  {"memory MB", "1 link", "256 links", "3.5", "12.2", "failed"},
		"spans": {"boot s", "u-root", "gokrazy", "kernel", "init", "lease", "3.25", "1.25"},
	} {
		p := drawn(t, samples[name])
		for _, text := range want {
			if !p.says(text) {
				t.Errorf("%s: no %q among %v", name, text, p.texts)
			}
		}
	}
}

func TestTextIsEscaped(t *testing.T) {
	const hostile = `<script>"&'` + "\x01"
	svg, err := SVG(hostile, Lines{Title: hostile, X: Axis{Label: hostile}, Y: Axis{Label: hostile}, Series: []Series{{hostile, []Point{{X: 1, Y: 1}}}}},
		Bars{Groups: []Group{{hostile, []Bar{{Name: hostile, Note: hostile}, {Name: "a", Value: 1}}}}})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(svg), "<script") {
		t.Errorf("not escaped\n%s", svg)
	}
	if p := parse(t, svg); !p.says(`<script>"&'`) {
		t.Errorf("lost: %v", p.texts)
	}
}

// One name has one colour in every plot, and different names have different ones.
func TestANameHasAColour(t *testing.T) {
	svg, err := SVG("", samples["lines"], samples["bars"])
	if err != nil {
		t.Fatal(err)
	}
	// "ours" is a square in the legend, a line, five dots and two bars.
	if n := strings.Count(string(svg), `fill="`+palette[0]+`"`); n != 1+5+1+2 {
		t.Errorf("%d shapes in the first colour\n%s", n, svg)
	}
}

func TestColoursStandOutFromBothPages(t *testing.T) {
	for _, c := range palette {
		for _, page := range []string{lightPage, darkPage} {
			if k := contrast(c, page); k < 3 {
				t.Errorf("the contrast of %s and %s is %.2f", c, page, k)
			}
		}
	}
	for page, text := range map[string]string{lightPage: lightText, darkPage: darkText} {
		if k := contrast(text, page); k < 7 {
			t.Errorf("the contrast of %s and %s is %.2f", text, page, k)
		}
	}
}

// contrast is that of WCAG 2, from 1 to 21; 3 is the least for graphics.
func contrast(a, b string) float64 {
	l, m := luminance(a), luminance(b)
	return (max(l, m) + 0.05) / (min(l, m) + 0.05)
}

func luminance(colour string) (l float64) {
	rgb, _ := strconv.ParseUint(colour[1:], 16, 32)
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		v := float64(rgb>>(16-8*i)&255) / 255
		if v <= 0.04045 {
			l += weight * v / 12.92
		} else {
			l += weight * math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return l
}

func TestWhatCannotBeDrawn(t *testing.T) {
	line := func(points ...Point) Plot { return Lines{Series: []Series{{"a", points}}} }
	var many []Bar
	for i := range 11 {
		many = append(many, Bar{Name: strconv.Itoa(i), Value: 1})
	}
	for name, tt := range map[string]struct {
		plot Plot
		want string
	}{
		"no lines":              {Lines{}, "no lines"},
		"no points":             {line(), "no points"},
		"no bars":               {Bars{Groups: []Group{{Name: "a"}}}, "no rows"},
		"nothing but notes":     {Bars{Groups: []Group{{"", []Bar{{Name: "a", Note: "failed"}}}}}, "no values"},
		"no spans":              {Spans{Rows: []Row{{Name: "a"}}}, "a: no spans"},
		"no number":             {line(Point{Y: math.NaN()}), "is not a number between"},
		"no end":                {line(Point{X: math.Inf(1)}), "is not a number between"},
		"too much":              {line(Point{X: 1e16}), "is not a number between"},
		"too little":            {line(Point{X: 1e-10}), "is not a number between"},
		"zero, logarithmic":     {Lines{Y: Axis{Label: "ms", Log: true}, Series: []Series{{"a", []Point{{X: 1}}}}}, "ms: 0 on a logarithmic axis"},
		"a range beside":        {line(Point{Y: 5, Low: 6, High: 7}), "5 is not between 6 and 7"},
		"a range of a bar":      {Bars{Groups: []Group{{"", []Bar{{Name: "a", Value: 8, Low: 6, High: 7}}}}}, "8 is not between 6 and 7"},
		"a span that goes back": {Spans{Rows: []Row{{"r", []Span{{Name: "a", From: 2, To: 1}}}}}, "out of order"},
		"spans that overlap":    {Spans{Rows: []Row{{"r", []Span{{Name: "a", To: 2}, {Name: "b", From: 1, To: 3}}}}}, "b from 1 to 3 is out of order"},
		"too many names":        {Bars{Groups: []Group{{"", many}}}, "11 names, and 10 colours"},
		"no name":               {Bars{Groups: []Group{{"", []Bar{{Value: 1}}}}}, "a name is empty"},
	} {
		if _, err := SVG("", tt.plot); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	if _, err := SVG(""); err == nil {
		t.Error("no plots are a picture")
	}
}
