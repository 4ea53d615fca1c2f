// Package evdev is for a machine without a power button.
package evdev

import (
	"context"
	"errors"
)

// Evdev is an input device.
type Evdev struct{}

// KeyType is a key.
type KeyType int

// KeyPower is a power button.
const KeyPower KeyType = 116

// EventEnvelope is that something happened to a key.
type EventEnvelope struct {
	Type  any
	Value int32
}

// OpenFile always fails.
func OpenFile(string) (*Evdev, error) { return nil, errors.New("this machine has no power button") }

// Close does nothing.
func (*Evdev) Close() error { return nil }

// KeyTypes is no key.
func (*Evdev) KeyTypes() map[KeyType]bool { return nil }

// Poll never tells of anything.
func (*Evdev) Poll(context.Context) <-chan *EventEnvelope { return nil }
