package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/bench/client"
	"github.com/dhclient-lws/dhclient-lws/bench/process"
	"github.com/dhclient-lws/dhclient-lws/bench/result"
	"github.com/dhclient-lws/dhclient-lws/bench/rig"
)

// How long is waited for what.
const (
	carrierAfter = 500 * time.Millisecond // since a client was started that finds none
	settling     = time.Second            // for routes and files after the last address
	rest         = 15 * time.Second       // in which conflicts are looked for, which takes seven
	idleness     = 10 * time.Second
	look         = 10 * time.Millisecond // between two looks
)

// patience is how long clients have for their last address.
func patience(s result.Scene) time.Duration {
	return 30*time.Second + time.Duration(s.Links)*200*time.Millisecond
}

// measure runs a client once and tells what it did. All is taken away when the test
// ends; it is one of its own for that.
func measure(t *testing.T, kit client.Kit, r *rig.Rig, scene result.Scene, c client.Client) result.Run {
	t.Helper()
	run := result.Run{Scene: scene, Client: c.Name, Load: load(t), Binary: int(kit.Size(t, c))}
	job := client.Job{Links: scene.Links, Rapid: scene.Mode == result.Rapid, Dir: t.TempDir()}
	r.Reset(t, rig.Up)
	r.Serve(t, scene.Server, job.Rapid)
	c.Prepare(t, r)
	if scene.Mode == result.Reboot {
		// An earlier life, of which the server knows, and the client may.
		earlier := start(t, kit, r, scene, c, job)
		earlier.wait(t, c, job)
		for end := time.Now().Add(patience(scene)); !c.Remembers(job); time.Sleep(look) {
			if time.Now().After(end) {
				t.Fatalf("%s has not noted its leases in %v", c.Name, patience(scene))
			}
		}
		earlier.group.End()
		job.Reboot = true
	}
	r.Reset(t, rig.Start(scene.Start))
	if rig.Start(scene.Start) == rig.Lossy {
		r.LoseFirst(t)
	}
	from, to := r.Frames(t)
	s := start(t, kit, r, scene, c, job)
	state := s.wait(t, c, job)
	nowFrom, nowTo := r.Frames(t)
	run.Sent, run.Received = int(nowFrom-from), int(nowTo-to)
	run.Right, run.Routes, run.Resolver, run.Fault = state.Right, state.Routes, state.resolver, state.fault
	s.times(&run)
	switch scene.Probe {
	case result.Idle:
		time.Sleep(rest)
		run.SteadyKB = s.group.Resident()
		before := s.group.Switches()
		r.Noise(t, idleness)
		run.Wakeups = s.group.Switches() - before
	case result.Calls:
		run.Calls = s.calls(t)
	}
	cost := s.group.End()
	run.CPU, run.PeakKB = milliseconds(cost.CPU), cost.PeakKB
	return run
}

// started is a client that runs.
type started struct {
	rig    *rig.Rig
	scene  result.Scene
	group  *process.Group
	watch  *rig.Watch
	began  time.Time
	traces []string
}

func start(t *testing.T, kit client.Kit, r *rig.Rig, scene result.Scene, c client.Client, job client.Job) *started {
	t.Helper()
	s := &started{rig: r, scene: scene}
	argv := c.Commands(kit, job)
	if scene.Probe == result.Calls {
		argv = s.traced(t, argv)
	}
	output, err := os.Create(filepath.Join(job.Dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { output.Close() })
	ready := make(chan *process.Group, 1)
	s.watch = r.Watch(t, func() { g := <-ready; g.Last() })
	s.group = process.Start(t, r.Client, argv, process.Options{Env: c.Environment(), Output: output, Init: c.Init})
	ready <- s.group
	s.began = s.group.Began
	if rig.Start(scene.Start) == rig.Carrier {
		time.Sleep(carrierAfter)
		s.began = time.Now()
		r.Connect(t)
	}
	return s
}

// outcome is how a client has left its links.
type outcome struct {
	rig.State
	resolver bool
	fault    string
}

// wait waits for the last address, and then for all that belongs to it.
func (s *started) wait(t *testing.T, c client.Client, job client.Job) (o outcome) {
	t.Helper()
	why := ""
	deadline := time.After(patience(s.scene))
waiting:
	for why == "" {
		select {
		case <-s.watch.All:
			break waiting
		case <-deadline:
			why = fmt.Sprintf("not all links had an address after %v", patience(s.scene))
		case <-time.After(100 * time.Millisecond):
			if ended, how := s.group.Ended(); ended {
				select {
				case <-s.watch.All:
				case <-time.After(look):
					why = how
				}
			}
		}
	}
	for end := time.Now().Add(settling); ; time.Sleep(look) {
		o = s.outcome(t, c, job)
		if o.fault == "" || why != "" || time.Now().After(end) {
			break
		}
	}
	if why != "" {
		o.fault = why + "; " + o.fault
	}
	return o
}

func (s *started) outcome(t *testing.T, c client.Client, job client.Job) (o outcome) {
	t.Helper()
	o.State = s.rig.State(t)
	o.resolver = resolves(c.ResolvConf(job))
	o.fault = o.Fault
	if o.fault == "" && !o.resolver {
		o.fault = "the name server is not in " + c.ResolvConf(job)
	}
	return o
}

// resolves tells whether the name server is in a file, or in one of a directory.
func resolves(path string) bool {
	files := []string{path}
	if entries, err := os.ReadDir(path); err == nil {
		for _, e := range entries {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	for _, f := range files {
		text, _ := os.ReadFile(f)
		if strings.Contains(string(text), rig.DNS.String()) {
			return true
		}
	}
	return false
}

// times notes when what was announced.
func (s *started) times(run *result.Run) {
	times, err := s.watch.Times()
	if err != nil {
		run.Missed = err.Error()
		return
	}
	since := func(at time.Time) float64 { return milliseconds(at.Sub(s.began)) }
	if times.Addrs > 0 {
		run.FirstAddr = since(times.FirstAddr)
	}
	if times.Addrs == run.Links {
		run.LastAddr = since(times.LastAddr)
	}
	if times.Routes > 0 {
		run.FirstRoute = since(times.FirstRoute)
	}
	if times.Routes == run.Links {
		run.LastRoute = since(times.LastRoute)
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// load is how busy the machine is.
func load(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))[0]
}
