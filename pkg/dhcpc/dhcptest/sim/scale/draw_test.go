package scale

import (
	"bytes"
	"fmt"
	"time"
)

// The picture: clients with a lease over time above, messages a second below.
const (
	width, height = 720, 250 // of each of the two, in pixels
	left, gap     = 60, 60   // beside and above them
	seconds       = 120
)

// draw makes the picture of a table as SVG.
func draw(outcomes map[string]*Outcome) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13">`+"\n", width+left+20, 2*(height+gap)+50)
	b.WriteString(`<rect width="100%" height="100%" fill="white"/>` + "\n")
	most := 0
	for _, o := range outcomes {
		most = max(most, o.Peak)
	}
	axes(&b, 0, "clients with a lease", town.Clients)
	axes(&b, 1, "messages a second", most)
	for i, p := range policies {
		o := outcomes[p.name]
		curve(&b, p, 0, town.Clients, func(s int) int {
			n := 0
			for n < len(o.Bound) && o.Bound[n] <= time.Duration(s)*time.Second {
				n++
			}
			return n
		})
		curve(&b, p, 1, most, func(s int) int {
			if s < len(o.PerSec) {
				return o.PerSec[s]
			}
			return 0
		})
		fmt.Fprintf(&b, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n", left+width-90, gap+height-70+18*i, p.colour, p.name)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d">seconds since the power came back</text>`+"\n</svg>\n", left+width/2-100, 2*(height+gap)+40)
	return b.Bytes()
}

// axes are those of one half, with four lines across.
func axes(b *bytes.Buffer, half int, title string, most int) {
	y0 := (half + 1) * (height + gap)
	fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`+"\n", left, y0-height-12, title)
	for i := range 5 {
		y := y0 - height*i/4
		fmt.Fprintf(b, `<path d="M%d %dH%d" stroke="#ccc"/><text x="%d" y="%d" text-anchor="end">%d</text>`+"\n", left, y, left+width, left-6, y+4, most*i/4)
	}
	for s := 0; s <= seconds; s += 20 {
		fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">%d</text>`+"\n", left+width*s/seconds, y0+16, s)
	}
}

// curve is one policy's.
func curve(b *bytes.Buffer, p policy, half, most int, value func(second int) int) {
	y0 := (half + 1) * (height + gap)
	fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="2" points="`, p.colour)
	for s := range seconds + 1 {
		fmt.Fprintf(b, "%d,%d ", left+width*s/seconds, y0-height*value(s)/most)
	}
	b.WriteString("\"/>\n")
}
