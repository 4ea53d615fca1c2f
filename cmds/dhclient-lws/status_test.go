package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws/internal/manual"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

func TestStatusOfNobody(t *testing.T) {
	b := newBox(t)
	out, status := b.run(t, "status")
	if want := "dhclient-lws: no resident has written its state to " + b.state + "/status.json\n"; out != want || status != 1 {
		t.Errorf("status %d, output %q, want %q", status, out, want)
	}
}

// One that could not write its state is there all the same, and who asks is told whom
// to look for.
func TestStatusOfTheMute(t *testing.T) {
	b := newBox(t)
	locks := newLocks(b.state)
	if err := locks.take("eth0", nil); err != nil {
		t.Fatal(err)
	}
	defer locks.release("eth0")
	want := "dhclient-lws: no resident has written its state to " + statusPath(b.state) +
		", but pid " + itoa(os.Getpid()) + " runs as one: it has just begun, or cannot write there\n"
	if out, status := b.run(t, "status"); out != want || status != 1 {
		t.Errorf("status %d, output %q, want %q", status, out, want)
	}
}

func TestStatusOfTheLiving(t *testing.T) {
	b := newServedBox(t, "eth0", "eth1")
	p := b.start(t, "eth0", "eth1")
	p.prints("2 of 2 links bound")

	out, status := b.run(t, "status")
	if status != 0 {
		t.Errorf("status %d", status)
	}
	for i, name := range []string{"eth0", "eth1"} {
		subnet := `10\.77\.` + itoa(i)
		wantMatch(t, out, `(?m)^`+name+` +BOUND  `+subnet+`\.[0-9]+/24 +`+subnet+`\.1 +`+subnet+`\.2 +(1h|59m\d+s)\n`+
			`  installed \d+s ago, renews in (30m|29m\d+s), rebinds in 52m\d+s,\s+lease from `+subnet+`\.1\n`+
			`  \d+ sent, \d+ received`)
	}
	fits(t, out)
	wantMatch(t, out, `\npid `+itoa(p.Process.Pid)+`, running for \d+s\n$`)
	out, status = b.run(t, "status", "eth1")
	if status != 0 || strings.Contains(out, "eth0") || !strings.Contains(out, "eth1") {
		t.Errorf("eth1: status %d, output:\n%s", status, out)
	}
	out, status = b.run(t, "status", "eth*", "eth9")
	if status != 1 || out != "dhclient-lws: the resident has no interface eth9\n" {
		t.Errorf("eth9: status %d, output:\n%s", status, out)
	}

	out, status = b.run(t, "status", "-json", "eth0")
	var st struct {
		Version, PID int
		Alive        bool
		Uptime       *int `json:"uptime_s"`
		Result       string
		Links        []struct {
			Interface, State string
			Carrier          bool
			Metric           int
			Sent, Received   int
			Lease            struct {
				Address, Server string
				Routers, DNS    []string
				Domain          string
				RenewIn         int `json:"renew_in_s"`
				ExpiresIn       int `json:"expires_in_s"`
			}
			Timeline []struct {
				What string
				MS   float64
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &st); err != nil || status != 0 {
		t.Fatalf("status %d, %v:\n%s", status, err, out)
	}
	if st.Version != 1 || st.PID != p.Process.Pid || !st.Alive || st.Uptime == nil || *st.Uptime > 60 || st.Result != "ok" || len(st.Links) != 1 {
		t.Fatalf("%+v", st)
	}
	l := st.Links[0]
	if l.Interface != "eth0" || l.State != "BOUND" || !l.Carrier || l.Metric != 1024 || l.Sent < 2 || l.Received < 2 {
		t.Errorf("link: %+v", l)
	}
	if l.Lease.Server != "10.77.0.1" || l.Lease.Domain != "net0.example" || l.Lease.RenewIn < 1700 || l.Lease.ExpiresIn < 3500 || l.Lease.ExpiresIn > 3600 {
		t.Errorf("lease: %+v", l.Lease)
	}
	if n := len(l.Timeline); n < 7 || l.Timeline[0].What != "up" || l.Timeline[n-1].What != "installed" || l.Timeline[n-1].MS <= l.Timeline[0].MS {
		t.Errorf("timeline: %+v", l.Timeline)
	}
}

func TestStatusOfTheDead(t *testing.T) {
	b := newBox(t)
	p := b.start(t, "-wait", "none", "eth0")
	p.prints("eth0       absent")
	p.signal(unix.SIGKILL)
	p.end()
	out, status := b.run(t, "status")
	if status != 1 || !strings.Contains(out, "eth0       absent") || !strings.Contains(out, "the resident (pid "+itoa(p.Process.Pid)+") is gone; this is what it wrote ") {
		t.Errorf("status %d, output:\n%s", status, out)
	}
	out, status = b.run(t, "status", "-json")
	if status != 1 || !strings.Contains(out, `"alive":false`) {
		t.Errorf("status %d, output:\n%s", status, out)
	}
}

func wantMatch(t *testing.T, text, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(text) {
		t.Errorf("%s does not match\n%s", pattern, text)
	}
}

// A PID is used again by another process, which is not the resident.
func TestPIDIsUsedAgain(t *testing.T) {
	st := statusFile{pid: int64(os.Getpid()), pidStart: processStart(os.Getpid())}
	if !st.alive() {
		t.Error("this very process is taken for dead")
	}
	st.pidStart--
	if st.alive() {
		t.Error("a process that began at another time is taken for the resident")
	}
}

// A resident that has ended is dead even if nobody has taken note.
func TestZombieIsNotAlive(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "die", func() bool { return childrenOf(t, os.Getpid())[cmd.Process.Pid] == 'Z' })
	if start := processStart(cmd.Process.Pid); start != 0 {
		t.Errorf("a zombie was started at %d", start)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestStatusIsDamaged(t *testing.T) {
	b := newBox(t)
	if err := os.Mkdir(b.state, 0o755); err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]string{
		"":                           "is damaged",
		"{":                          "is damaged",
		`{"version":1} x`:            "is damaged",
		`{"version":2,"links":7}`:    "is damaged",
		`{"version":2,"links":[{}]}`: "has version 2, and this program reads version 1",
	} {
		if err := os.WriteFile(statusPath(b.state), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		out, status := b.run(t, "status")
		if status != 1 || out != "dhclient-lws: "+b.state+"/status.json "+want+"\n" {
			t.Errorf("%q: status %d, output %q", content, status, out)
		}
	}
}

// "status" is the command if it is the first word that belongs to no flag.
func TestStatusIsTheFirstWord(t *testing.T) {
	for args, want := range map[string]string{
		"status":                     "",
		"status eth0":                "eth0",
		"-state-dir /d status -json": "-state-dir /d -json",
		"-json status":               "-json",
		"-v status eth0":             "-v eth0", // which it refuses
		"eth0 status":                "not",
		"-interface status":          "not",
		"-hostname status eth0":      "not",
		"eth0":                       "not",
	} {
		list, ok := statusArguments(words(args))
		if got := strings.Join(list, " "); ok == (want == "not") || ok && got != want {
			t.Errorf("%q: %q, %v; want %q", args, got, ok, want)
		}
	}
	b := newBox(t)
	want := "dhclient-lws: no resident has written its state to " + b.state + "/status.json\n"
	p := b.command(t)
	p.Args = []string{"dhclient-lws", "-state-dir", b.state, "status"}
	b.launch(p)
	if out := p.end(); out != want {
		t.Errorf("output %q, want %q", out, want)
	}
	want = "dhclient-lws: status goes with no command\nresult usage\n"
	if out, status := b.run(t, "-wait", "none", "status", "--", "sh", "-c", `echo "result $DHCLIENT_LWS_RESULT"`); out != want || status != 0 {
		t.Errorf("with a command: status %d, output %q", status, out)
	}
}

// Links are picked by what the client takes as an interface.
func TestPick(t *testing.T) {
	all := exampleStatus()
	all.links[0].hardware = "02:00:00:00:00:0a"
	for argument, want := range map[string]string{
		"eth1":              "eth1",
		"eth[12]":           "eth1 eth2",
		"^eth[23]$":         "eth2 eth3",
		"02:00:00:00:00:0A": "eth0",
		"x$(id)":            "x$(id)",
	} {
		selectors, err := parseSelectors([]string{argument})
		if err != nil {
			t.Fatal(err)
		}
		st := *all
		st.links = slices.Clone(all.links)
		err = pick([]*statusFile{&st}, selectors)
		var got []string
		for _, l := range st.links {
			got = append(got, l.name)
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %q, %v; want %s", argument, got, err, want)
		}
	}
}

func TestStatusArguments(t *testing.T) {
	var out, complaints bytes.Buffer
	if code := status([]string{"-h"}, 0, &out, &complaints); code != 0 || out.String() != manual.Status.String() {
		t.Errorf("-h: %d", code)
	}
	if code := status([]string{"["}, 0, &out, &complaints); code != 2 || !strings.HasPrefix(complaints.String(), `dhclient-lws: interface "[": not a shell pattern; `) {
		t.Errorf("[: %d, %q", code, complaints.String())
	}
	complaints.Reset()
	if code := status([]string{"-yaml"}, 0, &out, &complaints); code != 2 || complaints.String() != "dhclient-lws: unknown flag -yaml; -h lists those there are\n" {
		t.Errorf("-yaml: %d, %q", code, complaints.String())
	}
}

// What was written is read back, text of any kind included.
func TestSchemaRoundTrip(t *testing.T) {
	rfc.Shows(t, "H-TXT-07")
	want := exampleStatus()
	want.links[0].lastError = "a\nb\"c\\d\x1b[2J\x00 é 😀"
	now := sec(30)
	w := &jsonWriter{}
	(&fields{w: w, now: now}).object(want.fields)

	r := &jsonReader{in: w.b}
	var got statusFile
	(&fields{r: r}).object(got.fields)
	if !r.end() {
		t.Fatalf("%v after\n%s", r.err, w.b)
	}
	again := &jsonWriter{}
	(&fields{w: again, now: now}).object(got.fields)
	if !bytes.Equal(w.b, again.b) || got.links[0].lastError != want.links[0].lastError {
		t.Errorf("got\n%s\nwant\n%s", again.b, w.b)
	}
	if !json.Valid(w.b) {
		t.Errorf("not JSON: %s", w.b)
	}
}

func TestJSONIsNotTooDeep(t *testing.T) {
	for depth, want := range map[int]bool{maxDepth: true, maxDepth + 1: false, 1 << 20: false} {
		r := &jsonReader{in: []byte(strings.Repeat("[", depth) + strings.Repeat("]", depth))}
		if r.skip(); (r.err == nil) != want {
			t.Errorf("%d brackets: %v", depth, r.err)
		}
	}
}

// The reader agrees with encoding/json on what is JSON, and on what strings say.
func FuzzJSON(f *testing.F) {
	w := &jsonWriter{}
	(&fields{w: w}).object(exampleStatus().fields)
	f.Add(w.b)
	for _, s := range []string{`"\u00e9\ud83d\ude00\ud800\\\/"`, `[1,-2.5e+3,true,null]`, `{"a":{"b":[]}}`, `{"a":01}`, `[1,]`, strings.Repeat("[", 100), "\"\x00\"", `"\ud800\u0041"`, "\"\x80\xff\"", "0\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := &jsonReader{in: in}
		r.skip()
		if r.end() && !json.Valid(in) {
			t.Errorf("%q was taken", in)
		}
		var want string
		if json.Unmarshal(in, &want) == nil && want != "" {
			r = &jsonReader{in: in}
			if got := string([]rune(r.text())); got != want || r.err != nil { // bytes that are not UTF-8 become U+FFFD
				t.Errorf("%q is %q, want %q", in, got, want)
			}
			w := &jsonWriter{}
			w.text(want)
			var back string
			if err := json.Unmarshal(w.b, &back); err != nil || back != want {
				t.Errorf("%q was written as %s", want, w.b)
			}
		}
		(&fields{r: &jsonReader{in: in}}).object(new(statusFile).fields)
	})
}
