// Command agent is the host's hand in the test image: on the machine's second
// serial port it serves gokrazy's own web page, whatever network there is, and
// beside it what there is of a network.
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
)

// page is where gokrazy's init serves its web page to programs of the machine.
const page = "/run/gokrazy-http.sock"

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "agent: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	w, err := watch()
	if err != nil {
		return err
	}
	l, err := listen("/dev/ttyS1")
	if err != nil {
		return err
	}
	http.HandleFunc("/network", w.serve)
	http.Handle("/", &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = "http", "gokrazy" },
		Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", page)
		}},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	})
	if err := announce(); err != nil {
		return err
	}
	return http.Serve(l, nil)
}

// announce tells the host that what it sends from now on is heard.
func announce() error {
	console, err := os.OpenFile("/dev/console", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer console.Close()
	_, err = console.WriteString("\nagent: listening\n")
	return err
}
