package result

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Tables are all summaries in Markdown, a table for each scene.
func Tables(list []Summary) string {
	var b strings.Builder
	for len(list) > 0 {
		scene, n := list[0].Scene, 1
		for n < len(list) && list[n].Scene == scene {
			n++
		}
		fmt.Fprintf(&b, "### %s\n\n", heading(scene))
		table := timesTable
		switch scene.Probe {
		case Idle:
			table = idleTable
		case Calls:
			table = callsTable
		}
		b.WriteString(table(list[:n]))
		b.WriteString("\n")
		list = list[n:]
	}
	return b.String()
}

var starts = map[string]string{
	"up":      "up",
	"down":    "down at the start",
	"carrier": "whose carrier comes half a second after the start",
	"lossy":   "whose first frame is lost",
}

var modes = map[string]string{Rapid: ", rapid commit", Reboot: ", INIT-REBOOT"}

var probes = map[string]string{Idle: ": at rest", Calls: ": system calls"}

func heading(s Scene) string {
	links := fmt.Sprintf("%d links %s", s.Links, starts[s.Start])
	if s.Links == 1 {
		links = "One link " + starts[s.Start]
	}
	return links + modes[s.Mode] + ", " + s.Server + probes[s.Probe]
}

func timesTable(list []Summary) string {
	rows := [][]string{{"client", "first address (ms)", "× floor", "last address (ms)", "× floor", "last route (ms)", "CPU (ms)", "× floor", "peak RSS (MB)", "frames", "links with a default route", "runs", "fault"}}
	for _, s := range list {
		rows = append(rows, []string{
			s.Client, s.FirstAddr.ranged(), s.FirstRatio.middle(), s.LastAddr.ranged(), s.LastRatio.middle(), s.LastRoute.middle(),
			s.CPU.middle(), s.CPURatio.middle(), s.PeakMB.middle(), s.Frames.middle(), strconv.Itoa(s.Routes), s.counted(), s.Fault,
		})
	}
	return markdown(rows)
}

func idleTable(list []Summary) string {
	rows := [][]string{{"client", "RSS (MB)", "wake-ups in 10 s", "runs", "fault"}}
	for _, s := range list {
		rows = append(rows, []string{s.Client, s.SteadyMB.middle(), s.Wakeups.ranged(), s.counted(), s.Fault})
	}
	return markdown(rows)
}

func callsTable(list []Summary) string {
	rows := [][]string{{"client", "system calls", "program (kB)", "runs", "fault"}}
	for _, s := range list {
		rows = append(rows, []string{s.Client, s.Calls.middle(), strconv.Itoa(s.Binary / 1000), s.counted(), s.Fault})
	}
	return markdown(rows)
}

// counted says how many runs there were, and how many of them failed.
func (s *Summary) counted() string {
	if s.Failed == 0 {
		return strconv.Itoa(s.Runs)
	}
	return fmt.Sprintf("%d, **%d failed**", s.Runs, s.Failed)
}

func (s Spread) middle() string {
	if s.N == 0 {
		return "–"
	}
	return Number(s.Median)
}

// ranged has the range beside the median, if there is one.
func (s Spread) ranged() string {
	if s.N < 2 {
		return s.middle()
	}
	return fmt.Sprintf("%s (%s–%s)", Number(s.Median), Number(s.Low), Number(s.High))
}

// Number has three digits that count, or all of those before the point.
func Number(v float64) string {
	decimals := 0
	if v > 0 {
		decimals = max(0, 2-int(math.Floor(math.Log10(v))))
	}
	text := strconv.FormatFloat(v, 'f', min(decimals, 2), 64)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// markdown is a table whose first row is its head.
func markdown(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		for j, cell := range row {
			row[j] = strings.NewReplacer("|", "\\|", "\n", " ").Replace(cell)
		}
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
		if i == 0 {
			b.WriteString(strings.Repeat("|---", len(row)) + "|\n")
		}
	}
	return b.String()
}
