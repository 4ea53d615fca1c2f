// Package process runs a client, of one process or of many, and tells what it costs.
package process

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// Group are the processes of one client.
type Group struct {
	Began time.Time // just before the first of them was started

	commands []*exec.Cmd
	others   []int // children of this process that are none of the client's
	ended    map[int]bool
	early    []string // ends that came before End
	mu       sync.Mutex
	waited   sync.WaitGroup
	over     bool
	usage    time.Duration // of all that have ended

	last, now map[int]time.Duration // by process: what it had spent at Last, and before End
	peak      map[int]int           // by process, in kB
}

// Options are how the processes are started.
type Options struct {
	Env    []string
	Output *os.File
	Init   bool // each is the first process of a PID namespace
}

// Start starts the processes in a namespace, one after the other. They end with the test.
func Start(t testing.TB, ns *netns.NS, argv [][]string, o Options) *Group {
	t.Helper()
	// Orphans are ours, so that nothing is left behind, and nothing left out.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	g := &Group{others: children(os.Getpid()), ended: map[int]bool{}, peak: map[int]int{}}
	for _, args := range argv {
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env, cmd.Stdout, cmd.Stderr = o.Env, o.Output, o.Output
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
		if o.Init {
			cmd.SysProcAttr.Cloneflags = unix.CLONE_NEWPID
		}
		g.commands = append(g.commands, cmd)
	}
	var err error
	started := 0
	ns.Do(t, func() {
		g.Began = time.Now()
		for ; started < len(g.commands) && err == nil; started++ {
			err = g.commands[started].Start()
		}
	})
	if err != nil {
		started--
	}
	g.commands = g.commands[:started]
	for _, cmd := range g.commands {
		g.waited.Go(func() { g.wait(cmd) })
	}
	t.Cleanup(func() { g.End() })
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// wait notes what a process has spent when it ends.
func (g *Group) wait(cmd *exec.Cmd) {
	err := cmd.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.ended[cmd.Process.Pid] = true
	g.usage += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if !g.over {
		end := "status 0"
		if err != nil {
			end = err.Error()
		}
		g.early = append(g.early, filepath.Base(cmd.Path)+": "+end)
	}
}

// Ended tells whether no process is left, and how the first of them ended.
func (g *Group) Ended() (all bool, how string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.early) == 0 {
		return false, ""
	}
	return len(g.ended) == len(g.commands), g.early[0]
}

// pids are those of the processes that were started, while they live.
func (g *Group) pids() (pids []int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, cmd := range g.commands {
		if !g.ended[cmd.Process.Pid] {
			pids = append(pids, cmd.Process.Pid)
		}
	}
	return pids
}

// all are the processes that live, those that they started too.
func (g *Group) all() []int {
	direct := g.pids()
	for _, child := range children(os.Getpid()) {
		if !slices.Contains(g.others, child) && !slices.Contains(direct, child) {
			direct = append(direct, child) // an orphan, or a child that is not waited for yet
		}
	}
	return append(direct, descendants(direct)...)
}

// Last notes that the last link has its address.
func (g *Group) Last() {
	direct := g.pids()
	last := spent(direct)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.notePeak(direct) // before they end
	more := descendants(direct)
	maps.Copy(last, spent(more))
	g.notePeak(more)
	g.last = last
}

func spent(pids []int) map[int]time.Duration {
	m := map[int]time.Duration{}
	for _, pid := range pids {
		m[pid] = cpu(pid)
	}
	return m
}

func (g *Group) notePeak(pids []int) {
	for _, pid := range pids {
		g.peak[pid] = max(g.peak[pid], status(fmt.Sprintf("/proc/%d/status", pid), "VmHWM"))
	}
}

// Resident is the memory that all processes have at this moment, in kB.
func (g *Group) Resident() (kB int) {
	for _, pid := range g.all() {
		kB += status(fmt.Sprintf("/proc/%d/status", pid), "VmRSS")
	}
	return kB
}

// Switches are how often their threads have stopped running so far.
func (g *Group) Switches() (n int) {
	for _, pid := range g.all() {
		n += switches(pid)
	}
	return n
}

// Cost is what a client has cost.
type Cost struct {
	CPU    time.Duration // until Last was called, or all if it was not
	PeakKB int           // of all processes together
}

// End kills the processes and tells what they have cost.
func (g *Group) End() Cost {
	g.mu.Lock()
	over := g.over
	g.over = true
	g.mu.Unlock()
	if !over {
		live := g.all()
		g.mu.Lock()
		g.now = spent(live)
		g.notePeak(live)
		g.mu.Unlock()
		g.kill(live)
	}
	return g.cost()
}

// kill ends all, and those that are born meanwhile.
func (g *Group) kill(live []int) {
	for len(live) > 0 {
		for _, pid := range live {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
		g.waited.Wait()
		for _, pid := range children(os.Getpid()) {
			if slices.Contains(g.others, pid) {
				continue
			}
			var status unix.WaitStatus
			var usage unix.Rusage
			_ = unix.Kill(pid, unix.SIGKILL)
			if _, err := unix.Wait4(pid, &status, 0, &usage); err == nil {
				g.usage += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
			}
		}
		live = g.all()
	}
	g.waited.Wait()
}

// cost subtracts from all that was spent what was spent after Last.
func (g *Group) cost() Cost {
	c := Cost{CPU: g.usage}
	for pid, then := range g.last {
		if now, alive := g.now[pid]; alive {
			c.CPU -= now - then
		}
	}
	for _, cmd := range g.commands {
		pid := cmd.Process.Pid
		then, alive := g.last[pid]
		if _, stayed := g.now[pid]; alive && !stayed && then > 0 {
			c.CPU -= max(0, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()-then)
		}
	}
	for _, kB := range g.peak {
		c.PeakKB += kB
	}
	return c
}

// EndTraced kills what runs under strace, and waits for strace to have written its
// table.
func (g *Group) EndTraced() {
	for _, pid := range descendants(g.pids()) {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
	g.waited.Wait()
}
