package main

import (
	"errors"
	"strings"
)

// flagSet is the flags of a command, written as package flag has them: -name value,
// -name=value, with one hyphen or two, and switches that take a value only behind "=".
// That package says no more of a mistake than a text, and looks into values by
// reflection, which is otherwise of no use here.
type flagSet struct {
	flags []flagDef
	given map[string]bool
}

// flagDef is a flag. set takes what it is given, or returns errNotAllowed.
type flagDef struct {
	name     string
	allowed  string // for people
	isSwitch bool
	set      func(string) error
}

// errHelp says that -h or -help was given.
var errHelp = errors.New("help is asked for")

func newFlagSet() *flagSet { return &flagSet{given: map[string]bool{}} }

func (fs *flagSet) add(name, allowed string, set func(string) error) {
	fs.flags = append(fs.flags, flagDef{name: name, allowed: allowed, set: set})
}

func (fs *flagSet) lookup(name string) *flagDef {
	for i := range fs.flags {
		if fs.flags[i].name == name {
			return &fs.flags[i]
		}
	}
	return nil
}

// parse takes flags, and returns what begins with the first word that is none.
func (fs *flagSet) parse(args []string) (rest []string, err error) {
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		word := args[0]
		args = args[1:]
		name, value, has := strings.Cut(strings.TrimPrefix(word[1:], "-"), "=")
		f := fs.lookup(name)
		switch {
		case name == "" || name[0] == '-':
			return nil, errors.New("bad flag syntax: " + word)
		case f == nil && (name == "h" || name == "help"):
			return nil, errHelp
		case f == nil:
			return nil, fs.unknown(name)
		case f.isSwitch && !has:
			value = "true"
		case !has && len(args) == 0:
			return nil, errors.New("flag -" + name + " needs a value; allowed is " + f.allowed)
		case !has:
			value, args = args[0], args[1:]
		}
		if f.set(value) != nil {
			return nil, f.refuses(value)
		}
		fs.given[name] = true
	}
	return args, nil
}

// parseInterspersed takes flags that may stand before, between and after other
// arguments, and returns those.
func (fs *flagSet) parseInterspersed(args []string) (others []string, err error) {
	for {
		rest, err := fs.parse(args)
		if err != nil || len(rest) == 0 {
			return others, err
		}
		if at := len(args) - len(rest); at > 0 {
			if err := fs.strayValue(args[at-1], rest[0]); err != nil {
				return nil, err
			}
		}
		others, args = append(others, rest[0]), rest[1:]
	}
}
