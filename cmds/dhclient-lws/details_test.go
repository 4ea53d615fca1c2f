package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

// shown is what "status" prints for these links.
func shown(t *testing.T, links []dhcpc.LinkStatus, now time.Duration) string {
	t.Helper()
	st := &statusFile{links: make([]linkStatus, len(links))}
	for i := range links {
		st.links[i].describe(&links[i], epoch)
	}
	var b strings.Builder
	if err := show(&b, []*statusFile{st}, now); err != nil {
		t.Fatal(err)
	}
	fits(t, b.String())
	return b.String()
}

// fits fails for what a terminal would break.
func fits(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if len(line) > columns+1 || strings.HasSuffix(line, " \n") {
			t.Errorf("%d columns: %q", len(line)-1, line)
		}
	}
}

// lifetime is links in every kind of state, the first after a boot.
func lifetime() []dhcpc.LinkStatus {
	links := exampleLinks()
	bound := &links[0]
	bound.Since, bound.Why = sec(1.0123), machine.ReasonInstalled
	bound.Refused[dhcp4.BadUDPChecksum] = 1
	bound.Timeline = []dhcpc.Mark{
		{What: "up", At: sec(.2031)},
		{What: "carrier", At: sec(.2031)},
		{What: "DISCOVER", At: sec(.2031)},
		{What: "OFFER", At: sec(.2689)},
		{What: "REQUEST", At: sec(.2689)},
		{What: "ACK", At: sec(.2795)},
		{What: "installed", At: sec(.2998)},
	}
	links[1].Why, links[1].Since = machine.ReasonRenew, sec(598)
	links[3].Why, links[3].Since = machine.ReasonNoCarrier, sec(360)
	return append(links, dhcpc.LinkStatus{
		Interface: "eth5", Index: 9, State: machine.IPv6Only, Since: sec(540), Why: machine.ReasonIPv6Only, Resumes: sec(2340),
		Carrier: true, Sent: 1, Received: 1,
		Timeline: []dhcpc.Mark{{What: "up", At: sec(1)}, {What: "DISCOVER", At: sec(539.4)}, {What: "OFFER", At: sec(540)}},
	})
}

func TestDetails(t *testing.T) {
	want := `INTERFACE  STATE       ADDRESS             ROUTER         DNS           LEASE
eth0       BOUND       10.77.0.50/24       10.77.0.1      10.77.0.2 +1  50m1s
  installed 9m59s ago, renews in 20m1s, rebinds in 42m31s, lease from 10.77.0.1,
  DNS 10.77.0.2 10.77.0.3
  2 sent, 2 received, refused: 1 bad UDP checksum
  up 203.1  carrier 203.1  DISCOVER 203.1  OFFER 268.9  REQUEST 268.9  ACK 279.5
  installed 299.8 ms
eth1       RENEWING    192.168.100.200/32  192.168.100.1  10.77.0.2 +1  forever
  renewal asked for 2s ago, lease from 10.77.0.1, DNS 10.77.0.2 10.77.0.3
  0 sent, 0 received
  error: network is unreachable
eth2       SELECTING   -                   -              -             -
  message sent 9m59s ago
  2 sent, 0 received, refused: 3 wrong xid, 1 no server identifier
  up 0.0  carrier 1200.0  DISCOVER 1200.0  DISCOVER 2700.0 ms
eth3       no carrier  -                   -              -             -
  no carrier 4m ago
  0 sent, 0 received
"x$(id)"   absent      -                   -              -             -
eth5       IPV6-ONLY   -                   -              -             -
  IPv6 only is preferred here 1m ago, asks again in 29m
  1 sent, 1 received
  up 1000.0 ms  DISCOVER 8m59s  OFFER 9m
`
	if diff := cmp.Diff(want, shown(t, lifetime(), sec(600))); diff != "" {
		t.Error(diff)
	}
}

// After T1 and T2 only what is to come is said, and after the end nothing.
func TestDetailsOfWhatIsOver(t *testing.T) {
	for after, want := range map[float64]string{
		1800: " renews in 1s, rebinds in 22m31s, lease", 2000: " ago, rebinds in 19m11s, lease", 3200: " ago, lease", 4000: " ago, lease",
	} {
		if got := shown(t, lifetime()[:1], sec(after)); !strings.Contains(strings.ReplaceAll(got, "\n ", ""), want) {
			t.Errorf("after %v s %q is not in\n%s", after, want, got)
		}
	}
}

