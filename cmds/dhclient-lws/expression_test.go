package main

import (
	"regexp"
	"strings"
	"testing"
)

func TestExpression(t *testing.T) {
	for expr, rows := range map[string]map[string]bool{
		"^e.*":               {"eth0": true, "enp3s0": true, "wlan0": false, "e": true, "": false},
		"^eth0$":             {"eth0": true, "eth01": false, "xeth0": false},
		"^(eth|enp)[0-9]+":   {"eth0": true, "enp12": true, "enps": false, "ens3": false},
		"^en(?:o|p\\d+s)\\d": {"eno1": true, "enp3s0": true, "enps0": false},
		"^wl|^eth":           {"wlan0": true, "eth1": true, "xwl": false},
		"^[^w]":              {"eth0": true, "wlan0": false, "": false},
		"^a?b*c+$":           {"c": true, "abbcc": true, "ab": false},
		"^eth0\\.1":          {"eth0.1": true, "eth0x1": false},
		"^(a*)*$":            {"aaaa": true, "": true, "ab": false},
		"^":                  {"anything": true, "": true},
		"^[]a-c-]+$":         {"]b-": true, "d": false},
		"^x.*?y":             {"x1y": true, "xy": true, "x": false},
	} {
		e, err := parseExpression(expr)
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		for name, want := range rows {
			if got := e.matches(name); got != want {
				t.Errorf("%s matches %q: %v", expr, name, got)
			}
		}
	}
}

func TestExpressionMistakes(t *testing.T) {
	for _, expr := range []string{
		"^(", "^)", "^[", "^[a", "^a**", "^a{2}", "^\\", "^\\q", "^[b-a]", "^[[:alpha:]]", "^(?i)eth", "^é",
		"^" + strings.Repeat("(", 100) + strings.Repeat(")", 100),
	} {
		if _, err := parseExpression(expr); err == nil {
			t.Errorf("%s is accepted", expr)
		}
	}
}

// What is accepted means what package regexp says it does.
func FuzzExpression(f *testing.F) {
	for _, expr := range []string{"^e.*", "^(eth|enp\\d)[^0-9_]?$", "a|(b*c+)*|[]x-]", "^(|a)+$", "(a|b?)*?\\w\\.", "^$^a$*"} {
		f.Add(expr, "eth0")
		f.Add(expr, "enp3s0f1")
		f.Add(expr, "")
	}
	f.Fuzz(func(t *testing.T, expr, name string) {
		e, err := parseExpression(expr)
		if err != nil || len(name) > 15 || len(expr) > 24 {
			return
		}
		for _, c := range []byte(name) {
			if c >= 0x80 { // there a dot means a letter, here a byte
				return
			}
		}
		want, err := regexp.Compile(expr)
		if err != nil {
			t.Fatalf("%q is accepted, but: %v", expr, err)
		}
		if got := e.matches(name); got != want.MatchString(name) {
			t.Errorf("%q matches %q: %v", expr, name, got)
		}
	})
}
