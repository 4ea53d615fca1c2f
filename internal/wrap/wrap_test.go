package wrap

import (
	"errors"
	"io"
	"testing"
)

func TestAWrappedErrorIsStillWhatItWas(t *testing.T) {
	for want, err := range map[string]error{
		"reading: EOF":   In("reading", io.EOF),
		"EOF (too soon)": As("EOF (too soon)", io.EOF),
	} {
		if err.Error() != want || !errors.Is(err, io.EOF) {
			t.Errorf("got %q, which is EOF: %t; want %q", err, errors.Is(err, io.EOF), want)
		}
	}
}
