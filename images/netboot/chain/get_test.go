package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

// A web server that takes a question and says nothing is given up.
func TestASilentWebServerIsGivenUp(t *testing.T) {
	defer func(d time.Duration) { silence = d }(silence)
	silence = 10 * time.Millisecond
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	defer server.Close()
	defer close(over)
	if _, err := get(server.URL); err == nil || !os.IsTimeout(err) {
		t.Errorf("%v, want a timeout", err)
	}
}
