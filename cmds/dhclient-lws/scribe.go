package main

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// scribe writes what the resident leaves on disk: resolv.conf, status.json, the
// lease files, net-<interface>.conf. A disk may be slow, full or hang for ever, so
// a goroutine of its own does it. What it writes follows from a snapshot of the
// links and from what it wrote before, never from single events: a snapshot that
// nobody has begun to write is replaced by the next one, and what failed is tried
// again with it.
type scribe struct {
	options *options
	start   time.Duration
	begun   time.Time                    // by the clock that files have
	report  func(what string, err error) // says once what could not be done

	// The loop's.
	last time.Duration // when it last gave a snapshot
	gap  time.Duration // from then to the next
	next time.Duration // when it should give the next; machine.Never if nothing changed

	early disk   // the leases, for the loop
	again func() // asks for a snapshot when more can be written, from any goroutine

	mu       sync.Mutex
	waiting  *snapshot                 // nobody has begun to write it
	after    []func()                  // to be called when it is written
	kicked   chan struct{}             // nil until there is something to write
	recalled map[string]*machine.Lease // those that were read, and are known to be in their files
	asking   *time.Timer               // again is going to be called, at
	askingAt time.Time
	anew     bool // what was written is not where it belongs

	// The goroutine's.
	// The directories of the options, each as long as it can be used, else "".
	stateDir, leaseDir, netConfDir string

	disks    map[string]*disk
	result   result // of the wait, once decided
	resolv   ifup.ResolvConf
	kept     map[string]*keptLink
	full     map[string]time.Duration // when each lease file may be written a whole burst of times again
	absent   map[string]time.Duration // when the leases of links that do not exist are over
	statusAt string                   // the path of our status file, once chosen
	swept    bool                     // what an earlier process has left is gone
	first    int                      // the lock of the first resident, if we are it, else -1
}

// snapshot is how things stand.
type snapshot struct {
	now    time.Duration
	result result // undecided: as before
	links  []dhcpc.LinkStatus
	held   []heldLink // further links, of other clients
	brief  bool       // only what others wait for is to be written now
	last   bool       // the process is about to end
}

// keptLink is what is on disk about a link.
type keptLink struct {
	lease   *machine.Lease // in its lease file, or nil
	metric  uint32         // there
	netConf *machine.Lease // in net-<interface>.conf, or nil
	known   bool           // and that is so: nothing of an earlier life is there
	seen    bool           // it is in the snapshot
}

// stateGap is the least time between two snapshots that nobody asked for. The
// first comes that much after the start: nothing on the way to a lease waits for
// it. To describe a link takes some 10 µs, and a thousand of them must not keep a
// processor busy that leases wait for.
func stateGap(links int) time.Duration {
	return 50*time.Millisecond + time.Duration(links)*200*time.Microsecond
}

// While many links wait for their leases the processors are left to these for a
// while after the start: two files to a link are a tenth of what a link costs.
const (
	many      = 64
	manyStart = time.Second
)

// scribePatience is how long a disk may take to show a directory. Nobody waits but
// the other files.
const scribePatience = time.Second

func newScribe(o *options, start time.Duration, report func(string, error)) *scribe {
	s := &scribe{
		options: o, start: start, begun: time.Now(),
		last: start, gap: stateGap(0), next: start + stateGap(0), // also if nothing happens
		recalled: map[string]*machine.Lease{},
		resolv:   ifup.ResolvConf{Path: o.resolvConf},
		kept:     map[string]*keptLink{},
		full:     map[string]time.Duration{},
		first:    -1,
		absent:   map[string]time.Duration{},
		early:    disk{dir: o.leaseDir, patience: loopPatience},
		disks:    map[string]*disk{},
	}
	s.report = func(what string, err error) {
		// Nothing tells when a full disk has room again.
		if errors.Is(err, unix.ENOSPC) {
			s.askAgain(fullPause)
		}
		report(what, err)
	}
	return s
}

// fullPause is how long a full disk is left alone.
const fullPause = time.Minute

// changed asks for a snapshot, soon.
func (s *scribe) changed() { s.next = min(s.next, s.last+s.gap) }

// give has the snapshot of a turn written: while many links are asking only in
// part, and the rest when the first rush is over.
func (s *scribe) give(shot snapshot, asking bool) {
	s.last, s.gap, s.next = shot.now, stateGap(len(shot.links)), machine.Never
	if calm := s.start + manyStart; asking && len(shot.links) > many && shot.now < calm {
		shot.brief, s.next = true, calm
	}
	s.record(shot)
}

// record has a snapshot written. It never waits.
func (s *scribe) record(shot snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.waiting != nil && shot.result == undecided {
		shot.result = s.waiting.result
	}
	s.waiting = &shot
	s.kick()
}

