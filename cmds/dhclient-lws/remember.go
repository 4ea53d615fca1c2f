package main

import (
	"errors"
	"maps"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// writeLeases makes the lease files say what each link remembers. The file of a
// link that is not there stays: it may come back. It reports whether anything
// changed, and whether that was all: each file is synced, and on a slow disk a
// newer snapshot must not wait for a thousand of them.
//
// A server whose leases last for seconds, or are others each time, must not wear out
// a flash card: see leaseBurst.
func (s *scribe) writeLeases(shot *snapshot) (changed, all bool) {
	dir := s.leaseDir
	if dir == "" {
		return false, true
	}
	maps.DeleteFunc(s.full, func(_ string, at time.Duration) bool { return at <= shot.now })
	all = true
	wait := machine.Never
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
			full := max(s.full[l.Interface], shot.now)
			if early := full - (leaseBurst-1)*leaseInterval - shot.now; early > 0 && !shot.last {
				wait = min(wait, early)
				continue
			}
			if err = s.describe(l).write(dir); err == nil {
				s.full[l.Interface] = full + leaseInterval
			}
		}
		if err != nil {
			s.report("lease-dir", err)
			continue
		}
		k.lease, k.metric, changed = l.Remembered, l.Metric, true
		if all = !s.outdated(); !all {
			break
		}
	}
	if changed {
		syncDirectory(dir)
	}
	if wait != machine.Never {
		s.askAgain(wait)
	}
	return changed, all
}

// A lease file is written so often at once, and at that interval in the long run.
const (
	leaseBurst    = 8
	leaseInterval = 10 * time.Second
)

// askAgain asks for a snapshot in a while, once: when the first of those who want one does.
func (s *scribe) askAgain(wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := time.Now().Add(wait)
	if s.asking != nil && !at.Before(s.askingAt) {
		return
	}
	if s.asking != nil {
		s.asking.Stop()
	}
	s.askingAt = at
	s.asking = time.AfterFunc(wait, func() {
		s.mu.Lock()
		s.asking = nil
		s.mu.Unlock()
		s.again()
	})
}

func (s *scribe) describe(l *dhcpc.LinkStatus) *leaseFile {
	return &leaseFile{
		version: leaseVersion, iface: l.Interface, index: int64(l.Index), metric: int64(l.Metric), linkMTU: int64(l.LinkMTU),
		hw: l.HardwareAddr.String(), clientID: toHex(l.ClientID),
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
// the loop: if the disk does not answer in time the lease is done without.
func (s *scribe) recall(facts ifup.Link) *machine.Lease {
	if s.options.leaseDir == "" {
		return nil
	}
	var lease *machine.Lease
	var err error
	not := safeName(facts.Name) + ": remembered lease not used"
	if !s.early.answers() || !s.early.do(func() { lease, err = s.readLease(&facts) }) {
		s.report(not, notAnswering(s.early.dir))
		return nil
	}
	if err != nil {
		if !errors.Is(err, unix.ENOENT) {
			s.report(not, wrap.In(leasePath(s.options.leaseDir, facts.Name), err))
		}
		return nil
	}
	if lease != nil {
		s.mu.Lock()
		s.recalled[facts.Name] = lease
		s.mu.Unlock()
	}
	return lease
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
