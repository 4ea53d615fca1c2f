package bench

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/bench/client"
	"github.com/dhclient-lws/dhclient-lws/bench/result"
	"github.com/dhclient-lws/dhclient-lws/bench/rig"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

var (
	planName = flag.String("plan", "check", "what is measured: check, quick or full")
	bound    = flag.Duration("for", 40*time.Minute, "after that time each further scene has one round")
	rounds   = flag.Int("rounds", 0, "rounds of each scene instead of the plan's")
	only     = flag.String("scenes", "", "a regular expression: only scenes whose names it matches, such as '^64 links up' or idle")
	whom     = flag.String("clients", "", "only these clients, such as floor,dhclient-lws")
	lines    = flag.String("lines", "", "where all runs are written to, as lines of JSON")
)

func TestMain(m *testing.M) {
	// So that the one who looks at the clock may be let in front of all others, inside
	// too; who may not allow it does without.
	_ = unix.Setrlimit(unix.RLIMIT_RTPRIO, &unix.Rlimit{Cur: 1, Max: 1})
	os.Exit(netns.Inside(func() int {
		// Nothing is to wait for a disk.
		const memory = "/mnt"
		err := unix.Mount("tmpfs", memory, "tmpfs", 0, "")
		if err == nil {
			err = os.Setenv("TMPDIR", memory)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "a tmpfs on %s is needed: %v\n", memory, err)
			return 1
		}
		return m.Run()
	}))
}

// Whatever the start, the floor and our client leave all links as they should be left.
// How others leave them is reported, and how long it takes whom.
func TestSideBySide(t *testing.T) {
	steps, ok := plans[*planName]
	if !ok {
		t.Fatalf("there is no plan %q", *planName)
	}
	chosen, err := regexp.Compile(*only)
	if err != nil {
		t.Fatal(err)
	}
	steps = slices.DeleteFunc(slices.Clone(steps), func(s step) bool { return !chosen.MatchString(s.Scene.String()) })
	for i := range steps {
		steps[i].clients = slices.DeleteFunc(slices.Clone(steps[i].clients), func(name string) bool {
			return *whom != "" && !slices.Contains(strings.Split(*whom, ","), name)
		})
	}
	end := time.Now().Add(*bound)
	clients := clientsOf(t, steps)
	kit := client.Build(t, clients)
	record := recorder(t, *lines, clients)
	var runs []result.Run
	for len(steps) > 0 {
		links, n := steps[0].Links, 1
		for n < len(steps) && steps[n].Links == links {
			n++
		}
		t.Run(fmt.Sprint(links, " links"), func(t *testing.T) {
			r := rig.New(t, links)
			for _, s := range steps[:n] {
				play(t, kit, r, s, end, func(run result.Run) {
					record(result.Line{Run: &run})
					runs = append(runs, run)
				})
			}
		})
		steps = steps[n:]
	}
	if *planName != "check" {
		fmt.Print(result.Tables(result.Summarise(runs, client.Floor)))
	}
}

// clientsOf are all those of a plan.
func clientsOf(t *testing.T, steps []step) []client.Client {
	t.Helper()
	var names []string
	for _, s := range steps {
		for _, name := range s.clients {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	list, unknown := client.ByName(names...)
	if len(unknown) > 0 {
		t.Fatalf("there are no clients %q", unknown)
	}
	if missing := client.Missing(list); len(missing) > 0 {
		t.Fatalf("Debian packages are needed: %s", strings.Join(missing, " "))
	}
	return list
}

// play measures all rounds of a step, but only one of them after the end.
func play(t *testing.T, kit client.Kit, r *rig.Rig, s step, end time.Time, done func(result.Run)) {
	n := s.rounds
	if *rounds > 0 {
		n = *rounds
	}
	for round := range n {
		if round > 0 && time.Now().After(end) {
			return
		}
		for i := range s.clients {
			name := s.clients[(i+round)%len(s.clients)]
			if !s.plays(name, round) {
				continue
			}
			list, _ := client.ByName(name)
			t.Run(fmt.Sprint(s.Scene, ", ", name), func(t *testing.T) {
				run := measure(t, kit, r, s.Scene, list[0])
				run.Round = round
				done(run)
				if slices.Contains(two, name) && run.Fault != "" {
					t.Error(run.Fault)
				}
				oneTrip := s.Mode == result.Rapid || s.Mode == result.Reboot
				if slices.Contains(two, name) && oneTrip && run.Sent >= 2*s.Links {
					t.Errorf("%d messages for %d links: two were needed for each", run.Sent, s.Links)
				}
				if run.Missed != "" {
					t.Log(run.Missed)
				}
			})
		}
	}
}
