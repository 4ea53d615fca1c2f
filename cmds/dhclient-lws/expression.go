package main

import (
	"errors"
	"strings"
)

// expression is a regular expression over interface names, such as u-root's
// dhclient takes. Package regexp would be a fifteenth of the whole program, and
// fills tables of all scripts of the world each time the program starts. A name
// has fifteen bytes at most, so the plainest way of matching will do.
//
// It knows what is of use for names: . [] [^] () (?:) | * + ? ^ $ \d \w and
// escaped punctuation.
type expression struct{ any []sequence } // of which one must match

type (
	sequence []piece

	// A piece of an expression. It is an anchor, a group or one byte of a set.
	piece struct {
		anchor   byte // '^', '$' or 0
		group    *expression
		set      *byteSet
		min, max int // how often; max < 0: without end
	}

	byteSet [256]bool
)

var errExpression = errors.New("not a regular expression")

func parseExpression(s string) (*expression, error) {
	p := &expressionParser{rest: s}
	e := p.expression()
	if p.rest != "" {
		p.failed = true
	}
	if p.failed {
		return nil, errExpression
	}
	return e, nil
}

// matches reports whether the expression matches any part of s.
func (e *expression) matches(s string) bool {
	for i := range len(s) + 1 {
		if e.match(s, i, func(int) bool { return true }) {
			return true
		}
	}
	return false
}

// match calls next with each end of a match that begins at i, until it returns true.
func (e *expression) match(s string, i int, next func(int) bool) bool {
	for _, q := range e.any {
		if q.match(s, i, next) {
			return true
		}
	}
	return false
}

func (q sequence) match(s string, i int, next func(int) bool) bool {
	if len(q) == 0 {
		return next(i)
	}
	return q[0].match(s, i, 0, func(i int) bool { return q[1:].match(s, i, next) })
}

// match matches a piece that has matched n times already.
func (p *piece) match(s string, i, n int, next func(int) bool) bool {
	if n >= p.min && next(i) {
		return true
	}
	if n == p.max {
		return false
	}
	return p.once(s, i, func(end int) bool {
		// Nothing, without end, would be found for ever.
		return (end > i || n < p.min) && p.match(s, end, n+1, next)
	})
}

func (p *piece) once(s string, i int, next func(int) bool) bool {
	switch {
	case p.anchor == '^':
		return i == 0 && next(i)
	case p.anchor == '$':
		return i == len(s) && next(i)
	case p.group != nil:
		return p.group.match(s, i, next)
	}
	return i < len(s) && p.set[s[i]] && next(i+1)
}

// expressionParser reads an expression from left to right.
type expressionParser struct {
	rest   string
	depth  int
	failed bool
}

// accept takes a text if it comes next.
func (p *expressionParser) accept(text string) bool {
	rest, found := strings.CutPrefix(p.rest, text)
	p.rest = rest
	return found
}

// take takes a byte, which must be there.
func (p *expressionParser) take() (c byte) {
	if p.rest == "" {
		p.failed = true
		return 0
	}
	c, p.rest = p.rest[0], p.rest[1:]
	return c
}

func (p *expressionParser) expression() *expression {
	e := &expression{}
	for {
		var q sequence
		for !p.failed && p.rest != "" && p.rest[0] != '|' && p.rest[0] != ')' {
			q = append(q, p.piece())
		}
		e.any = append(e.any, q)
		if !p.accept("|") {
			return e
		}
	}
}

func (p *expressionParser) piece() piece {
	r := p.atom()
	r.min, r.max = 1, 1
	switch {
	case p.accept("*"):
		r.min, r.max = 0, -1
	case p.accept("+"):
		r.max = -1
	case p.accept("?"):
		r.min = 0
	default:
		return r
	}
	p.accept("?") // as little as possible: the same to who asks only whether it matches
	return r
}

func (p *expressionParser) atom() piece {
	const deep = 50
	switch c := p.take(); c {
	case '^', '$':
		return piece{anchor: c}
	case '.':
		return piece{set: not(&byteSet{'\n': true})}
	case '(':
		if !p.accept("?:") && strings.HasPrefix(p.rest, "?") {
			p.failed = true
		}
		if p.depth++; p.depth > deep {
			p.failed = true
			return piece{set: &byteSet{}}
		}
		r := piece{group: p.expression()}
		p.depth--
		p.failed = p.failed || !p.accept(")")
		return r
	case '[':
		return piece{set: p.class()}
	case '\\':
		return piece{set: p.escaped()}
	case '*', '+', '?', '{':
		p.failed = true
		return piece{set: &byteSet{}}
	default:
		p.failed = p.failed || c >= 0x80
		set := &byteSet{}
		set[c] = true
		return piece{set: set}
	}
}

// escaped is what follows a backslash.
func (p *expressionParser) escaped() *byteSet {
	set := &byteSet{}
	switch c := p.take(); {
	case c == 'd':
		set.addRange('0', '9')
	case c == 'w':
		set.addRange('0', '9')
		set.addRange('A', 'Z')
		set.addRange('a', 'z')
		set['_'] = true
	case c > ' ' && c <= '~' && !isIdentifier(string(c)) || c == '_':
		set[c] = true
	default:
		p.failed = true
	}
	return set
}

// class is what follows a bracket, up to the other.
func (p *expressionParser) class() *byteSet {
	negated := p.accept("^")
	set := &byteSet{}
	for first := true; !p.failed && (first || !p.accept("]")); first = false {
		c := p.take()
		if c == '\\' {
			for i, in := range p.escaped() {
				set[i] = set[i] || in
			}
			continue
		}
		end := c
		if len(p.rest) > 1 && p.rest[0] == '-' && p.rest[1] != ']' {
			p.take()
			end = p.take()
		}
		// A class of classes, [[:alpha:]], and bytes that are no ASCII are for others.
		p.failed = p.failed || c == '[' || end == '[' || end == '\\' || end < c || end >= 0x80
		set.addRange(c, end)
	}
	if negated {
		return not(set)
	}
	return set
}

func (s *byteSet) addRange(from, to byte) {
	for c := int(from); c <= int(to); c++ {
		s[c] = true
	}
}

func not(s *byteSet) *byteSet {
	for i := range s {
		s[i] = !s[i]
	}
	return s
}
