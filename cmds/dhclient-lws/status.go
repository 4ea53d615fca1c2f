package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"time"

	"github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws/internal/manual"
)

// status is "dhclient-lws status": what the resident last wrote, for a person or
// as JSON. It returns the exit status: 1 if there is nothing to show, or nobody
// alive behind it.
func status(args []string, now time.Duration, out, complaints io.Writer) int {
	var asJSON bool
	dir := defaultStateDir
	fs := quietFlagSet()
	boolean(fs, "json", &asJSON)
	fs.Func("state-dir", "a directory", func(s string) error {
		dir = s
		return check(s != "")
	})
	interfaces, err := parseInterspersed(fs, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, &manual.Status)
		return 0
	case err != nil:
		fmt.Fprintln(complaints, "dhclient-lws:", err)
		return exitUsage
	}
	st, err := readStatusFile(statusPath(dir))
	if err == nil {
		st.links, err = pick(st.links, interfaces)
	}
	if err != nil {
		fmt.Fprintln(complaints, "dhclient-lws:", err)
		return exitFailure
	}
	if asJSON {
		_, err = out.Write(statusJSON(st, now))
	} else {
		w := bufio.NewWriter(out)
		err = errors.Join(table(w, each(st.links), now), w.Flush())
	}
	if err != nil {
		fmt.Fprintln(complaints, "dhclient-lws:", err)
		return exitFailure
	}
	if !st.alive() {
		fmt.Fprintf(complaints, "dhclient-lws: the resident (pid %d) is gone; this is what it wrote %s ago\n",
			st.pid, elapsed(now-time.Duration(st.written)*time.Millisecond))
		return exitFailure
	}
	return 0
}

// each goes over the links without copying them.
func each(links []linkStatus) iter.Seq[*linkStatus] {
	return func(yield func(*linkStatus) bool) {
		for i := range links {
			if !yield(&links[i]) {
				return
			}
		}
	}
}

// alive reports whether the process that wrote the file is still there.
func (s *statusFile) alive() bool {
	return s.pidStart != 0 && processStart(int(s.pid)) == s.pidStart
}

// statusJSON is the schema of the file, with what depends on the present moment
// computed: whether the resident is alive, and how long leases last.
func statusJSON(st *statusFile, now time.Duration) []byte {
	w := &jsonWriter{}
	alive := st.alive()
	(&fields{w: w, now: now}).object(func(f *fields) {
		st.fields(f)
		if len(st.links) == 0 {
			w.key("links")
			w.open('[')
			w.end(']')
		}
		f.bool("alive", &alive)
	})
	return append(w.b, '\n')
}

// pick keeps the links that the patterns name, all if there are none.
func pick(links []linkStatus, patterns []string) ([]linkStatus, error) {
	if len(patterns) == 0 {
		return links, nil
	}
	used := make([]bool, len(patterns))
	links = slices.DeleteFunc(links, func(l linkStatus) bool {
		found := false
		for i, p := range patterns {
			if matched, _ := path.Match(p, l.name); matched || p == l.name {
				found, used[i] = true, true
			}
		}
		return !found
	})
	if i := slices.Index(used, false); i >= 0 {
		return nil, fmt.Errorf("the resident has no interface %s", safeName(patterns[i]))
	}
	return links, nil
}
