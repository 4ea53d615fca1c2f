package main

import "strconv"

// Hexadecimal numbers. Package encoding/hex would bring fmt along.

// appendHex appends a number, with zeros in front if it has fewer digits than that.
func appendHex(b []byte, n uint64, digits int) []byte {
	text := strconv.FormatUint(n, 16)
	for range digits - len(text) {
		b = append(b, '0')
	}
	return append(b, text...)
}

// toHex writes bytes, two digits to each.
func toHex(from []byte) string {
	var b []byte
	for _, c := range from {
		b = appendHex(b, uint64(c), 2)
	}
	return string(b)
}

// fromHex reads what toHex writes, in capitals too.
func fromHex(s string) (b []byte, ok bool) {
	b = make([]byte, 0, len(s)/2)
	for ; len(s) >= 2; s = s[2:] {
		c, err := strconv.ParseUint(s[:2], 16, 8)
		if err != nil {
			return nil, false
		}
		b = append(b, byte(c))
	}
	return b, s == ""
}
