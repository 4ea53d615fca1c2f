package boot

import (
	"context"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// A gokrazy disk has four partitions. The kernel comes from outside here, and
// nothing is updated: there is no boot partition and only one of the two roots.
const (
	rootPartition = 2
	permPartition = 4

	signature = 0x10000001 // by which the kernel's command line names the disk
	sector    = 512
	rootStart = 1 << 20  // bytes
	permSize  = 16 << 20 // bytes
)

// Disk writes a disk from which the services are started.
func (i Image) Disk(ctx context.Context, path string, services ...Service) error {
	if err := i.services(services); err != nil {
		return err
	}
	size, err := treeSize(i.root)
	if err != nil {
		return err
	}
	// A fifth more, and what an empty file system takes.
	rootSize := (size + size/5 + 4<<20) &^ (1<<20 - 1)
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(rootStart + rootSize + permSize); err != nil {
		return err
	}
	if _, err := f.Write(bootRecord(map[int]extent{
		rootPartition: {rootStart, rootSize},
		permPartition: {rootStart + rootSize, permSize},
	})); err != nil {
		return err
	}
	if err := mkfs(ctx, path, extent{rootStart, rootSize}, "-O", "^has_journal", "-d", i.root); err != nil {
		return err
	}
	return mkfs(ctx, path, extent{rootStart + rootSize, permSize})
}

// extent is a part of the disk, in bytes.
type extent struct{ start, size int64 }

// mkfs makes a file system in a part of the disk, owned by root whoever makes it.
func mkfs(ctx context.Context, disk string, at extent, args ...string) error {
	args = append(args, "-q", "-F", "-E", fmt.Sprintf("offset=%d,root_owner=0:0", at.start), disk, strconv.FormatInt(at.size>>10, 10)+"k")
	if text, err := exec.CommandContext(ctx, "mkfs.ext4", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("mkfs.ext4: %w\n%s", err, text)
	}
	return nil
}

// bootRecord is an MBR without a boot loader: the signature, four entries of
// partitions by number from 1, and the mark at its end.
func bootRecord(partitions map[int]extent) []byte {
	const linux = 0x83
	b := make([]byte, sector)
	binary.LittleEndian.PutUint32(b[440:], signature)
	for number, p := range partitions {
		e := b[446+16*(number-1):]
		e[4] = linux
		binary.LittleEndian.PutUint32(e[8:], uint32(p.start/sector))
		binary.LittleEndian.PutUint32(e[12:], uint32(p.size/sector))
	}
	b[510], b[511] = 0x55, 0xaa
	return b
}

func treeSize(root string) (size int64, err error) {
	err = filepath.WalkDir(root, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}
