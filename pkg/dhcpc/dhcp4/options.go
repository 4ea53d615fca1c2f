package dhcp4

// Options is the linearised option list of one message: the pieces of each
// option joined in the order options field, file, sname (RFC 3396, RFC 2131
// section 4.1). A malformed value reads as absent.
type Options struct {
	seen  [256]bool
	spans [256]span
	data  [MaxMessage - atOptions + atCookie - atSName]byte // the joined values, one after the other
}

// A span is where the value of an option stands in data.
type span struct{ start, end uint16 }

// maxPieces is how many options, or pieces of options, a message may have. It is
// more than there are codes; a message of nothing but empty options would take
// fifty times as long to read as an honest one.
const maxPieces = 256

// readPlain is read for what nearly all messages are: no option stands twice, and none
// says that there are further fields. For others it reports false, and has left the
// options in disorder.
func (o *Options) readPlain(field []byte) bool {
	c := cursor{rest: field}
	for c.next() {
		if o.seen[c.code] || c.code == Overload {
			return false
		}
		o.seen[c.code] = true
		end := uint16(len(field) - len(c.rest))
		o.spans[c.code] = span{end - uint16(len(c.value)), end}
	}
	copy(o.data[:], field)
	return !c.cut
}

// read joins the options of the fields, in their order. It reports whether all
// fields are well-formed.
func (o *Options) read(fields *[3][]byte) bool {
	pieces := 0
	for _, field := range fields {
		c := cursor{rest: field}
		for pieces <= maxPieces && c.next() {
			pieces++
			o.seen[c.code] = true
			o.spans[c.code].end += uint16(len(c.value)) // its size, for now
		}
		if c.cut || pieces > maxPieces {
			*o = Options{}
			return false
		}
	}
	var at uint16
	for i := range o.spans {
		size := o.spans[i].end
		o.spans[i] = span{at, at}
		at += size
	}
	for _, field := range fields {
		for c := (cursor{rest: field}); c.next(); {
			s := &o.spans[c.code]
			s.end += uint16(copy(o.data[s.end:], c.value))
		}
	}
	return true
}

// Has reports whether the option was there at all, even empty or malformed.
func (o *Options) Has(c Code) bool { return o.seen[c] }

// Bytes is the joined value, valid until the next Decode; nil if the option is
// absent or empty.
func (o *Options) Bytes(c Code) []byte {
	s := o.spans[c]
	if !o.seen[c] || s.start == s.end {
		return nil
	}
	return o.data[s.start:s.end:s.end]
}

// All yields every option that was there with its joined value, in ascending
// order of code, for a debug dump. The values are valid until the next Decode.
func (o *Options) All(yield func(Code, []byte) bool) {
	for i, seen := range o.seen {
		if seen && !yield(Code(i), o.Bytes(Code(i))) {
			return
		}
	}
}

// A cursor walks the options of one field (RFC 2132 section 2).
type cursor struct {
	rest  []byte
	code  Code
	value []byte
	cut   bool // the field ended inside an option
}

// next goes to the next option. Many servers leave out the end option, so the
// end of the field does as well.
func (c *cursor) next() bool {
	for len(c.rest) > 0 {
		c.code = Code(c.rest[0])
		switch c.code {
		case Pad:
			c.rest = c.rest[1:]
			continue
		case End:
			return false
		}
		if len(c.rest) < 2 || len(c.rest)-2 < int(c.rest[1]) {
			c.cut = true
			return false
		}
		end := 2 + int(c.rest[1])
		c.value, c.rest = c.rest[2:end], c.rest[end:]
		return true
	}
	return false
}

type overloaded struct{ file, sname bool }

// overload reads option 52 of the options field. Elsewhere, or with another
// value or length, it means nothing (RFC 2132 section 9.3): a field cannot
// announce itself.
func overload(options []byte) overloaded {
	var size int
	var value byte
	for c := (cursor{rest: options}); c.next(); {
		if c.code == Overload && len(c.value) > 0 {
			size += len(c.value)
			value = c.value[0]
		}
	}
	if size != 1 || value > 3 {
		return overloaded{}
	}
	return overloaded{file: value&1 != 0, sname: value&2 != 0}
}
