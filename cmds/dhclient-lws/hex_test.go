package main

import (
	"encoding/hex"
	"testing"
)

// Hexadecimal numbers are read as package encoding/hex reads them.
func TestFromHex(t *testing.T) {
	for _, s := range []string{"", "00", "0a1B", "fF", "0", "abc", "0g", "+1", "-1", "1 ", " 1", "0x", "é0", "1_", "00 00"} {
		got, ok := fromHex(s)
		want, err := hex.DecodeString(s)
		if ok != (err == nil) || ok && string(got) != string(want) {
			t.Errorf("%q: %x, %v, want %x, %v", s, got, ok, want, err)
		}
		if ok && toHex(got) != hex.EncodeToString(want) {
			t.Errorf("%x is written as %q", got, toHex(got))
		}
	}
}
