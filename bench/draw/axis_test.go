package draw

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestTicks(t *testing.T) {
	for _, tt := range []struct {
		axis   Axis
		values []float64
		want   string
	}{
		{Axis{}, []float64{0}, "0.0 0.2 0.4 0.6 0.8 1.0"},
		{Axis{}, []float64{3, 10}, "0 2 4 6 8 10"},
		{Axis{}, []float64{10576}, "0 5,000 10,000 15,000"},
		{Axis{}, []float64{-3, 2}, "-3 -2 -1 0 1 2"},
		{Axis{}, []float64{0.3}, "0.0 0.1 0.2 0.3"},
		{Axis{}, []float64{0.012}, "0.000 0.005 0.010 0.015"},
		{Axis{Log: true}, []float64{3, 40}, "2 5 10 20 50"},
		{Axis{Log: true}, []float64{1, 1000}, "1 10 100 1,000"},
		{Axis{Log: true}, []float64{0.02, 90000}, "1 100 10,000"},
		{Axis{Log: true}, []float64{7}, "5 10"},
		{Axis{Log: true}, []float64{1}, "1 2"},
		{Axis{Log: true, Ticks: []float64{1, 8, 64}}, []float64{8}, "1 8 64"},
	} {
		s, err := tt.axis.fit(tt.values, 5)
		if err != nil {
			t.Fatal(err)
		}
		var labels []string
		for _, tick := range s.ticks {
			labels = append(labels, tick.label)
			if at := s.at(tick.at); at < -1e-9 || at > 1+1e-9 {
				t.Errorf("%v: %s stands at %v", tt.values, tick.label, at)
			}
		}
		if got := strings.Join(labels, " "); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.values, got, tt.want)
		}
		for _, v := range tt.values {
			if at := s.at(v); at < -1e-9 || at > 1+1e-9 {
				t.Errorf("%v stands at %v", v, at)
			}
		}
	}
}

// Any axis has a tick, is in order, and has no more ticks than there is room for.
func TestNoTooManyTicks(t *testing.T) {
	for _, log := range []bool{false, true} {
		for e := -9.0; e <= 15; e += 0.1 {
			for f := e; f <= 15; f += 0.7 {
				values := []float64{math.Pow(10, e), math.Pow(10, f)}
				s, err := Axis{Log: log}.fit(values, 5)
				if err != nil {
					if e < -8.95 || f > 14.95 { // the last digit
						continue
					}
					t.Fatal(err)
				}
				if len(s.ticks) < 2 || len(s.ticks) > 8 {
					t.Errorf("%v, logarithmic %v: %d ticks", values, log, len(s.ticks))
				}
				if !slices.IsSortedFunc(s.ticks, func(a, b tick) int { return int(math.Copysign(1, a.at-b.at)) }) {
					t.Errorf("%v: %v", values, s.ticks)
				}
				if a, b := s.at(values[0]), s.at(values[1]); a < -1e-3 || b > 1+1e-3 || a > b {
					t.Errorf("%v stand at %v and %v", values, a, b)
				}
			}
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 1: "1", 12.25: "12.2", 12.35: "12.3", 3.256: "3.26", 1234567.8: "1,234,568", 0.001234: "0.00123",
		-1500: "-1,500", -150: "-150", 999.9: "1,000", 100: "100", 1e-9: "0.000000001",
	} {
		if got := number(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}
