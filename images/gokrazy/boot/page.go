package boot

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dhclient-lws/dhclient-lws/images/gokrazy/report"
)

// Page is gokrazy's web page.
type Page struct {
	client *http.Client
	base   string
}

// newPage is the page at the serial port, at which the agent is. It is one cable,
// on which one thing is asked for after another.
func newPage(socket string) *Page {
	return &Page{base: "http://" + HostName, client: &http.Client{
		Transport: &http.Transport{
			MaxConnsPerHost: 1,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", socket)
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// NewPage is the page at a TCP address.
func NewPage(address string) *Page {
	return &Page{base: "http://" + address, client: &http.Client{Timeout: 10 * time.Second}}
}

// Status is what the page shows.
type Status struct {
	Services     []Process
	PrivateAddrs []string
	Hostname     string
}

// Process is a service as the page shows it.
type Process struct {
	Stopped   bool
	StartTime time.Time
	Pid       int
	Path      string
	Args      []string
}

// Service is one of the services.
func (s *Status) Service(path string) (Process, error) {
	for _, p := range s.Services {
		if p.Path == path {
			return p, nil
		}
	}
	return Process{}, fmt.Errorf("no service %s", path)
}

// Status asks for the overview.
func (p *Page) Status(ctx context.Context) (s Status, err error) {
	return s, p.do(ctx, http.MethodGet, "/", nil, &s)
}

// Network asks the agent. It answers at the serial port only.
func (p *Page) Network(ctx context.Context) (r report.Report, err error) {
	return r, p.do(ctx, http.MethodGet, "/network", nil, &r)
}

// Restart presses the button that restarts a service; kill, the one that kills it
// first.
func (p *Page) Restart(ctx context.Context, path string, kill bool) error {
	form := url.Values{"path": {path}, "xsrftoken": {token}}
	if kill {
		form.Set("signal", "kill")
	}
	return p.do(ctx, http.MethodPost, "/restart", form, nil)
}

// powerOff turns the machine off. Programs that do not end are killed soon.
func (p *Page) powerOff(ctx context.Context) error {
	return p.do(ctx, http.MethodPost, "/poweroff", url.Values{"wait_per_signal": {"10s"}}, nil)
}

// token has to be the same in a form and in a cookie, and is anybody's choice.
const token = "1"

func (p *Page) do(ctx context.Context, method, path string, form url.Values, out any) error {
	req, err := http.NewRequestWithContext(ctx, method, p.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.AddCookie(&http.Cookie{Name: "gokrazy_xsrf", Value: token})
	}
	req.SetBasicAuth(User, Password)
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode >= 400:
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, body)
	case out == nil:
		return nil
	}
	return json.Unmarshal(body, out)
}
