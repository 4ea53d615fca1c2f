package boot

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/images/network"
	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
)

// served is what a machine with two NICs reports when all is well.
func served() report.Report {
	return report.Report{
		Result: "ok",
		Self:   report.Process{PID: 70, Parent: 1, Session: 70, Args: []string{"check"}},
		Links: []network.Link{
			{Name: "eth0", MAC: "52:54:00:4d:00:00", Addrs: []netip.Prefix{netip.MustParsePrefix("10.77.0.15/24")}},
			{Name: "eth1", MAC: "52:54:00:4d:00:01", Addrs: []netip.Prefix{netip.MustParsePrefix("10.77.1.15/24")}},
		},
		Routes: []network.Route{
			{Link: "eth0", Gateway: netip.MustParseAddr("10.77.0.2"), Metric: 1024},
			{Link: "eth1", Gateway: netip.MustParseAddr("10.77.1.2"), Metric: 1040},
		},
		Resolv: "# a comment\nsearch example.org\nnameserver 10.77.0.3\nnameserver 10.77.1.3\n",
		Processes: []report.Process{
			{PID: 1, Args: []string{"/init"}},
			{PID: 70, Parent: 1, Session: 70, Args: []string{"check"}},
			{PID: 80, Parent: 1, Session: 80, Args: []string{"dhclient-lws"}},
		},
		Answered: true,
		Status:   json.RawMessage(`{"alive": true, "links": [{"interface": "eth0", "state": "BOUND"}, {"interface": "eth1", "state": "BOUND"}]}`),
	}
}

func TestJudgeAcceptsAServedMachine(t *testing.T) {
	if err := Judge(served(), NICs(2)); err != nil {
		t.Error(err)
	}
}

func TestJudgeNamesEachFault(t *testing.T) {
	elsewhere := netip.MustParsePrefix("10.77.9.15/24")
	resident := func(r *report.Report) *report.Process { return &r.Processes[2] }
	for name, tt := range map[string]struct {
		spoil func(*report.Report)
		want  string
	}{
		"a zombie":                       {func(r *report.Report) { r.Zombies = []string{"dhclient-lws"} }, "nobody waits for [dhclient-lws]"},
		"a link without an address":      {func(r *report.Report) { r.Links[1].Addrs = nil }, "eth1 has no address"},
		"an address of another network":  {func(r *report.Report) { r.Links[1].Addrs[0] = elsewhere }, "eth1 has 10.77.9.15/24, which is not in 10.77.1.0/24"},
		"a mask of another length":       {func(r *report.Report) { r.Links[1].Addrs[0] = netip.MustParsePrefix("10.77.1.15/32") }, "not in 10.77.1.0/24"},
		"two addresses on one link":      {func(r *report.Report) { r.Links[0].Addrs = append(r.Links[0].Addrs, elsewhere) }, "eth0 has more than one address"},
		"a NIC that the kernel lacks":    {func(r *report.Report) { r.Links = r.Links[:1] }, "NIC 1 (52:54:00:4d:00:01) has no interface"},
		"a default route missing":        {func(r *report.Report) { r.Routes = r.Routes[:1] }, "1 default routes instead of 2"},
		"a default route too many":       {func(r *report.Report) { r.Routes = append(r.Routes, r.Routes[1]) }, "3 default routes instead of 2"},
		"routes in the wrong order":      {func(r *report.Report) { slices.Reverse(r.Routes) }, "default route 0 is via 10.77.1.2 on eth1 instead of 10.77.0.2 on eth0"},
		"a route through the wrong link": {func(r *report.Report) { r.Routes[1].Link = "eth0" }, "default route 1 is via 10.77.1.2 on eth0"},
		"a route to the wrong router":    {func(r *report.Report) { r.Routes[1].Gateway = elsewhere.Addr() }, "default route 1 is via 10.77.9.15"},
		"routes of one metric":           {func(r *report.Report) { r.Routes[1].Metric = 1024 }, "default route 1 has metric 1024 after 1024"},
		"no resolv.conf":                 {func(r *report.Report) { r.Resolv = "" }, "resolv.conf names [] instead of [10.77.0.3 10.77.1.3]"},
		"the image's resolv.conf":        {func(r *report.Report) { r.Resolv = "nameserver 8.8.8.8" }, "resolv.conf names [8.8.8.8]"},
		"servers in the wrong order":     {func(r *report.Report) { r.Resolv = "nameserver 10.77.1.3\nnameserver 10.77.0.3\n" }, "resolv.conf names [10.77.1.3 10.77.0.3]"},
		"a server too many":              {func(r *report.Report) { r.Resolv += "nameserver 8.8.8.8\n" }, "resolv.conf names [10.77.0.3 10.77.1.3 8.8.8.8]"},
		"no client":                      {func(r *report.Report) { r.Processes = r.Processes[:2] }, "0 clients run after the handoff"},
		"two clients":                    {func(r *report.Report) { r.Processes = append(r.Processes, *resident(r)) }, "2 clients run after the handoff"},
		"a client that is not init's":    {func(r *report.Report) { resident(r).Parent = 70 }, "the client's parent is 70 instead of init"},
		"a client that a hangup reaches": {func(r *report.Report) { resident(r).Session = 70 }, "the client shares session 70"},
		"a client that hangs":            {func(r *report.Report) { r.Answered = false }, "the client does not answer"},
		"a handoff to another process":   {func(r *report.Report) { r.Self.Parent = 80 }, "child of process 80 instead of init's"},
		"a handoff after a failure":      {func(r *report.Report) { r.Result = "timeout" }, `told of "timeout" instead of success`},
		"a check that failed":            {func(r *report.Report) { r.Errors = []string{"links: EPERM"} }, "the guest's check: links: EPERM"},
		"no status":                      {func(r *report.Report) { r.Status = nil }, "dhclient-lws status -json:"},
		"a status that finds it dead":    {func(r *report.Report) { r.Status = []byte(`{}`) }, "does not find the client alive"},
		"a status with another state":    {func(r *report.Report) { r.Status = []byte(`{"links": [{"interface": "eth0", "state": "INIT"}]}`) }, `state "INIT" of eth0`},
		"a status that lacks a link":     {func(r *report.Report) { r.Status = []byte(`{"alive": true}`) }, `state "" of eth1`},
	} {
		t.Run(name, func(t *testing.T) {
			r := served()
			tt.spoil(&r)
			err := Judge(r, NICs(2))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// Resolvers read three servers, so with more NICs the first three count.
func TestJudgeWantsThreeServersAtMost(t *testing.T) {
	r := report.Report{Resolv: "nameserver 10.77.0.3\nnameserver 10.77.1.3\nnameserver 10.77.2.3\n"}
	if err := judgeResolv(r, NICs(4)); err != nil {
		t.Error(err)
	}
	r.Resolv += "nameserver 10.77.3.3\n"
	if err := judgeResolv(r, NICs(4)); err == nil {
		t.Error("four servers passed")
	}
}

func TestJudgeNamesAllFaultsAtOnce(t *testing.T) {
	r := served()
	r.Links[0].Addrs, r.Resolv = nil, ""
	err := Judge(r, NICs(2))
	if err == nil || !strings.Contains(err.Error(), "eth0 has no address") || !strings.Contains(err.Error(), "resolv.conf") {
		t.Errorf("got %v", err)
	}
}