// Hundreds of links are a row each; a few of them named are told of in full.
func TestManyLinksAreARowEach(t *testing.T) {
	var links []dhcpc.LinkStatus
	for i := range 256 {
		l := lifetime()[i%4]
		l.Interface = fmt.Sprint("eth", i)
		links = append(links, l)
	}
	text := shown(t, links, sec(600))
	if n := strings.Count(text, "\n"); n != 1+256+1 || !strings.HasSuffix(text, "\n256 links; more is told of 8 or fewer\n") {
		t.Errorf("%d lines:\n%s", n, text)
	}
	if text := shown(t, links[:few], sec(600)); !strings.Contains(text, "\n  2 sent, ") || strings.Contains(text, "links;") {
		t.Errorf("of %d links:\n%s", few, text)
	}
}

// What stands in a status file may be anybody's.
func TestDetailsAreHarmless(t *testing.T) {
	rfc.Shows(t, "H-TXT-07")
	l := linkStatus{
		name: "eth0\x1b[2J", index: 2, state: "\x1b]0;x\a", why: "a\nb", lastError: "\x1b[31m c\r d",
		timeline: []markStatus{{what: "\x9b2J"}}, refused: []refusedCount{{"e\x00f", 1}},
	}
	var b strings.Builder
	if err := show(&b, []*statusFile{{links: []linkStatus{l}}}, sec(1)); err != nil {
		t.Fatal(err)
	}
	for _, c := range b.String() {
		if c != '\n' && (c < ' ' || c > '~') {
			t.Fatalf("%q in\n%s", c, b.String())
		}
	}
	if n := strings.Count(b.String(), "\n"); n != 6 {
		t.Errorf("%d lines:\n%s", n, b.String())
	}
}

// A silent server makes the longest timeline, which is broken into lines.
func TestDetailsAreWrapped(t *testing.T) {
	if got := string(appendWrapped(nil, ", ", nil)); got != "" {
		t.Errorf("nothing is %q", got)
	}
	word := strings.Repeat("x", 38)
	for _, tt := range []struct {
		parts []string
		want  string
	}{
		{[]string{"a"}, "  a\n"},
		{[]string{word, word}, "  " + word + ", " + word + "\n"}, // 80 columns
		{[]string{word, word + "y"}, "  " + word + ",\n  " + word + "y\n"},
		{[]string{word + word + word, "a"}, "  " + word + word + word + ",\n  a\n"}, // what cannot be broken is not
	} {
		if got := string(appendWrapped(nil, ", ", tt.parts)); got != tt.want {
			t.Errorf("%q is\n%s", tt.parts, got)
		}
	}
}

func TestStatusTellsWhenIPv4IsAskedForAgain(t *testing.T) {
	links := lifetime()
	var l linkStatus
	l.describe(&links[len(links)-1], epoch)
	st := &statusFile{version: 1, links: []linkStatus{l}}
	got := string(statusJSON([]*statusFile{st}, sec(600)))
	if want := `"state":"IPV6-ONLY","since_ms":640000,"why":"IPv6 only is preferred here","resumes_ms":2440000,"resumes_in_s":1740,`; !strings.Contains(got, want) {
		t.Errorf("%s is not in\n%s", want, got)
	}
}

// A link that lost its lease says so until it has one again.
func TestStatusTellsOfALostLease(t *testing.T) {
	links := []dhcpc.LinkStatus{
		{
			Interface: "eth0", Index: 2, State: machine.Selecting, Carrier: true, Since: sec(599), Why: machine.ReasonSent, Sent: 9, Received: 2,
			Lost: dhcpc.Loss{Addr: exampleLease().Addr, Reason: machine.ReasonExpiry, At: sec(541)},
		},
		{
			Interface: "x0", Since: sec(599), Why: machine.ReasonGone, Sent: 2, Received: 2,
			Lost: dhcpc.Loss{Addr: exampleLease().Addr, Reason: machine.ReasonGone, At: sec(599)},
		},
	}
	want := `INTERFACE  STATE      ADDRESS  ROUTER  DNS  LEASE
eth0       SELECTING  -        -       -    -
  message sent 1s ago, lost 10.77.0.50/24 59s ago: lease expired
  9 sent, 2 received
x0         absent     -        -       -    -
  interface gone or changed 1s ago,
  lost 10.77.0.50/24 1s ago: interface gone or changed
  2 sent, 2 received
`
	if diff := cmp.Diff(want, shown(t, links, sec(600))); diff != "" {
		t.Error(diff)
	}
	var l, back linkStatus
	l.describe(&links[0], epoch)
	w := &jsonWriter{}
	(&fields{w: w}).object(l.fields)
	if want := `"why":"message sent","lost":{"address":"10.77.0.50/24","at_ms":641000,"why":"lease expired"},`; !strings.Contains(string(w.b), want) {
		t.Errorf("%s is not in\n%s", want, w.b)
	}
	if (&fields{r: &jsonReader{in: w.b}}).object(back.fields); back.lost != l.lost {
		t.Errorf("read back as %v", back.lost)
	}
}
