package main

import (
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/bench/draw"
	"github.com/dhclient-lws/dhclient-lws/images/vm/moments"
)

func TestSpans(t *testing.T) {
	got := spans(moments.Boot{Init: 1000, Client: 1500, Link: 1499, Lease: 1600})
	want := []draw.Span{
		{Name: "kernel", To: 1000},
		{Name: "init", From: 1000, To: 1500},
		{Name: "link", From: 1500, To: 1500},
		{Name: "lease", From: 1500, To: 1600},
	}
	if len(got) != len(want) {
		t.Fatalf("%+v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%+v, want %+v", got[i], want[i])
		}
	}
}

func TestPicture(t *testing.T) {
	svg, err := timelines(strings.NewReader(`{"Place":"here","init":1,"client":2,"link":3,"lease":4}` + "\n"))
	if err != nil || !strings.Contains(string(svg), ">here<") {
		t.Errorf("%v: %s", err, svg)
	}
	for _, bad := range []string{"", "{"} {
		if _, err := timelines(strings.NewReader(bad)); err == nil {
			t.Errorf("%q makes a picture", bad)
		}
	}
}
