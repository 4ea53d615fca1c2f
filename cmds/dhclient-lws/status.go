package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"time"
)

// status is "dhclient-lws status": what the resident last wrote, for a person or
// as JSON. It returns the exit status: 1 if there is nothing to show, or nobody
// alive behind it.
func status(args []string, now time.Duration, out, complaints io.Writer) int {
	var asJSON bool
	dir := defaultStateDir
	fs := quietFlagSet()
	boolean(fs, "json", func(v bool) { asJSON = v })
	fs.Func("state-dir", "a directory", func(s string) error {
		dir = s
		return check(s != "")
	})
	interfaces, err := parseInterspersed(fs, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, helpPage)
		return 0
	case err != nil:
		fmt.Fprintln(complaints, "dhclient-lws:", err)
		return exitUsage
	}
	st, err := readStatusFile(dir)
	if err == nil {
		st.Links, err = pick(st.Links, interfaces)
	}
	if err != nil {
		fmt.Fprintln(complaints, "dhclient-lws:", err)
		return exitFailure
	}
	alive := st.PIDStart != 0 && processStart(st.PID) == st.PIDStart
	if asJSON {
		st.Alive = &alive
		err = writeJSON(out, st, now)
	} else {
		_, err = io.WriteString(out, table(st.Links, now))
	}
	if err != nil {
		fmt.Fprintln(complaints, "dhclient-lws:", err)
		return exitFailure
	}
	if !alive {
		fmt.Fprintf(complaints, "dhclient-lws: the resident (pid %d) is gone; this is what it wrote %s ago\n",
			st.PID, elapsed(now-time.Duration(st.WrittenMS)*time.Millisecond))
		return exitFailure
	}
	return 0
}

// maxStatusFile bounds what is read, in bytes: ten thousand links.
const maxStatusFile = 16 << 20

func readStatusFile(dir string) (*statusFile, error) {
	f, err := os.Open(statusPath(dir))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("no resident has written its state to %s", safeText(statusPath(dir)))
	case err != nil:
		return nil, err
	}
	defer f.Close()
	var st statusFile
	if err := json.NewDecoder(io.LimitReader(f, maxStatusFile)).Decode(&st); err != nil {
		return nil, fmt.Errorf("%s is damaged: %w", safeText(f.Name()), err)
	}
	if st.Version != statusVersion {
		return nil, fmt.Errorf("%s has version %d, and this program knows version %d", safeText(f.Name()), st.Version, statusVersion)
	}
	return &st, nil
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
			if matched, _ := path.Match(p, l.Interface); matched || p == l.Interface {
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

// writeJSON writes the schema of the file, with what depends on the present
// moment computed.
func writeJSON(out io.Writer, st *statusFile, now time.Duration) error {
	for i := range st.Links {
		l := st.Links[i].Lease
		if l == nil {
			continue
		}
		for _, t := range []struct {
			in **int64
			ms int64
		}{{&l.RenewIn, l.RenewMS}, {&l.RebindIn, l.RebindMS}, {&l.ExpiresIn, l.ExpiryMS}} {
			if t.ms != 0 {
				left := max((t.ms-now.Milliseconds())/1000, 0)
				*t.in = &left
			}
		}
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(st)
}
