package main

import (
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonReader reads JSON from in, piece by piece, by whoever knows what should
// come next. The first thing that is not so makes err, and from then on nothing
// is read any more.
type jsonReader struct {
	in    []byte
	err   error
	depth int
}

// maxDepth bounds arrays and objects in one another.
const maxDepth = 32

var errJSON = errors.New("malformed JSON")

func (r *jsonReader) fail() { r.in, r.err = nil, errJSON }

// peek is the next byte that is no white space, 0 at the end.
func (r *jsonReader) peek() byte {
	for len(r.in) > 0 {
		switch c := r.in[0]; c {
		case ' ', '\t', '\n', '\r':
			r.in = r.in[1:]
		default:
			return c
		}
	}
	return 0
}

// take steps over a byte if it is the next one.
func (r *jsonReader) take(c byte) bool {
	if r.peek() != c || c == 0 {
		return false
	}
	r.in = r.in[1:]
	return true
}

// object calls field for each field, which must read its value.
func (r *jsonReader) object(field func(name string)) {
	r.sequence('{', '}', func() {
		name := r.text()
		if !r.take(':') {
			r.fail()
			return
		}
		field(name)
	})
}

// array calls element for each element, which must read it.
func (r *jsonReader) array(element func()) { r.sequence('[', ']', element) }

func (r *jsonReader) sequence(open, end byte, item func()) {
	if r.depth++; r.depth > maxDepth || !r.take(open) {
		r.fail()
	}
	defer func() { r.depth-- }()
	if r.err != nil || r.take(end) {
		return
	}
	for r.err == nil {
		item()
		if r.take(end) {
			return
		}
		if !r.take(',') {
			r.fail()
		}
	}
}

// scalar is a number or a word as it stands there.
func (r *jsonReader) scalar() string {
	r.peek()
	n := 0
	for n < len(r.in) && (r.in[n] >= '0' && r.in[n] <= '9' || r.in[n] >= 'a' && r.in[n] <= 'z' || r.in[n] == '-' || r.in[n] == '+' || r.in[n] == '.' || r.in[n] == 'E') {
		n++
	}
	s := string(r.in[:n])
	r.in = r.in[n:]
	return s
}

func (r *jsonReader) int() int64 {
	n, err := strconv.ParseInt(r.scalar(), 10, 64)
	if err != nil {
		r.fail()
	}
	return n
}

func (r *jsonReader) float() float64 {
	v, err := strconv.ParseFloat(r.scalar(), 64)
	if err != nil {
		r.fail()
	}
	return v
}

func (r *jsonReader) bool() bool {
	s := r.scalar()
	if s != "true" && s != "false" {
		r.fail()
	}
	return s == "true"
}

// skip reads a value of any kind.
func (r *jsonReader) skip() {
	switch r.peek() {
	case '{':
		r.object(func(string) { r.skip() })
	case '[':
		r.array(r.skip)
	case '"':
		r.text()
	default:
		if s := r.scalar(); s != "true" && s != "false" && s != "null" {
			if _, err := strconv.ParseFloat(s, 64); err != nil {
				r.fail()
			}
		}
	}
}

func (r *jsonReader) text() string {
	if !r.take('"') {
		r.fail()
		return ""
	}
	var b []byte
	for len(r.in) > 0 {
		c := r.in[0]
		r.in = r.in[1:]
		switch {
		case c == '"':
			return string(b)
		case c < ' ':
			r.fail()
		case c == '\\':
			b = r.escape(b)
		default:
			b = append(b, c)
		}
	}
	r.fail()
	return ""
}

// escape reads what follows a backslash.
func (r *jsonReader) escape(b []byte) []byte {
	if len(r.in) == 0 {
		return b
	}
	c := r.in[0]
	r.in = r.in[1:]
	switch c {
	case '"', '\\', '/':
		return append(b, c)
	case 'b':
		return append(b, '\b')
	case 'f':
		return append(b, '\f')
	case 'n':
		return append(b, '\n')
	case 'r':
		return append(b, '\r')
	case 't':
		return append(b, '\t')
	case 'u':
		u := r.hex()
		if utf16.IsSurrogate(u) {
			low := utf8.RuneError
			if len(r.in) >= 2 && r.in[0] == '\\' && r.in[1] == 'u' {
				r.in = r.in[2:]
				low = r.hex()
			}
			u = utf16.DecodeRune(u, low)
		}
		return utf8.AppendRune(b, u)
	}
	r.fail()
	return b
}

func (r *jsonReader) hex() rune {
	if len(r.in) < 4 {
		r.fail()
		return 0
	}
	u, err := strconv.ParseUint(string(r.in[:4]), 16, 16)
	if err != nil {
		r.fail()
		return 0
	}
	r.in = r.in[4:]
	return rune(u)
}
