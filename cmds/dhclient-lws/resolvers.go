package main

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// inUse is the lease that a link has installed, or nil.
func inUse(l *dhcpc.LinkStatus) *machine.Lease {
	if !l.Installed {
		return nil
	}
	return l.Lease
}

// contribution is what one link contributes to resolv.conf, and where it stands:
// like its routes, the servers of a link without carrier stand behind all others.
// Two clients may use the same metric, and must agree on the order all the same.
type contribution struct {
	carrier       bool
	metric, index int64
	lease         *machine.Lease
}

func (c *contribution) compare(d *contribution) int {
	switch {
	case c.carrier && !d.carrier:
		return -1
	case d.carrier && !c.carrier:
		return 1
	}
	return cmp.Or(cmp.Compare(c.metric, d.metric), cmp.Compare(c.index, d.index))
}

// resolvers is what the links and those of other processes contribute, in metric order.
func resolvers(links []dhcpc.LinkStatus, others []contribution) []ifup.Resolver {
	// Pointers: code that sorts them is in the program already.
	all := make([]*contribution, 0, len(links)+len(others))
	for i := range links {
		if l := &links[i]; inUse(l) != nil {
			all = append(all, &contribution{l.Carrier, int64(l.Metric), int64(l.Index), l.Lease})
		}
	}
	for i := range others {
		all = append(all, &others[i])
	}
	slices.SortStableFunc(all, (*contribution).compare)
	list := make([]ifup.Resolver, len(all))
	for i := range all {
		l := all[i].lease
		list[i] = ifup.Resolver{Servers: l.DNS, Domain: l.Domain, Search: l.Search}
	}
	return list
}

// writeResolvConf renders resolv.conf from all leases that live, whoever has them.
// Only one process reads, renders and writes at a time.
func (s *scribe) writeResolvConf(shot *snapshot) {
	if s.options.resolvConf == "" {
		return
	}
	if s.stateDir != "" {
		if fd := waitForLock(filepath.Join(s.stateDir, resolvConfLock)); fd >= 0 {
			defer unix.Close(fd)
		}
	}
	s.report("resolv.conf", s.resolv.Write(resolvers(shot.links, s.others())))
}

// waitForLock is the descriptor of a locked file, or -1. What the lock guards takes
// a moment only: who does not give it back within a second has been stopped, and
// we go on without it.
func waitForLock(path string) int {
	fd, err := openLock(path)
	if err != nil {
		return -1
	}
	for pause := time.Millisecond; ; pause *= 2 {
		err = unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
		if !errors.Is(err, unix.EWOULDBLOCK) || pause > 500*time.Millisecond {
			return fd
		}
		time.Sleep(pause)
	}
}

// others is what the links of other processes contribute, as far as their leases
// still run. A lease outlives the process that took it.
func (s *scribe) others() (list []contribution) {
	dir := s.leaseDir
	if dir == "" {
		return nil
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	now := packet.Now()
	for _, entry := range sortedEntries(dir) {
		name, found := strings.CutSuffix(entry, ".json")
		iface := interfaceOf(name)
		if !found || iface == "" || s.kept[iface] != nil {
			continue
		}
		path := filepath.Join(dir, entry)
		index := indexOf(fd, iface)
		if index == 0 {
			s.tidy(path, iface, now)
			continue
		}
		delete(s.absent, iface)
		if f, lease := leaseOfThisBoot(path, iface); lease != nil && lease.Expiry > now && f.index == index {
			list = append(list, contribution{hasCarrier(iface), f.metric, f.index, lease})
		}
	}
	return list
}

// tidy removes the lease file of a link that does not exist once that lease is
// over: where links come and go for months there would be more and more of them.
// Nothing else is removed, and a file is read once, and again before it goes.
func (s *scribe) tidy(path, iface string, now time.Duration) {
	over, known := s.absent[iface]
	if known && now < over {
		return
	}
	over = machine.Never
	if _, lease := leaseOfThisBoot(path, iface); lease != nil {
		over = lease.Expiry
	}
	if over <= now && os.Remove(path) == nil {
		delete(s.absent, iface)
		return
	}
	s.absent[iface] = max(over, now+time.Minute)
}

// leaseOfThisBoot is what is in a lease file, if its times are those of this boot.
func leaseOfThisBoot(path, iface string) (*leaseFile, *machine.Lease) {
	f, err := readLeaseFile(path)
	if err != nil || f.iface != iface || f.boot != bootID() || f.boot == "" {
		return nil, nil
	}
	lease, err := f.lease.lease()
	if err != nil || lease.Valid() != nil {
		return nil, nil
	}
	return f, lease
}

// indexOf asks the kernel for the index of an interface, 0 if there is none.
func indexOf(socket int, name string) int64 {
	ifr, err := unix.NewIfreq(name)
	if err != nil || unix.IoctlIfreq(socket, unix.SIOCGIFINDEX, ifr) != nil {
		return 0
	}
	return int64(ifr.Uint32())
}

// hasCarrier is what the driver says, as for the client's own links: the flag
// IFF_RUNNING comes up to a second later. Without /sys there is carrier.
func hasCarrier(name string) bool {
	carrier, err := readFile("/sys/class/net/" + name + "/carrier")
	return err == nil && string(carrier) == "1\n" || errors.Is(err, os.ErrNotExist)
}