// moved is called when what was written is not where it belongs any more: the next
// snapshot is written as the first one was.
func (s *scribe) moved() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.anew = true
}

// then calls fn once: when what was recorded has been written, or after the
// patience if a disk hangs.
func (s *scribe) then(patience time.Duration, fn func()) {
	fn = sync.OnceFunc(fn)
	timer := time.AfterFunc(patience, fn)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after = append(s.after, func() {
		timer.Stop()
		fn()
	})
	s.kick()
}

// finish has the last snapshot written, and waits for it as long as the patience lasts.
func (s *scribe) finish(patience time.Duration, shot snapshot) {
	shot.last = true
	s.record(shot)
	done := make(chan struct{})
	s.then(patience, func() { close(done) })
	<-done
}

// kick wakes the goroutine. The lock is held.
func (s *scribe) kick() {
	if s.kicked == nil {
		s.kicked = make(chan struct{}, 1)
		go s.run(s.kicked)
	}
	select {
	case s.kicked <- struct{}{}:
	default: // it will look anyhow
	}
}

func (s *scribe) run(kicked <-chan struct{}) {
	for range kicked {
		s.mu.Lock()
		shot, after, anew := s.waiting, s.after, s.anew
		s.waiting, s.after, s.anew = nil, nil, false
		s.mu.Unlock()
		if anew {
			s.forget()
		}
		if shot != nil && !s.write(shot) {
			s.mu.Lock()
			s.after = append(after, s.after...) // of the newer one
			s.mu.Unlock()
			continue
		}
		for _, fn := range after {
			fn()
		}
		if shot != nil && !shot.brief && !s.swept { // for which nobody waits
			s.swept = true
			s.sweep(shot)
		}
	}
}

// forget takes nothing for written.
func (s *scribe) forget() {
	s.kept, s.resolv = map[string]*keptLink{}, ifup.ResolvConf{Path: s.options.resolvConf}
	s.statusAt, s.swept = "", false
	_ = unix.Close(s.first)
	s.first = -1
}

// outdated reports whether there is a newer snapshot than the one being written.
func (s *scribe) outdated() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting != nil
}

// write brings the disk up to date. What others wait for comes first, and what
// is synced to a slow disk last. It reports whether that was all, or a newer
// snapshot has the rest.
func (s *scribe) write(shot *snapshot) bool {
	if shot.result != undecided {
		s.result = shot.result
	}
	s.stateDir = s.usable("state-dir", s.options.stateDir, makeDirectory)
	if s.leaseDir = s.stateDir; s.options.leaseDir != s.options.stateDir {
		s.leaseDir = s.usable("lease-dir", s.options.leaseDir, makeDirectory)
	}
	s.netConfDir = s.usable("net-conf", s.options.netConfDir, makeSharedDirectory)
	s.meet(shot.links)
	s.writeResolvConf(shot)
	s.report("status.json", s.writeStatus(shot))
	if shot.brief {
		return true
	}
	s.writeNetConfs(shot)
	changed, all := s.writeLeases(shot)
	if changed && all {
		// Another resident may have rendered resolv.conf meanwhile, and it knows our
		// leases by their files.
		s.writeResolvConf(shot)
	}
	return all
}

// usable is the directory if something can be kept in it, else "". One that hangs
// is left alone until it answers.
func (s *scribe) usable(what, dir string, prepare func(string) error) string {
	if dir == "" {
		return ""
	}
	d := s.disks[dir]
	if d == nil {
		d = &disk{dir: dir, patience: scribePatience, back: s.again}
		s.disks[dir] = d
	}
	if !d.answers() {
		return ""
	}
	var failed error
	err := notAnswering(dir)
	if d.do(func() { failed = prepare(dir) }) {
		err = failed
	}
	if err != nil {
		s.report(what, err)
		return ""
	}
	return dir
}

// meet makes sure that each link of a snapshot is kept. One that is gone for good
// leaves its lease behind, should it come back; what was said of it to others is
// not true any more.
func (s *scribe) meet(links []dhcpc.LinkStatus) {
	for _, k := range s.kept {
		k.seen = false
	}
	for i := range links {
		name := links[i].Interface
		k := s.kept[name]
		if k == nil {
			k = &keptLink{}
			s.kept[name] = k
		}
		k.seen = true
		if lease := s.takeRecalled(name); lease != nil {
			k.lease, k.metric = lease, links[i].Metric
		}
	}
	for name, k := range s.kept {
		if !k.seen && (k.netConf == nil || s.removeNetConf(name, k)) {
			delete(s.kept, name)
		}
	}
}
