package result

import "slices"

// Spread is the middle of some values, and what they lie between. Of none it is all 0.
type Spread struct {
	Median, Low, High float64
	N                 int
}

// spread makes a Spread of values.
func spread(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	v := slices.Sorted(slices.Values(values))
	n := len(v)
	return Spread{Median: (v[(n-1)/2] + v[n/2]) / 2, Low: v[0], High: v[n-1], N: n}
}
