// Command timelines draws the boots that tests have written down, as SVG on standard
// output.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/dhclient-lws/dhclient-lws/bench/draw"
	"github.com/dhclient-lws/dhclient-lws/images/vm/moments"
)

func main() {
	picture, err := timelines(os.Stdin)
	if err == nil {
		_, err = os.Stdout.Write(picture)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "timelines: %v\n", err)
		os.Exit(1)
	}
}

// timelines is a picture of the boots, each a line of JSON.
func timelines(in io.Reader) ([]byte, error) {
	p := draw.Spans{X: draw.Axis{Label: "milliseconds since the kernel started"}}
	for lines := json.NewDecoder(in); ; {
		var r moments.Recorded
		switch err := lines.Decode(&r); {
		case errors.Is(err, io.EOF):
			return draw.SVG("from the kernel to what comes next, under QEMU without KVM", p)
		case err != nil:
			return nil, err
		}
		p.Rows = append(p.Rows, draw.Row{Name: r.Place, Spans: spans(r.Boot)})
	}
}

func spans(b moments.Boot) (list []draw.Span) {
	was := 0.0
	for _, s := range []struct {
		name string
		to   float64
	}{{"kernel", b.Init}, {"init", b.Client}, {"link", b.Link}, {"lease", b.Lease}, {"handoff", b.Handoff}} {
		if s.to == 0 {
			continue // that did not happen
		}
		// The clock of the kernel's log and the one of the programs may differ a little.
		to := max(was, s.to)
		list = append(list, draw.Span{Name: s.name, From: was, To: to})
		was = to
	}
	return list
}
