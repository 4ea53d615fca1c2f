package main

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// leaseVersion is that of the schema below. It grows when a field changes its
// meaning or goes away; fields that are added do not change it.
const leaseVersion = 1

// leaseFile is the content of <lease-dir>/<interface>.json: the lease that a link
// has, or may ask for again. Times in it are those of the boot that it names.
type leaseFile struct {
	version   int64
	iface     string
	hw        string // of the interface, as 02:00:5e:00:53:01
	clientID  string // option 61 in hexadecimal, "" for none
	boot      string // /proc/sys/kernel/random/boot_id
	written   int64  // when, in seconds since 1970
	writtenMS int64  // when, in milliseconds of CLOCK_BOOTTIME
	index     int64
	metric    int64 // of its routes while it has carrier
	linkMTU   int64 // of the link before the lease lowered it
	lease     leaseStatus
}

func (l *leaseFile) fields(f *fields) {
	f.int("version", &l.version)
	f.text("interface", &l.iface)
	f.text("hardware_address", &l.hw)
	f.optionalText("client_id", &l.clientID)
	f.optionalText("boot_id", &l.boot)
	f.int("written_s", &l.written)
	f.int("written_ms", &l.writtenMS)
	f.int("index", &l.index)
	f.int("metric", &l.metric)
	f.optionalInt("link_mtu", &l.linkMTU)
	if f.at("lease", false) {
		f.object(l.lease.fields)
	}
}

func leasePath(dir, iface string) string { return filepath.Join(dir, fileName(iface)+".json") }

// write replaces the file, and has it on the disk.
func (l *leaseFile) write(dir string) error {
	w := &jsonWriter{}
	(&fields{w: w}).object(l.fields)
	return replace(leasePath(dir, l.iface), append(w.b, '\n'), 0o600)
}

// maxLeaseFile bounds what is read, in bytes: the longest lease has 256 routes and
// 16 names, which is half of it.
const maxLeaseFile = 64 << 10

// readLeaseFile reads what may be a lease file. Nothing about it is believed:
// it may be a pipe that nobody writes to, a link to a device, somebody else's.
func readLeaseFile(path string) (*leaseFile, error) {
	content, err := readRegular(path, maxLeaseFile, unix.O_NOFOLLOW, func(st *unix.Stat_t) error {
		return trustworthy(st.Mode, st.Uid, os.Geteuid())
	})
	if err != nil {
		return nil, err
	}
	return parseLeaseFile(content)
}

func parseLeaseFile(content []byte) (*leaseFile, error) {
	r := &jsonReader{in: content}
	l := &leaseFile{}
	(&fields{r: r}).object(l.fields)
	switch {
	case l.version != leaseVersion && l.version != 0:
		return nil, otherVersion(l.version, leaseVersion)
	case !r.end() || l.version == 0 || l.written < 0 || l.writtenMS < 0 || l.writtenMS > longestBoot:
		return nil, errors.New("damaged")
	}
	return l, nil
}

// otherVersion says that a file has a schema of another version than ours.
func otherVersion(theirs, ours int64) error {
	return errors.New("version " + strconv.FormatInt(theirs, 10) + ", and this program reads version " + strconv.FormatInt(ours, 10))
}

// present is what a remembered lease is judged by.
type present struct {
	iface    string
	hw       dhcp4.HardwareAddr
	clientID []byte
	boot     string
	now      time.Duration // CLOCK_BOOTTIME
	wall     int64         // seconds since 1970
	reuse    bool          // a lease that no server confirms may be used
}

// firstCredible is a moment before which no clock is right, in seconds since
// 1970: the beginning of 2024. A machine without a battery starts in 1970.
const firstCredible = 1704067200

// maxMTU is the largest that an interface can have for IPv4, in bytes.
const maxMTU = 65535

// recall is the lease in the file in the times of this boot: nil if it was another
// interface's or was granted to another client. One that is over is returned too,
// as a wish.
func (l *leaseFile) recall(p *present) (*machine.Lease, error) {
	if l.iface != p.iface || l.hw != p.hw.String() || l.clientID != toHex(p.clientID) {
		return nil, nil
	}
	lease, err := l.lease.lease()
	if err == nil {
		err = lease.Valid()
	}
	if err == nil && lease.Start > time.Duration(l.writtenMS)*time.Millisecond {
		err = errors.New("bad times")
	}
	if err != nil {
		return nil, err
	}
	if p.boot != "" && l.boot == p.boot {
		if l.linkMTU > 0 && l.linkMTU <= maxMTU { // of another boot it says nothing
			lease.LinkMTU = int(l.linkMTU)
		}
		if lease.Start > p.now {
			return nil, errors.New("bad times")
		}
		return lease, nil
	}
	// The clock of the other boot ran on to when the file was written. Since then
	// what the wall clock says has passed, if it can be believed; a second more,
	// for what it leaves out.
	passed := time.Second
	known := l.written >= firstCredible && p.wall >= l.written
	if known {
		passed += time.Duration(min(p.wall-l.written, longestBoot/1000)) * time.Second
	}
	shift := p.now - passed - time.Duration(l.writtenMS)*time.Millisecond
	if !known && p.reuse && lease.Expiry != machine.Never {
		shift = p.now - lease.Expiry // it may be over, and must not be used
	}
	lease.Start += shift
	if lease.Expiry != machine.Never {
		lease.T1, lease.T2, lease.Expiry = lease.T1+shift, lease.T2+shift, lease.Expiry+shift
	}
	return lease, nil
}

// bootID is which boot of the machine this is, "" where it does not say.
var bootID = sync.OnceValue(func() string {
	id, err := readFile("/proc/sys/kernel/random/boot_id")
	if err != nil || len(id) != 37 {
		return ""
	}
	return string(id[:36])
})
