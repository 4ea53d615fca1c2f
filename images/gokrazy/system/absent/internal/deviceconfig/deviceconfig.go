// Package deviceconfig is for a machine that is no special device.
package deviceconfig

// RootDeviceFile is a part of a disk outside of all partitions.
type RootDeviceFile struct {
	Name              string
	Offset, MaxLength int64
}

// DeviceConfig is what is special about a device.
type DeviceConfig struct{ RootDeviceFiles []RootDeviceFile }

// DeviceConfigs is empty.
var DeviceConfigs map[string]DeviceConfig
