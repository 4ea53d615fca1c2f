package boot

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	facts "github.com/dhclient-lws/dhclient-lws/images/network"
	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// served is what a machine that was booted from the network reports when all is
// well, and what was heard.
func served() (report.Report, []*dhcptest.Message) {
	says := func(kind dhcp4.Kind, options ...dhcptest.Option) *dhcptest.Message {
		return &dhcptest.Message{Kind: kind, Type: kind.Type(), Link: new(dhcptest.Link), Options: append([]dhcptest.Option{
			{Code: 50, Data: []byte{10, 77, 0, 70}},
			{Code: 60, Data: []byte("PXEClient:Arch:00000:UNDI:002001")},
			{Code: 61, Data: []byte("\x01abcdef")},
			{Code: 93, Data: []byte{0, 0}},
			{Code: 94, Data: []byte{1, 2, 1}},
			{Code: 97, Data: make([]byte, 17)},
		}, options...)}
	}
	ipxe := dhcptest.Option{Code: userClass, Data: []byte("iPXE")}
	reported := report.Report{
		Result:   "ok",
		Self:     report.Process{PID: 70, Parent: 1, Session: 70, Args: []string{"check"}},
		Links:    []facts.Link{{Name: "eth1", MAC: booted.MAC, Addrs: []netip.Prefix{netip.MustParsePrefix("10.77.0.70/24")}}},
		Routes:   []facts.Route{{Link: "eth1", Gateway: netip.MustParseAddr("10.77.0.2"), Metric: 1040}},
		Resolv:   "nameserver 10.77.0.3\n",
		Answered: true,
		Processes: []report.Process{
			{PID: 70, Parent: 1, Session: 70, Args: []string{"check"}},
			{PID: 80, Parent: 1, Session: 80, Args: []string{"dhclient-lws"}},
		},
		Status: json.RawMessage(`{"alive": true, "links": [{"interface": "eth1", "state": "BOUND"}]}`),
	}
	heard := []*dhcptest.Message{
		says(dhcp4.KindDiscover, ipxe), says(dhcp4.KindSelecting, ipxe),
		says(dhcp4.KindDiscover), says(dhcp4.KindSelecting),
	}
	return reported, heard
}

func TestJudgeAcceptsANetbootedMachine(t *testing.T) {
	if err := Judge(served()); err != nil {
		t.Error(err)
	}
}

func TestJudgeNamesEachFault(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil func(*report.Report, *[]*dhcptest.Message)
		want  string
	}{
		"another address": {func(r *report.Report, _ *[]*dhcptest.Message) {
			r.Links[0].Addrs[0] = netip.MustParsePrefix("10.77.0.71/24")
		}, "the ROM had 10.77.0.70"},
		"no address": {func(r *report.Report, _ *[]*dhcptest.Message) { r.Links[0].Addrs = nil }, "eth1 has no address"},
		"another UUID": {func(_ *report.Report, heard *[]*dhcptest.Message) {
			(*heard)[3].Options[5].Data = []byte{0, 1}
		}, "client UUID was 00"},
		"another client identifier": {func(_ *report.Report, heard *[]*dhcptest.Message) {
			(*heard)[2].Options[2].Data = []byte{0xff, 1}
		}, "option client identifier was"},
		"a client that says nothing of itself": {func(_ *report.Report, heard *[]*dhcptest.Message) { (*heard)[3].Options = nil }, "option vendor class was"},
		"a ROM that was not heard":             {func(_ *report.Report, heard *[]*dhcptest.Message) { *heard = (*heard)[2:] }, "before the ROM"},
		"a client that was not heard":          {func(_ *report.Report, heard *[]*dhcptest.Message) { *heard = (*heard)[:2] }, "nothing was heard of the client"},
	} {
		t.Run(name, func(t *testing.T) {
			r, heard := served()
			tt.spoil(&r, &heard)
			if err := Judge(r, heard); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestJudgeWantsTheLeaseToGoAlong(t *testing.T) {
	const (
		rom   = "DHCPDISCOVER\nDHCPACK\nweb: sent /boot.ipxe\nweb: sent /vmlinuz\nweb: sent /u-root.cpio\n"
		first = "DHCPDISCOVER\nDHCPACK\ndnsmasq-tftp: sent /srv/next.ipxe\ndnsmasq-tftp: sent /srv/vmlinuz\nweb: sent /u-root.cpio\n"
	)
	reboot := []*dhcptest.Message{{Kind: dhcp4.KindInitReboot}}
	if err := judgeActs(rom+first+"DHCPREQUEST\nDHCPACK\n", "http", reboot); err != nil {
		t.Error(err)
	}
	for log, want := range map[string]string{
		rom: "1 systems were fetched",
		rom + first + "DHCPDISCOVER\nDHCPREQUEST\nDHCPACK\n": "the second system discovers",
		rom + first + "DHCPREQUEST\nDHCPNAK\n":               "act 3: no DHCPACK",
		first + first + "DHCPREQUEST\nDHCPACK\n":             "act 1: no /boot.ipxe",
	} {
		if err := judgeActs(log, "http", reboot); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	selecting := []*dhcptest.Message{{Kind: dhcp4.KindSelecting, Link: new(dhcptest.Link)}}
	if err := judgeActs(rom+first+"DHCPREQUEST\nDHCPACK\n", "http", selecting); err == nil {
		t.Error("a lease that was asked for anew passed")
	}
}
