package draw

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Axis is one direction of a plot. It reaches as far as the values do; one that is not
// logarithmic has 0 on it.
type Axis struct {
	Label string    // what the numbers are, with the unit
	Log   bool      // every value must be above 0
	Ticks []float64 // where a number stands; nil is wherever there is room
}

// Values are 0, or between these in size: beyond, labels would be longer than axes.
const smallest, largest = 1e-9, 1e15

// scale is an axis that fits its values.
type scale struct {
	log    bool
	lo, hi float64
	ticks  []tick
}

type tick struct {
	at    float64
	label string
}

// fit makes a scale for values, with some ticks, one more than room at most.
func (a Axis) fit(values []float64, room int) (scale, error) {
	values = slices.Concat(values, a.Ticks)
	for _, v := range values {
		size := math.Abs(v)
		if !(v == 0 || size >= smallest && size <= largest) { // NaN is neither
			return scale{}, fmt.Errorf("%s: %v is not a number between %g and %g", a.Label, v, smallest, largest)
		}
		if a.Log && v <= 0 {
			return scale{}, fmt.Errorf("%s: %v on a logarithmic axis", a.Label, v)
		}
	}
	s := linear
	if a.Log {
		s = logarithmic
	}
	fitted := s(slices.Min(values), slices.Max(values), room)
	if a.Ticks != nil {
		fitted.ticks = nil
		for _, t := range a.Ticks {
			fitted.ticks = append(fitted.ticks, tick{t, number(t)})
		}
	}
	return fitted, nil
}

func linear(lo, hi float64, room int) scale {
	s := scale{lo: min(lo, 0), hi: max(hi, 0)}
	if s.lo == s.hi {
		s.hi = 1
	}
	k := above((s.hi - s.lo) / float64(room))
	step, decimals := round(k), max(0, -floorDiv(k, 3))
	first, last := math.Floor(s.lo/step), math.Ceil(s.hi/step)
	s.lo, s.hi = first*step, last*step
	for i := first; i <= last; i++ {
		s.ticks = append(s.ticks, tick{i * step, commas(strconv.FormatFloat(i*step, 'f', decimals, 64))})
	}
	return s
}

func logarithmic(lo, hi float64, room int) scale {
	first, last := above(lo), above(hi)
	if round(first) > lo*(1+rounding) {
		first--
	}
	last = max(last, first+1)
	s := scale{log: true, lo: round(first), hi: round(last)}
	every := 1
	if last-first > room { // a power of ten, or of a hundred, ...
		every = 3 * ((last-first)/(3*room) + 1)
	}
	for k := first; k <= last; k++ {
		if k%every == 0 {
			s.ticks = append(s.ticks, tick{round(k), number(round(k))})
		}
	}
	return s
}

// round is the k-th of the round numbers ..., 0.5, 1, 2, 5, 10, 20, ...; the 0th is 1.
func round(k int) float64 {
	power := floorDiv(k, 3)
	return []float64{1, 2, 5}[k-3*power] * math.Pow10(power)
}

// above says which is the least round number that is not less than v.
func above(v float64) int {
	k := 3 * int(math.Floor(math.Log10(v)))
	for round(k) < v*(1-rounding) {
		k++
	}
	return k
}

// rounding is what arithmetic may do to a number.
const rounding = 1e-9

func floorDiv(a, b int) int { return int(math.Floor(float64(a) / float64(b))) }

// at is where a value stands, from 0 to 1.
func (s scale) at(v float64) float64 {
	if s.log {
		return math.Log(v/s.lo) / math.Log(s.hi/s.lo)
	}
	return (v - s.lo) / (s.hi - s.lo)
}

// number is a value with three digits that count, or all of those before the point.
func number(v float64) string {
	if v == 0 {
		return "0"
	}
	decimals := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)*1.0001))))
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return commas(s)
}

// commas puts them between thousands.
func commas(s string) string {
	whole, _, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > len(whole)-len(strings.TrimPrefix(whole, "-")); i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
