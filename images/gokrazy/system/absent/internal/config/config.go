// Package config is for an image without a list of devices to mount.
package config

// MountDevice is what a list of devices to mount consists of.
type MountDevice struct{ Source, Type, Target, Options string }
