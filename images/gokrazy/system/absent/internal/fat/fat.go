// Package fat is for a machine without a boot partition.
package fat

import (
	"errors"
	"io"
	"time"
)

var errAbsent = errors.New("this machine has no boot partition")

// Reader reads nothing.
type Reader struct{}

// NewReader always fails.
func NewReader(io.ReadSeeker) (*Reader, error) { return nil, errAbsent }

// Extents always fails.
func (*Reader) Extents(string) (offset, length int64, err error) { return 0, 0, errAbsent }

// ModTime always fails.
func (*Reader) ModTime(string) (time.Time, error) { return time.Time{}, errAbsent }
