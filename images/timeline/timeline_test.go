package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What is committed is what the benchmarks have measured.
func TestPageAndPictureAreCurrent(t *testing.T) {
	files, err := render("..")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		have, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, want) {
			t.Errorf("%s is not what its figures make: go run ./images/timeline", name)
		}
	}
}

const output = `goos: linux
cpu: a fast one
BenchmarkBoot/u-root-2   1  3600 client-ms  2800 init-ms
BenchmarkBoot/u-root-2   1  3300 client-ms  2500 init-ms
BenchmarkBoot/u-root-2   1  3400 client-ms  2700 init-ms
PASS
`

func TestMediansOfRuns(t *testing.T) {
	r, err := parse(output)
	if err != nil {
		t.Fatal(err)
	}
	client, err := r.of("Boot/u-root", "client-ms")
	if err != nil {
		t.Fatal(err)
	}
	if s := client.String(); s != "3.40 (3.30 to 3.60)" || r.cpu != "a fast one" {
		t.Errorf("%s, %q", s, r.cpu)
	}
	init, _ := r.of("Boot/u-root", "init-ms")
	after, err := client.minus(init)
	if err != nil || after.String() != "0.80 (0.70 to 0.80)" {
		t.Errorf("after init: %v, %v", after, err)
	}
	if m := (list{1, 2, 4, 8}).median(); m != 3 {
		t.Errorf("the median of four is %v", m)
	}
}

// No page is made of a run that failed, or lacks a place.
func TestWhatIsNoResult(t *testing.T) {
	for _, text := range []string{output + "--- FAIL: BenchmarkBoot/PXE\n", output + "FAIL\n", strings.Replace(output, "2800", "x", 1)} {
		if r, err := parse(text); err == nil {
			t.Errorf("%v is made of\n%s", r, text)
		}
	}
	r, err := parse(output)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := picture(r); err == nil {
		t.Error("a picture of half a boot in one place")
	}
	if _, err := page(r, r); err == nil {
		t.Error("a page on half a boot in one place")
	}
	if !slices.Equal(slices.Collect(maps.Keys(r.lists)), []string{"Boot/u-root"}) {
		t.Errorf("benchmarks: %v", r.lists)
	}
}
