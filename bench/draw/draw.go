// Package draw makes plots as SVG: lines, bars, and spans of time, one plot below the
// other. All that bears one name has one colour, in every plot of a picture.
//
// The picture has colours of its own for light and for dark pages. No text lies on
// another: what there is no room for is shortened or left out.
package draw

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Plot is one of a picture's: Lines, Bars or Spans.
type Plot interface {
	plan() (*panel, error)
}

// panel is a plot that can be drawn.
type panel struct {
	title, unit string
	names       []string // that have a colour
	legend      bool     // for they are written nowhere else
	height      float64  // below the title
	draw        func(c *canvas, top float64)
}

// Distances in pixels.
const (
	width    = 760.0
	margin   = 16.0
	fontSize = 13.0
	line     = 20.0 // from one line of text to the next
	swatch   = 12.0 // the square beside a name in the legend
)

// palette are colours that people with any kind of colour vision can tell apart as
// well as ten colours can be, and that stand out from a light page and a dark one.
var palette = []string{
	"#0072b2", "#d55e00", "#009e73", "#b3589a", "#8a7a00",
	"#7b68d8", "#c43c4e", "#16919e", "#7f7f7f", "#a0622d",
}

const (
	lightPage, darkPage = "#ffffff", "#0d1117"
	lightText, darkText = "#24292f", "#d0d7de"
	style               = "<style>" +
		".page{fill:" + lightPage + "} text{fill:" + lightText + "} .grid{stroke:#d0d7de} .axis{stroke:" + lightText + "} .inside{fill:#fff} .title{font-weight:bold} " +
		"@media(prefers-color-scheme:dark){.page{fill:" + darkPage + "} text{fill:" + darkText + "} .grid{stroke:#30363d} .axis{stroke:" + darkText + "}}" +
		"</style>\n"
)

// SVG is a picture of the plots. It is an error if there is nothing in a plot, if a
// number is none or cannot stand on its axis, or if there are more than ten names.
func SVG(title string, plots ...Plot) ([]byte, error) {
	if len(plots) == 0 {
		return nil, errors.New("draw: no plots")
	}
	c := &canvas{}
	var panels []*panel
	var explained []string
	height := margin + line
	for i, plot := range plots {
		p, err := plot.plan()
		if err != nil {
			return nil, fmt.Errorf("draw: plot %d: %w", i+1, err)
		}
		for _, name := range p.names {
			if name == "" {
				return nil, fmt.Errorf("draw: plot %d: a name is empty", i+1)
			}
			if !slices.Contains(c.names, name) {
				c.names = append(c.names, name)
			}
			if p.legend && !slices.Contains(explained, name) {
				explained = append(explained, name)
			}
		}
		panels = append(panels, p)
		height += p.height + 2.5*line
	}
	if len(c.names) > len(palette) {
		return nil, fmt.Errorf("draw: %d names, and %d colours", len(c.names), len(palette))
	}
	c.textAt(margin, margin+fontSize, "class=\"title\" font-size=\"15\"", shorten(title, width-2*margin-60))
	top := c.legend(explained, margin+2*line)
	height += top - (margin + line)
	for _, p := range panels {
		top += 1.5 * line
		c.heading(top, p)
		top += line
		p.draw(c, top)
		top += p.height
	}

	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" role="img" font-family="sans-serif" font-size="%s">`+"\n", px(width), px(height), px(fontSize))
	fmt.Fprintf(&b, "<title>%s</title>\n%s<rect class=\"page\" width=\"100%%\" height=\"100%%\"/>\n", escape(title), style)
	b.Write(c.Bytes())
	b.WriteString("</svg>\n")
	return b.Bytes(), nil
}

// canvas is what has been drawn so far.
type canvas struct {
	bytes.Buffer
	names []string // whose colours are those of the palette
}

func (c *canvas) colour(name string) string { return palette[slices.Index(c.names, name)] }

// legend writes the names in as many lines as they need, and returns where it ends.
func (c *canvas) legend(names []string, top float64) float64 {
	if len(names) == 0 {
		return top - line
	}
	x := margin
	for _, name := range names {
		short := shorten(name, width-2*margin-swatch-6)
		w := swatch + 6 + textWidth(short)
		if x > margin && x+w > width-margin {
			x, top = margin, top+line
		}
		c.rect(x, top-swatch+2, swatch, swatch, c.colour(name))
		c.textAt(x+swatch+6, top, "", short)
		x += w + 16
	}
	return top
}

// heading is a plot's title, and in what it is.
func (c *canvas) heading(y float64, p *panel) {
	title := shorten(p.title, (width-2*margin)*2/3)
	unit := shorten(p.unit, (width-2*margin)/3-fontSize)
	fmt.Fprintf(c, "<text x=\"%s\" y=\"%s\"><tspan class=\"title\">%s</tspan> %s</text>\n", px(margin), px(y), escape(title), escape(unit))
}

// textAt writes beginning at x, or as the attributes say, on the line y.
func (c *canvas) textAt(x, y float64, attributes, text string) {
	fmt.Fprintf(c, "<text x=\"%s\" y=\"%s\" %s>%s</text>\n", px(x), px(y), attributes, escape(text))
}

const (
	middle = `text-anchor="middle"`
	end    = `text-anchor="end"`
)

func (c *canvas) rect(x, y, w, h float64, colour string) {
	fmt.Fprintf(c, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"/>\n", px(x), px(y), px(w), px(h), colour)
}

// path is a line through points that are given as SVG has them.
func (c *canvas) path(d, attributes string) {
	fmt.Fprintf(c, "<path d=\"%s\" %s/>\n", d, attributes)
}

const (
	grid = `class="grid"`
	axis = `class="axis"`
)

// px is a length to a tenth of a pixel.
func px(v float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0")
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}

// textWidth is what a text needs at most in an ordinary sans-serif font, nearly.
func textWidth(text string) (w float64) {
	for _, r := range text {
		if r < 0x1100 {
			w += 0.6 * fontSize
		} else {
			w += fontSize
		}
	}
	return w
}

// shorten cuts a text to a width.
func shorten(text string, w float64) string {
	if textWidth(text) <= w {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && textWidth(string(runes)+"…") > w {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}
