package main

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
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

// peek is the next byte that is no white space, or 0 if there is none.
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

// end reports whether all has been read, and well.
func (r *jsonReader) end() bool {
	r.peek()
	return r.err == nil && len(r.in) == 0
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

// number is a number as it stands there.
func (r *jsonReader) number() string {
	r.peek()
	in := r.in
	digits := func(n int) int {
		for n < len(in) && in[n] >= '0' && in[n] <= '9' {
			n++
		}
		return n
	}
	after := func(n int, set string) bool { return n < len(in) && strings.IndexByte(set, in[n]) >= 0 }

	n := 0
	if after(n, "-") {
		n++
	}
	start := n
	n = digits(n)
	ok := n > start && (in[start] != '0' || n == start+1)
	if after(n, ".") {
		start = n + 1
		n = digits(start)
		ok = ok && n > start
	}
	if after(n, "eE") {
		n++
		if after(n, "+-") {
			n++
		}
		start = n
		n = digits(start)
		ok = ok && n > start
	}
	if !ok {
		r.fail()
		return ""
	}
	r.in = in[n:]
	return string(in[:n])
}

func (r *jsonReader) int() int64 {
	n, err := strconv.ParseInt(r.number(), 10, 64)
	if err != nil {
		r.fail()
	}
	return n
}

func (r *jsonReader) float() float64 {
	v, err := strconv.ParseFloat(r.number(), 64)
	if err != nil {
		r.fail()
	}
	return v
}

// word steps over a word if it is what comes next.
func (r *jsonReader) word(w string) bool {
	r.peek()
	rest, found := bytes.CutPrefix(r.in, []byte(w))
	r.in = rest
	return found
}

func (r *jsonReader) bool() bool {
	if r.word("true") {
		return true
	}
	if !r.word("false") {
		r.fail()
	}
	return false
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
	case 't', 'f':
		r.bool()
	case 'n':
		if !r.word("null") {
			r.fail()
		}
	default:
		r.number()
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
		if rest, found := bytes.CutPrefix(r.in, []byte(`\u`)); found && utf16.IsSurrogate(u) {
			low := &jsonReader{in: rest}
			if pair := utf16.DecodeRune(u, low.hex()); pair != utf8.RuneError {
				u, r.in = pair, low.in
			}
		}
		return utf8.AppendRune(b, u) // half of a pair becomes U+FFFD
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
