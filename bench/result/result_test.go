package result

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var up = Scene{Links: 2, Start: "up", Server: "kea"}

func run(client string, round int, last float64, change ...func(*Run)) Run {
	r := Run{Scene: up, Client: client, Round: round, FirstAddr: last / 2, LastAddr: last, CPU: last, Right: 2, Routes: 2, Resolver: true}
	for _, c := range change {
		c(&r)
	}
	return r
}

func TestSpread(t *testing.T) {
	for _, test := range []struct {
		values []float64
		want   Spread
	}{
		{nil, Spread{}},
		{[]float64{3}, Spread{3, 3, 3, 1}},
		{[]float64{9, 1, 2}, Spread{2, 1, 9, 3}},
		{[]float64{4, 1, 2, 100}, Spread{3, 1, 100, 4}},
	} {
		if got := spread(test.values); got != test.want {
			t.Errorf("%v: %+v, want %+v", test.values, got, test.want)
		}
	}
}

// A ratio is that of two runs of the same round, whatever the machine did in others.
func TestRatiosAreThoseOfPairs(t *testing.T) {
	list := Summarise([]Run{
		run("floor", 0, 10), run("ours", 0, 20),
		run("ours", 1, 200), run("floor", 1, 100),
		run("floor", 2, 1), run("ours", 2, 3),
		run("ours", 3, 7), // whose floor is missing
	}, "floor")
	if want := (Spread{Median: 2, Low: 2, High: 3, N: 3}); list[1].LastRatio != want {
		t.Errorf("ratios %+v, want %+v", list[1].LastRatio, want)
	}
	if want := (Spread{Median: 1, Low: 1, High: 1, N: 3}); list[0].LastRatio != want {
		t.Errorf("the floor's own %+v, want %+v", list[0].LastRatio, want)
	}
}

// A run that failed is counted, shown, and adds nothing to any figure; what else is
// wrong in one that did not fail is shown too.
func TestFailuresAreShown(t *testing.T) {
	failed := func(r *Run) { r.Right, r.Fault = 1, "eth1 has 0 addresses" }
	strange := func(r *Run) { r.Routes, r.Fault = 1, "eth1 has 0 default routes" }
	missed := func(r *Run) { r.Missed = "announcements were lost" }
	list := Summarise([]Run{
		run("floor", 0, 10), run("bad", 0, 1, failed), run("odd", 0, 30, strange), run("unseen", 0, 5, missed),
		run("floor", 1, 10), run("bad", 1, 40), run("odd", 1, 30, strange), run("unseen", 1, 50),
	}, "floor")
	type shown struct {
		Failed, Routes, N int
		Median            float64
		Fault             string
	}
	var got []shown
	for _, s := range list {
		got = append(got, shown{s.Failed, s.Routes, s.LastAddr.N, s.LastAddr.Median, s.Fault})
	}
	want := []shown{
		{0, 2, 2, 10, ""},
		{1, 2, 1, 40, "eth1 has 0 addresses"},
		{0, 1, 2, 30, "eth1 has 0 default routes"},
		{1, 2, 1, 50, "announcements were lost"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if text := Tables(list); !strings.Contains(text, "| 2, **1 failed** | eth1 has 0 addresses |") {
		t.Errorf("the table does not show the failure:\n%s", text)
	}
}

// Wake-ups may be none at all, and that is a figure; a time of 0 is none.
func TestNothingIsAFigureWhereItIsCounted(t *testing.T) {
	idle := run("ours", 0, 10)
	idle.Probe = Idle
	list := Summarise([]Run{idle, run("ours", 0, 0)}, "floor")
	if got := list[0].Wakeups; got.N != 1 || got.Median != 0 {
		t.Errorf("no wake-ups: %+v", got)
	}
	if got := list[1].LastAddr; got.N != 0 {
		t.Errorf("no time: %+v", got)
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.004: "0", 0.126: "0.13", 1: "1", 1.234: "1.23", 12.34: "12.3", 123.4: "123", 12345: "12345"} {
		if got := Number(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}

// What was written is read again, and what is neither machine nor run is an error.
func TestLines(t *testing.T) {
	m, r := Machine{CPU: "one", CPUs: 2, Packages: map[string]string{"kea": "2"}}, run("ours", 3, 4)
	var file bytes.Buffer
	enc := json.NewEncoder(&file)
	for _, line := range []Line{{Machine: &m}, {Run: &r}} {
		if err := enc.Encode(line); err != nil {
			t.Fatal(err)
		}
	}
	gotM, gotR, err := Read(&file)
	if err != nil || !cmp.Equal(gotM, m) || !cmp.Equal(gotR, []Run{r}) {
		t.Errorf("read %+v, %+v, %v", gotM, gotR, err)
	}
	if _, _, err := Read(strings.NewReader("{}\n")); err == nil {
		t.Error("an empty line is taken")
	}
}

// The overview has a column for each number of links, and says who fails there.
func TestOverview(t *testing.T) {
	many := func(r *Run) { r.Links, r.Right = 64, 64 }
	none := func(r *Run) { r.Links, r.Right = 64, 3 }
	text := Overview(Summarise([]Run{
		run("floor", 0, 10), run("ours", 0, 15),
		run("floor", 0, 100, many), run("ours", 0, 150, many), run("bad", 0, 0, none),
	}, "floor"))
	for _, row := range []string{"| ours | 15 (1.5) | 150 (1.5) |", "| bad |  | fails |"} {
		if !strings.Contains(text, row) {
			t.Errorf("there is no row %q in\n%s", row, text)
		}
	}
}
