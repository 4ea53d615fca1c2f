package main

import (
	"time"
)

// fields goes over the fields of an object, each named once: it writes them all,
// or reads the one at hand. So what is written is what is read.
type fields struct {
	w    *jsonWriter
	now  time.Duration // writing: compute what is left of times until then; 0 does not
	r    *jsonReader
	name string // reading: the field at hand
	used bool   // and it is known
}

// object writes or reads an object.
func (f *fields) object(each func(*fields)) {
	if f.w != nil {
		f.w.open('{')
		each(f)
		f.w.end('}')
		return
	}
	f.r.object(func(name string) {
		inner := fields{r: f.r, name: name}
		each(&inner)
		if !inner.used {
			f.r.skip()
		}
	})
}

// at reports whether the value of a field is to be written or read now. One
// that is empty is not written.
func (f *fields) at(name string, empty bool) bool {
	if f.w == nil {
		f.used = f.used || name == f.name
		return name == f.name
	}
	if !empty {
		f.w.key(name)
	}
	return !empty
}

func (f *fields) int(name string, v *int64)         { f.intUnless(name, v, false) }
func (f *fields) optionalInt(name string, v *int64) { f.intUnless(name, v, *v == 0) }

func (f *fields) intUnless(name string, v *int64, empty bool) {
	if !f.at(name, empty) {
		return
	}
	if f.w != nil {
		f.w.int(*v)
	} else {
		*v = f.r.int()
	}
}

func (f *fields) bool(name string, v *bool)         { f.boolUnless(name, v, false) }
func (f *fields) optionalBool(name string, v *bool) { f.boolUnless(name, v, !*v) }

func (f *fields) boolUnless(name string, v *bool, empty bool) {
	if !f.at(name, empty) {
		return
	}
	if f.w != nil {
		f.w.bool(*v)
	} else {
		*v = f.r.bool()
	}
}

func (f *fields) float(name string, v *float64) {
	if !f.at(name, false) {
		return
	}
	if f.w != nil {
		f.w.float(*v)
	} else {
		*v = f.r.float()
	}
}

// moment is a time that may never come, and what is left until then.
func (f *fields) moment(name, left string, ms *int64) {
	f.optionalInt(name, ms)
	if f.w != nil && f.now != 0 && *ms != 0 {
		f.w.key(left)
		f.w.int(max((*ms-f.now.Milliseconds())/1000, 0))
	}
}

func (f *fields) optionalText(name string, v *string) {
	if f.at(name, *v == "") {
		f.textValue(v)
	}
}

func (f *fields) text(name string, v *string) {
	if f.at(name, false) {
		f.textValue(v)
	}
}

func (f *fields) textValue(v *string) {
	if f.w != nil {
		f.w.text(*v)
	} else {
		*v = f.r.text()
	}
}

// hexValue is bytes, written as text in hexadecimal.
func (f *fields) hexValue(v *[]byte) {
	if f.w != nil {
		f.w.text(toHex(*v))
		return
	}
	var ok bool
	if *v, ok = fromHex(f.r.text()); !ok {
		f.r.fail()
	}
}

// list is an array; value writes or reads an element.
func list[T any](f *fields, name string, v *[]T, value func(*fields, *T)) {
	if !f.at(name, len(*v) == 0) {
		return
	}
	if f.w == nil {
		f.r.array(func() {
			var element T
			value(f, &element)
			*v = append(*v, element)
		})
		return
	}
	f.w.open('[')
	for i := range *v {
		value(f, &(*v)[i])
	}
	f.w.end(']')
}

// parsed is a type that is written as text, and read by parse.
type parsed interface {
	comparable
	String() string
}

func parsedValue[T parsed](parse func(string) (T, error)) func(*fields, *T) {
	return func(f *fields, v *T) {
		if f.w != nil {
			f.w.text((*v).String())
			return
		}
		var err error
		if *v, err = parse(f.r.text()); err != nil {
			f.r.fail()
		}
	}
}

// parsedField is a field of such a type; the zero value is empty.
func parsedField[T parsed](f *fields, name string, v *T, parse func(string) (T, error)) {
	var zero T
	if f.at(name, *v == zero) {
		parsedValue(parse)(f, v)
	}
}
