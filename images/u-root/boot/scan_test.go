package boot

import (
	"errors"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
)

func TestScanFindsTheReportAmongOtherOutput(t *testing.T) {
	// What would look like an end marker is no more than text in the report.
	line, err := report.Report{Result: "ok", Resolv: "# </report>"}.Line()
	if err != nil {
		t.Fatal(err)
	}
	r, err := scan(strings.NewReader("Welcome\r\n[    1.0] noise " + strings.TrimSpace(string(line)) + "\r\nreboot: Power down\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if r.Result != "ok" || r.Resolv != "# </report>" {
		t.Errorf("got %+v", r)
	}
}

func TestScanRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ console, want string }{
		"silence":             {"", "without a report"},
		"a boot with no end":  {"Welcome to u-root!\n", "without a report"},
		"half a report":       {"<report>{\"result\": \"ok\"\n", "begins one and does not end it"},
		"a report in tatters": {"<report>{\"result\":[    3.1] noise</report>\n", "invalid character"},
		"an endless line":     {strings.Repeat("x", 2<<20), "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := scan(strings.NewReader(tt.console)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// The kernel's command line holds panic=-1, which is none.
func TestScanKnowsAPanic(t *testing.T) {
	const good = "<report>{}</report>\n"
	if _, err := scan(strings.NewReader("Command line: quiet panic=-1\n" + good)); err != nil {
		t.Error(err)
	}
	_, err := scan(strings.NewReader(good + "[    4.2] Kernel panic - not syncing: Attempted to kill init!\n"))
	if !errors.Is(err, ErrPanic) || !strings.Contains(err.Error(), "Attempted to kill init") {
		t.Errorf("got %v", err)
	}
}
