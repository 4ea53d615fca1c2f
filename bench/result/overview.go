package result

import (
	"fmt"
	"slices"
	"strconv"
)

// Overview is two small tables in Markdown: how long all links take, up at the start,
// and what that costs.
func Overview(list []Summary) string {
	o := overview(list)
	return markdown(o.times()) + "\n" + markdown(o.costs())
}

type overview []Summary

// clients are all of them, in the order in which they come.
func (o overview) clients() (names []string) {
	for _, s := range o {
		if !slices.Contains(names, s.Client) {
			names = append(names, s.Client)
		}
	}
	return names
}

// links are the numbers of links that there are scenes of, in order.
func (o overview) links() (numbers []int) {
	for _, s := range o {
		numbers = append(numbers, s.Links)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// plain is the summary of a client in a plain scene, whichever the server.
func (o overview) plain(client string, links int, start, probe string) (Summary, bool) {
	for _, s := range o {
		if s.Client == client && s.Links == links && s.Start == start && s.Probe == probe && s.Mode == "" {
			return s, true
		}
	}
	return Summary{}, false
}

func (o overview) times() (rows [][]string) {
	head := []string{"last address, ms (× floor)"}
	for _, n := range o.links() {
		if n == 1 {
			head = append(head, "1 link", "1 link, down")
			continue
		}
		head = append(head, fmt.Sprint(n))
	}
	rows = append(rows, head)
	for _, c := range o.clients() {
		row := []string{c}
		for _, n := range o.links() {
			row = append(row, o.time(c, n, "up"))
			if n == 1 {
				row = append(row, o.time(c, n, "down"))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func (o overview) time(client string, links int, start string) string {
	s, ok := o.plain(client, links, start, "")
	switch {
	case !ok:
		return ""
	case s.LastAddr.N == 0:
		return "fails"
	case s.LastRatio.N == 0:
		return s.LastAddr.middle()
	}
	return fmt.Sprintf("%s (%s)", s.LastAddr.middle(), s.LastRatio.middle())
}

func (o overview) costs() (rows [][]string) {
	const many = 64
	rows = append(rows, []string{
		"", "CPU, ms, 1 link", fmt.Sprintf("CPU, ms, %d links", many), "peak RSS, MB, 1 link", fmt.Sprintf("peak RSS, MB, %d links", many),
		"system calls, 1 link", fmt.Sprintf("system calls, %d links", many), "wake-ups in 10 s", "program, kB", fmt.Sprintf("of %d links have a default route", many),
	})
	for _, c := range o.clients() {
		one, _ := o.plain(c, 1, "up", "")
		lots, ok := o.plain(c, many, "up", "")
		oneTraced, _ := o.plain(c, 1, "up", Calls)
		lotsTraced, _ := o.plain(c, many, "up", Calls)
		idle, _ := o.plain(c, 1, "up", Idle)
		routes := ""
		if ok {
			routes = strconv.Itoa(lots.Routes)
		}
		rows = append(rows, []string{
			c, one.CPU.middle(), lots.CPU.middle(), one.PeakMB.middle(), lots.PeakMB.middle(),
			oneTraced.Calls.middle(), lotsTraced.Calls.middle(), idle.Wakeups.middle(), strconv.Itoa(one.Binary / 1000), routes,
		})
	}
	return rows
}
