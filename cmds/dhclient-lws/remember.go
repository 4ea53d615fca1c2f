package main

import (
	"encoding/hex"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// writeLeases makes the lease files say what each link remembers. The file of a
// link that is not there stays: it may come back. It reports whether anything
// changed.
func (s *scribe) writeLeases(shot *snapshot) (changed bool) {
	dir := s.leaseDir
	if dir == "" {
		return false
	}
	for i := range shot.links {
		l := &shot.links[i]
		k := s.kept[l.Interface]
		var err error
		switch {
		case l.Remembered == nil:
			if k.lease == nil || l.Index == 0 {
				continue
			}
			if err = os.Remove(leasePath(dir, l.Interface)); errors.Is(err, os.ErrNotExist) {
				err = nil
			}
		case l.Remembered == k.lease && l.Metric == k.metric:
			continue
		default:
			err = s.describe(l).write(dir)
		}
		if err != nil {
			s.report("lease-dir", err)
			continue
		}
		k.lease, k.metric, changed = l.Remembered, l.Metric, true
	}
	if changed {
		syncDirectory(dir)
	}
	return changed
}

func (s *scribe) describe(l *dhcpc.LinkStatus) *leaseFile {
	return &leaseFile{
		version: leaseVersion, iface: l.Interface, index: int64(l.Index), metric: int64(l.Metric),
		hw: l.HardwareAddr.String(), clientID: hex.EncodeToString(l.ClientID),
		boot: bootID(), written: time.Now().Unix(), writtenMS: packet.Now().Milliseconds(),
		lease: describeLease(l.Remembered),
	}
}

// syncDirectory has renamed files under their new names on the disk.
func syncDirectory(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		_ = f.Close()
	}
}

// recall is the lease that a link had in an earlier life, or nil. It is called on
// the loop, which a disk must not stop: a goroutine reads, and if it does not
// return in time the lease is done without, and so are all others.
func (s *scribe) recall(facts ifup.Link) *machine.Lease {
	if s.options.leaseDir == "" || s.deaf {
		return nil
	}
	type outcome struct {
		lease *machine.Lease
		err   error
	}
	out, ok := within(s.options.leaseDir, func() (o outcome) {
		o.lease, o.err = s.readLease(&facts)
		return o
	})
	switch {
	case !ok:
		s.deaf = true
		out.err = notAnswering(s.options.leaseDir)
	case errors.Is(out.err, unix.ENOENT):
		return nil
	}
	if out.err != nil {
		s.report("lease of "+safeName(facts.Name)+" not used", out.err)
		return nil
	}
	if out.lease != nil {
		s.mu.Lock()
		s.recalled[facts.Name] = out.lease
		s.mu.Unlock()
	}
	return out.lease
}

func (s *scribe) readLease(facts *ifup.Link) (*machine.Lease, error) {
	dir := s.options.leaseDir
	f, err := readLeaseFile(leasePath(dir, facts.Name))
	if err != nil {
		return nil, err
	}
	if err := checkDirectory(dir); err != nil {
		return nil, err
	}
	clientID := dhcpc.DefaultClientID
	if s.options.client.ClientID != nil {
		clientID = s.options.client.ClientID
	}
	return f.recall(&present{
		iface: facts.Name, hw: facts.HardwareAddr, clientID: clientID(facts.HardwareAddr),
		boot: bootID(), now: packet.Now(), wall: time.Now().Unix(), reuse: s.options.client.ReuseLease,
	})
}

// takeRecalled is the lease that was read for a link since this was last asked.
func (s *scribe) takeRecalled(name string) *machine.Lease {
	s.mu.Lock()
	defer s.mu.Unlock()
	lease := s.recalled[name]
	delete(s.recalled, name)
	return lease
}
