package process

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

func TestMain(m *testing.M) { netns.Main(m) }

// busy is a shell that counts to a number, which takes it some of its processor's time.
const busy = `i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; `

func shell(t *testing.T, script string) *Group {
	t.Helper()
	return Start(t, netns.New(t), [][]string{{"/bin/sh", "-c", script}}, Options{})
}

// Children count, those that have ended and those that have left their parent, and
// none of them outlives the end.
func TestCostOfDescendants(t *testing.T) {
	g := shell(t, `(`+busy+`); (setsid sh -c '`+busy+busy+busy+busy+`sleep 1000' &) ; sleep 1000`)
	eventually(t, "rest", func() bool { return sleepers(g) == 2 })
	one := shell(t, busy)
	eventually(t, "end", func() bool { all, _ := one.Ended(); return all })
	all, alone := g.End(), one.End()
	if alone.CPU <= 0 || all.CPU < alone.CPU*3 {
		t.Errorf("a child, and an orphan four times as busy, cost %v, and one busy shell %v", all.CPU, alone.CPU)
	}
	if left := g.all(); len(left) > 0 {
		t.Errorf("processes %v are left", left)
	}
}

// sleepers are how many of the processes have nothing more to do.
func sleepers(g *Group) (n int) {
	for _, pid := range g.all() {
		if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); string(name) == "sleep\n" {
			n++
		}
	}
	return n
}

// What is spent after Last does not count.
func TestCostUntilLast(t *testing.T) {
	dir := t.TempDir()
	g := shell(t, busy+`echo > `+dir+`/one; while [ ! -e `+dir+`/go ]; do sleep 0.01; done; `+busy+busy+busy+busy+`echo > `+dir+`/two; read x`)
	wait := func(name string) {
		eventually(t, name, func() bool { _, err := os.Stat(dir + "/" + name); return err == nil })
	}
	wait("one")
	g.Last()
	before := cpu(g.pids()[0])
	if err := os.WriteFile(dir+"/go", nil, 0o644); err != nil {
		t.Fatal(err)
	}
	eventually(t, "end", func() bool { all, _ := g.Ended(); return all })
	if cost := g.End(); cost.CPU > 3*before || cost.PeakKB == 0 {
		t.Errorf("cost %+v, where %v were spent at Last", cost, before)
	}
}

// The first end is told, as long as others are not over.
func TestEnded(t *testing.T) {
	g := Start(t, netns.New(t), [][]string{{"/bin/sh", "-c", "exit 3"}, {"/bin/sh", "-c", "read x; sleep 1000"}}, Options{})
	eventually(t, "end", func() bool { _, how := g.Ended(); return strings.Contains(how, "exit status 3") })
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no %s", what)
		}
	}
}
