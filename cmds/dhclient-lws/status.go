package main

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws/internal/manual"
	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
)

// statusArguments is what "status", the first word that is no flag and no flag's
// value, is called with; the command's own flags may stand in front.
func statusArguments(args []string) (list []string, ok bool) {
	if !slices.Contains(args, "status") {
		return nil, false
	}
	fs := new(options).flags()
	boolean(fs, "json", new(bool))
	rest, err := fs.parse(args)
	if err != nil || len(rest) == 0 || rest[0] != "status" {
		return nil, false
	}
	at := len(args) - len(rest)
	return slices.Concat(args[:at], args[at+1:]), true
}

// status is "dhclient-lws status": what the resident last wrote, for a person or
// as JSON. It returns the exit status: 1 if there is nothing to show, or nobody
// alive behind it.
func status(args []string, now time.Duration, out, complaints io.Writer) int {
	say := func(line string) { _, _ = io.WriteString(complaints, linePrefix+line+"\n") }
	var asJSON bool
	dir := defaultStateDir
	fs := newFlagSet()
	boolean(fs, "json", &asJSON)
	fs.add("state-dir", "a directory", func(s string) error {
		dir = s
		return check(s != "")
	})
	arguments, err := fs.parseInterspersed(args)
	var interfaces []selector
	if err == nil {
		interfaces, err = parseSelectors(arguments)
	}
	switch {
	case errors.Is(err, errHelp):
		_, _ = io.WriteString(out, manual.Status.String())
		return 0
	case err != nil:
		say(err.Error())
		return exitUsage
	}
	all, err := residents(dir)
	if err == nil {
		err = pick(all, interfaces)
	}
	if err != nil {
		say(err.Error())
		return exitFailure
	}
	if asJSON {
		_, err = out.Write(statusJSON(all, now))
	} else {
		w := bufio.NewWriter(out)
		err = errors.Join(show(w, all, now), w.Flush())
	}
	if err != nil {
		say(err.Error())
		return exitFailure
	}
	if st := all[0]; !st.alive() {
		say("the resident (pid " + strconv.FormatInt(st.pid, 10) + ") is gone; this is what it wrote " +
			elapsed(now-time.Duration(st.written)*time.Millisecond) + " ago")
		return exitFailure
	}
	return 0
}

// few is how many links are shown with all about them: they fit a screen or two.
const few = 8

// show prints a table, with the details if there are few links.
func show(w io.Writer, residents []*statusFile, now time.Duration) error {
	links := 0
	for _, st := range residents {
		links += len(st.links)
	}
	more := func(l *linkStatus, b []byte) []byte { return l.appendDetails(b, now) }
	if links > few {
		more = nil
	}
	err := table(w, each(residents), now, more)
	if err == nil && links > few {
		_, err = io.WriteString(w, strconv.Itoa(links)+" links; more is told of "+strconv.Itoa(few)+" or fewer\n")
	}
	for _, st := range residents {
		if err == nil && st.alive() {
			_, err = io.WriteString(w, "pid "+strconv.FormatInt(st.pid, 10)+", running for "+roughDuration(st.running(now))+"\n")
		}
	}
	return err
}

// residents is what all living residents wrote, the first one's first. If none
// lives it is what the first one wrote last.
func residents(dir string) ([]*statusFile, error) {
	first, err := readStatusFile(statusPath(dir))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var all []*statusFile
	if err == nil && first.alive() {
		all = append(all, first)
	}
	for _, path := range furtherPaths(dir) {
		// One that ends just now takes its file away.
		if st, err := readStatusFile(path); err == nil && st.alive() {
			all = append(all, st)
		}
	}
	if len(all) > 0 {
		return all, nil
	}
	if err != nil {
		if pid := lockHolder(dir); pid != 0 {
			err = wrap.As(err.Error()+", but pid "+strconv.Itoa(pid)+" runs as one: it has just begun, or cannot write there", err)
		}
	}
	return []*statusFile{first}, err
}

// each goes over the links of residents without copying them.
func each(residents []*statusFile) iter.Seq[*linkStatus] {
	return func(yield func(*linkStatus) bool) {
		for _, st := range residents {
			for i := range st.links {
				if !yield(&st.links[i]) {
					return
				}
			}
		}
	}
}

// running is how long the resident has been.
func (s *statusFile) running(now time.Duration) time.Duration {
	return now - time.Duration(s.start)*time.Millisecond
}

// alive reports whether the process that wrote the file is still there.
func (s *statusFile) alive() bool {
	return s.pidStart != 0 && processStart(int(s.pid)) == s.pidStart
}

// statusJSON is the schema of the file, with what depends on the present moment
// computed: whether the resident is alive, and how long leases last. Further
// residents stand in the first one's field "others".
func statusJSON(residents []*statusFile, now time.Duration) []byte {
	w := &jsonWriter{}
	describe := func(f *fields, st *statusFile) {
		alive := st.alive()
		st.fields(f)
		if len(st.links) == 0 {
			w.key("links")
			w.open('[')
			w.end(']')
		}
		f.bool("alive", &alive)
		if alive {
			uptime := int64(st.running(now).Seconds())
			f.int("uptime_s", &uptime)
		}
	}
	(&fields{w: w, now: now}).object(func(f *fields) {
		describe(f, residents[0])
		others := residents[1:]
		list(f, "others", &others, func(f *fields, st **statusFile) {
			f.object(func(f *fields) { describe(f, *st) })
		})
	})
	return append(w.b, '\n')
}

// pick keeps the links that are meant, all if there are no arguments.
func pick(residents []*statusFile, selectors []selector) error {
	if len(selectors) == 0 {
		return nil
	}
	used := make([]bool, len(selectors))
	for _, st := range residents {
		kept := st.links[:0]
		for i := range st.links {
			l, meant := &st.links[i], false
			for j := range selectors {
				s := &selectors[j]
				if s.hw == nil && s.matchesName(l.name) || s.hw != nil && l.hardware == dhcp4.HardwareAddr(*s.hw).String() {
					meant, used[j] = true, true
				}
			}
			if meant {
				kept = append(kept, *l)
			}
		}
		st.links = kept
	}
	if i := slices.Index(used, false); i >= 0 {
		return errors.New("the resident has no interface " + safeName(selectors[i].text))
	}
	return nil
}
