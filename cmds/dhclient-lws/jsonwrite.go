package main

import (
	"strconv"
	"unicode/utf16"
)

// jsonWriter appends JSON to b. The standard library's package would be an
// eighth of the whole program.
type jsonWriter struct {
	b     []byte
	comma bool // something stands before
}

// separate puts a comma before what is not the first.
func (w *jsonWriter) separate() {
	if w.comma {
		w.b = append(w.b, ',')
	}
	w.comma = true
}

// open begins an object or an array, and end ends it.
func (w *jsonWriter) open(bracket byte) {
	w.separate()
	w.b = append(w.b, bracket)
	w.comma = false
}

func (w *jsonWriter) end(bracket byte) {
	w.b = append(w.b, bracket)
	w.comma = true
}

// key begins a field of an object; its value follows.
func (w *jsonWriter) key(name string) {
	w.text(name)
	w.b = append(w.b, ':')
	w.comma = false
}

func (w *jsonWriter) int(n int64) {
	w.separate()
	w.b = strconv.AppendInt(w.b, n, 10)
}

func (w *jsonWriter) float(v float64) {
	w.separate()
	w.b = strconv.AppendFloat(w.b, v, 'f', -1, 64)
}

func (w *jsonWriter) bool(v bool) {
	w.separate()
	w.b = strconv.AppendBool(w.b, v)
}

// text writes a string in printable ASCII: a terminal that shows the file is not
// at the mercy of what is in it. Bytes that are not UTF-8 become U+FFFD.
func (w *jsonWriter) text(s string) {
	w.separate()
	b := append(w.b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r >= ' ' && r <= '~':
			b = append(b, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			b = appendHex(append(b, `\u`...), uint64(high), 4)
			b = appendHex(append(b, `\u`...), uint64(low), 4)
		default:
			b = appendHex(append(b, `\u`...), uint64(r), 4)
		}
	}
	w.b = append(b, '"')
}

// lineBreak breaks the line before the next element of an array.
func (w *jsonWriter) lineBreak() {
	w.separate()
	w.b = append(w.b, '\n')
	w.comma = false
}
