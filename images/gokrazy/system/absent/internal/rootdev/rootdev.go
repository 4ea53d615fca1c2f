// Package rootdev is for the one disk that the virtual machine has. What gokrazy
// itself uses finds the disk by the kernel's command line, and knows no virtio.
package rootdev

import "strconv"

// The partitions of a gokrazy disk.
const (
	Boot  = 1
	Root2 = 2
	Root3 = 3
	Perm  = 4
)

const disk = "/dev/vda"

// BlockDevice is the disk.
func BlockDevice() string { return disk }

// Partition is the device of a partition.
func Partition(number int) string { return disk + strconv.Itoa(number) }

// PARTUUID is the signature of the disk.
func PARTUUID() string { return "10000001" }

// PartitionCmdline is how the kernel's command line names a partition.
func PartitionCmdline(number int) string {
	return "PARTUUID=" + PARTUUID() + "-0" + strconv.Itoa(number)
}

// ActiveRootPartition is the one that is booted.
func ActiveRootPartition() int { return Root2 }

// InactiveRootPartition is the one that an update would be written to.
func InactiveRootPartition() int { return Root3 }
