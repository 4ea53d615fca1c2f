package moments

import (
	"maps"
	"strings"
	"testing"
	"time"
)

const mac = "52:54:00:4d:00:01"

const status = `{"start_ms": 2000, "links": [
	{"mac": "52:54:00:4d:00:00", "timeline": [{"what": "carrier", "ms": 1}]},
	{"mac": "52:54:00:4d:00:01", "timeline": [{"what": "up", "ms": 1}, {"what": "carrier", "ms": 2.5}, {"what": "DISCOVER", "ms": 3}, {"what": "installed", "ms": 40}]}
]}`

// The client counts from its own start, the boot from that of the kernel.
func TestABenchmarkIsToldOfABoot(t *testing.T) {
	b := Boot{Init: 1900 * time.Millisecond}
	if err := b.Read([]byte(status), mac); err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	if err := b.Metrics(func(n float64, unit string) { got[unit] = n }); err != nil {
		t.Fatal(err)
	}
	want := map[string]float64{"init-ms": 1900, "client-ms": 2000, "link-ms": 2002.5, "lease-ms": 2040, "ns/op": 0}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestABootThatCannotBe(t *testing.T) {
	var b Boot
	for name, text := range map[string]string{"no JSON": "{", "no link": `{"links":[]}`, "no lease": strings.ReplaceAll(status, "installed", "OFFER")} {
		if err := b.Read([]byte(text), mac); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for _, b := range []Boot{{}, {1, 2, 3, 4, 3}, {2, 1, 3, 4, 5}, {1, 2, 3, 0, 0}} {
		if err := b.Metrics(func(float64, string) {}); err == nil {
			t.Errorf("%v: no error", b)
		}
	}
}

func TestKernelLogRecord(t *testing.T) {
	at, text, err := parse("6,339,1234567,-,caller=T1;Run /init as init process\n SUBSYSTEM=x\n")
	if err != nil || at != 1234567*time.Microsecond || text != "Run /init as init process" {
		t.Errorf("%v, %q, %v", at, text, err)
	}
	for _, record := range []string{"", "6,1;x", "6,1,x,-;y"} {
		if _, _, err := parse(record); err == nil {
			t.Errorf("%q: no error", record)
		}
	}
}
