package result

// Summary is what the runs of one client in one scene have in common.
type Summary struct {
	Scene
	Client       string
	Runs, Failed int    // in Failed of Runs not all links had the right address
	Fault        string // of a run that had one, first of those that failed

	// Of the runs that did not fail, in the units of Run; memory in MB.
	FirstAddr, LastAddr, LastRoute, CPU Spread
	PeakMB, SteadyMB                    Spread
	Frames, Wakeups, Calls              Spread
	Routes                              int // links with one default route, in the worst run
	Binary                              int

	// What it takes in a run, divided by what the reference takes in the run beside it.
	FirstRatio, LastRatio, CPURatio Spread
}

// Summarise makes a summary of each client in each scene, in the order of the runs.
func Summarise(runs []Run, reference string) (list []Summary) {
	type key struct {
		Scene
		client string
	}
	type pair struct {
		Scene
		round int
	}
	groups, beside := map[key][]Run{}, map[pair]Run{}
	var order []key
	for _, r := range runs {
		k := key{r.Scene, r.Client}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], r)
		if r.Client == reference && r.Complete() {
			beside[pair{r.Scene, r.Round}] = r
		}
	}
	for _, k := range order {
		list = append(list, summarise(groups[k], func(r Run) (Run, bool) {
			other, ok := beside[pair{r.Scene, r.Round}]
			return other, ok
		}))
	}
	return list
}

func summarise(runs []Run, beside func(Run) (Run, bool)) Summary {
	s := Summary{Scene: runs[0].Scene, Client: runs[0].Client, Runs: len(runs), Routes: runs[0].Routes, Binary: runs[0].Binary}
	var complete []Run
	failed := ""
	for _, r := range runs {
		s.Routes = min(s.Routes, r.Routes)
		if r.Complete() {
			complete = append(complete, r)
			s.Fault = first(s.Fault, r.Fault)
			continue
		}
		s.Failed++
		failed = first(failed, r.Missed, r.Fault)
	}
	s.Fault = first(failed, s.Fault)

	of := func(value func(Run) float64) Spread {
		var values []float64
		for _, r := range complete {
			if v := value(r); v > 0 || r.Probe != "" { // 0 is unknown, but for what is counted
				values = append(values, v)
			}
		}
		return spread(values)
	}
	s.FirstAddr = of(func(r Run) float64 { return r.FirstAddr })
	s.LastAddr = of(func(r Run) float64 { return r.LastAddr })
	s.LastRoute = of(func(r Run) float64 { return r.LastRoute })
	s.CPU = of(func(r Run) float64 { return r.CPU })
	s.PeakMB = of(func(r Run) float64 { return float64(r.PeakKB) / 1024 })
	s.SteadyMB = of(func(r Run) float64 { return float64(r.SteadyKB) / 1024 })
	s.Frames = of(func(r Run) float64 { return float64(r.Sent + r.Received) })
	s.Wakeups = of(func(r Run) float64 { return float64(r.Wakeups) })
	s.Calls = of(func(r Run) float64 { return float64(r.Calls) })

	ratio := func(value func(Run) float64) Spread {
		var ratios []float64
		for _, r := range complete {
			if other, ok := beside(r); ok && value(other) > 0 {
				ratios = append(ratios, value(r)/value(other))
			}
		}
		return spread(ratios)
	}
	s.FirstRatio = ratio(func(r Run) float64 { return r.FirstAddr })
	s.LastRatio = ratio(func(r Run) float64 { return r.LastAddr })
	s.CPURatio = ratio(func(r Run) float64 { return r.CPU })
	return s
}

// first is the first text that says something.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
