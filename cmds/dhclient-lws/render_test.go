package main

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
)

var itoa = strconv.Itoa

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// exampleLease was asked for at 1 s and ends after an hour.
func exampleLease() *machine.Lease {
	return &machine.Lease{
		Addr: netip.MustParsePrefix("10.77.0.50/24"), Server: addr("10.77.0.1"),
		Start: sec(1), T1: sec(1801), T2: sec(3151), Expiry: sec(3601),
		Routers: []netip.Addr{addr("10.77.0.1"), addr("10.77.0.9")},
		DNS:     []netip.Addr{addr("10.77.0.2"), addr("10.77.0.3")},
		Domain:  "net0.example",
	}
}

func exampleLinks() []dhcpc.LinkStatus {
	classless := exampleLease()
	classless.Addr = netip.MustParsePrefix("192.168.100.200/32")
	classless.Classless, classless.Routers = true, nil
	classless.Routes = []dhcp4.Route{
		{Dst: netip.MustParsePrefix("192.168.100.1/32")},
		{Dst: netip.MustParsePrefix("0.0.0.0/0"), Gateway: addr("192.168.100.1")},
	}
	classless.T1, classless.T2, classless.Expiry = machine.Never, machine.Never, machine.Never
	refused := dhcpc.LinkStatus{
		Interface: "eth2", Index: 4, State: machine.Selecting, Since: sec(1.2), Why: machine.ReasonSent, Carrier: true, Metric: 1056, Sent: 2,
		Timeline: []dhcpc.Mark{{What: "up", At: epoch}, {What: "carrier", At: sec(1.2)}, {What: "DISCOVER", At: sec(1.2)}, {What: "DISCOVER", At: sec(2.7)}},
	}
	refused.Refused[dhcp4.WrongXid], refused.Refused[dhcp4.NoServerID] = 3, 1
	return []dhcpc.LinkStatus{
		{
			Interface: "eth0", Index: 2, State: machine.Bound, Installed: true, Carrier: true, Metric: 1024, Lease: exampleLease(), Sent: 2, Received: 2,
			Timeline: []dhcpc.Mark{{What: "up", At: sec(.0004)}, {What: "carrier", At: sec(.9)}, {What: "installed", At: sec(1.0123)}},
		},
		{Interface: "eth1", Index: 3, State: machine.Renewing, Installed: true, Carrier: true, Metric: 1040, Lease: classless, LastErr: "network is unreachable"},
		refused,
		{Interface: "eth3", Index: 5, State: machine.Down, Metric: 1072},
		{Interface: "x$(id)", Metric: 1088},
	}
}

func exampleStatus() *statusFile {
	st := &statusFile{version: 1, pid: 42, pidStart: 4711, start: epoch.Milliseconds(), written: sec(2).Milliseconds(), result: "ok"}
	links := exampleLinks()
	for i := range links {
		var l linkStatus
		l.describe(&links[i], epoch)
		st.links = append(st.links, l)
	}
	return st
}

func tableText(t *testing.T, links []linkStatus, now time.Duration) string {
	t.Helper()
	var b strings.Builder
	if err := table(&b, each([]*statusFile{{links: links}}), now, (*linkStatus).appendStory); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTable(t *testing.T) {
	want := `INTERFACE  STATE       ADDRESS             ROUTER         DNS           LEASE
eth0       BOUND       10.77.0.50/24       10.77.0.1      10.77.0.2 +1  1h
  up 0.4  carrier 900.0  installed 1012.3 ms
eth1       RENEWING    192.168.100.200/32  192.168.100.1  10.77.0.2 +1  forever
eth2       SELECTING   -                   -              -             -
  up 0.0  carrier 1200.0  DISCOVER 1200.0  DISCOVER 2700.0 ms
  refused: 3 wrong xid, 1 no server identifier
eth3       no carrier  -                   -              -             -
"x$(id)"   absent      -                   -              -             -
`
	if diff := cmp.Diff(want, tableText(t, exampleStatus().links, sec(1))); diff != "" {
		t.Error(diff)
	}
	if got := tableText(t, exampleStatus().links[:1], sec(4000)); !strings.Contains(got, " expired\n") {
		t.Errorf("after its end the lease is not expired:\n%s", got)
	}
}

func TestSchema(t *testing.T) {
	want := `{"version":1,"pid":42,"pid_start":4711,"start_ms":100000,"written_ms":102000,"result":"ok","links":[` +
		`{"interface":"eth0","index":2,"state":"BOUND","carrier":true,"metric":1024,` +
		`"lease":{"address":"10.77.0.50/24","server":"10.77.0.1","routers":["10.77.0.1","10.77.0.9"],"dns":["10.77.0.2","10.77.0.3"],"domain":"net0.example",` +
		`"start_ms":101000,"renew_ms":1901000,"renew_in_s":1791,"rebind_ms":3251000,"rebind_in_s":3141,"expiry_ms":3701000,"expires_in_s":3591},` +
		`"timeline":[{"what":"up","ms":0.4},{"what":"carrier","ms":900},{"what":"installed","ms":1012.3}],"sent":2,"received":2},` +
		`{"interface":"eth1","index":3,"state":"RENEWING","carrier":true,"metric":1040,` +
		`"lease":{"address":"192.168.100.200/32","server":"10.77.0.1","routes":[{"to":"192.168.100.1/32"},{"to":"0.0.0.0/0","via":"192.168.100.1"}],"classless":true,` +
		`"dns":["10.77.0.2","10.77.0.3"],"domain":"net0.example","start_ms":101000},"sent":0,"received":0,"last_error":"network is unreachable"},` +
		`{"interface":"eth2","index":4,"state":"SELECTING","since_ms":101200,"why":"message sent","carrier":true,"metric":1056,` +
		`"timeline":[{"what":"up","ms":0},{"what":"carrier","ms":1200},{"what":"DISCOVER","ms":1200},{"what":"DISCOVER","ms":2700}],` +
		`"sent":2,"received":0,"refused":[{"reason":"wrong xid","frames":3},{"reason":"no server identifier","frames":1}]},` +
		`{"interface":"eth3","index":5,"state":"DOWN","carrier":false,"metric":1072,"sent":0,"received":0},` +
		`{"interface":"x$(id)","index":0,"state":"DOWN","carrier":false,"metric":1088,"sent":0,"received":0}]}`
	w := &jsonWriter{}
	(&fields{w: w, now: sec(10)}).object(exampleStatus().fields)
	if diff := cmp.Diff(strings.ReplaceAll(want, ",", ",\n"), strings.ReplaceAll(string(w.b), ",", ",\n")); diff != "" {
		t.Error(diff)
	}
}

func TestLines(t *testing.T) {
	lease := exampleLease()
	longer := exampleLease()
	longer.Start, longer.Expiry = sec(1801), sec(5401)
	moved := exampleLease()
	moved.DNS = nil
	classful := exampleLease()
	classful.Classful, classful.Routers, classful.DNS, classful.Expiry = true, nil, nil, machine.Never
	told := knownLink{lease: lease}
	tests := []struct {
		name        string
		link        knownLink
		ev          dhcpc.Event
		line, wordy string // without and with -v
	}{
		{"carrier", told, dhcpc.Event{Kind: dhcpc.LinkUp}, "carrier", "carrier"},
		{"no carrier", told, dhcpc.Event{Kind: dhcpc.LinkDown}, "no carrier", "no carrier"},
		{"gone", told, dhcpc.Event{Kind: dhcpc.LinkGone}, "gone", "gone"},
		{"sent", told, dhcpc.Event{Kind: dhcpc.MessageSent, Message: dhcp4.Discover}, "", "sent DISCOVER"},
		{"received", told, dhcpc.Event{Kind: dhcpc.MessageReceived, Message: dhcp4.Nak}, "", "received NAK"},
		{
			"bound",
			knownLink{},
			dhcpc.Event{Kind: dhcpc.Bound, Lease: lease, Time: sec(1.0042)},
			"10.77.0.50/24 from 10.77.0.1, router 10.77.0.1, DNS 10.77.0.2 10.77.0.3, for 1h, after 1.0 s", "same",
		},
		{
			"bound to what nobody confirms",
			knownLink{},
			dhcpc.Event{Kind: dhcpc.Bound, Lease: lease, Time: sec(4), Reason: machine.ReasonSilence},
			"no answer, the remembered lease is used: 10.77.0.50/24 from 10.77.0.1, router 10.77.0.1, DNS 10.77.0.2 10.77.0.3, for 59m57s, after 4.0 s", "same",
		},
		{
			"bound to little",
			knownLink{},
			dhcpc.Event{Kind: dhcpc.Bound, Lease: classful, Time: sec(.0042)},
			"10.77.0.50/24 from 10.77.0.1 (which sent no mask: that of the address's class), for ever, after 4.2 ms", "same",
		},
		{
			"renewed", told,
			dhcpc.Event{Kind: dhcpc.Renewed, Lease: longer, Time: sec(1801)},
			"", "renewed: 10.77.0.50/24 from 10.77.0.1, router 10.77.0.1, DNS 10.77.0.2 10.77.0.3, for 1h",
		},
		{
			"changed", told,
			dhcpc.Event{Kind: dhcpc.Renewed, Lease: moved, Time: sec(1801)},
			"changed: 10.77.0.50/24 from 10.77.0.1, router 10.77.0.1, for 30m", "same",
		},
		{"lost", told, dhcpc.Event{Kind: dhcpc.Lost, Lease: lease, Reason: machine.ReasonExpiry}, "10.77.0.50/24 lost: lease expired", "same"},
		{"lost with its link", told, dhcpc.Event{Kind: dhcpc.Lost, Lease: lease}, "10.77.0.50/24 lost", "same"},
		{"IPv6 only", knownLink{}, dhcpc.Event{Kind: dhcpc.IPv6Only, Reason: machine.ReasonIPv6Only, Time: sec(1), Until: sec(1801)}, "IPv6 only is preferred here; no IPv4 for 30m", "same"},
		{"failed", told, dhcpc.Event{Kind: dhcpc.Failed, Err: errors.New("route x\x1b: file exists")}, `"route x\x1b: file exists"`, "same"},
	}
	for _, tt := range tests {
		if tt.wordy == "same" {
			tt.wordy = tt.line
		}
		for verbosity, want := range []string{tt.line, tt.wordy} {
			link := tt.link
			if got := link.line(&tt.ev, epoch, verbosity); got != want {
				t.Errorf("%s, verbosity %d:\n got %s\nwant %s", tt.name, verbosity, got, want)
			}
		}
	}
}

func TestVerdict(t *testing.T) {
	links := exampleLinks()
	for r, want := range map[result]string{
		resultOK:      "2 of 5 links bound after 1.5 s",
		resultTimeout: "timeout after 1.5 s, 2 of 5 links bound",
		resultNoLink:  "no link to ask on after 1.5 s",
	} {
		if got := verdict(r, &snapshot{links: links}, "bound", 1500*time.Millisecond); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestDurations(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 400 * time.Millisecond: "0s", 999 * time.Millisecond: "1s", 90 * time.Second: "1m30s",
		time.Hour: "1h", 24*time.Hour + time.Second: "1d1s", (1<<32 - 2) * time.Second: "49710d6h28m14s",
	} {
		if got := shortDuration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{1234 * time.Microsecond: "1.2 ms", 1234 * time.Millisecond: "1.2 s", 90 * time.Second: "1m30s"} {
		if got := elapsed(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestVerdictOfLinksThatRest(t *testing.T) {
	links := append(exampleLinks()[:1], dhcpc.LinkStatus{Interface: "eth1", State: machine.IPv6Only})
	if got, want := verdict(resultOK, &snapshot{links: links}, "bound", time.Second), "1 of 2 links bound, 1 IPv6 only after 1.0 s"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// What a server says is shown, and nothing that it says does anything.
func TestDump(t *testing.T) {
	rfc.Shows(t, "H-TXT-05")
	reply := dhcptest.Reply{
		Type: dhcp4.Offer, Xid: 0x1234abcd, YourAddr: addr("10.77.0.50"), NextServer: addr("10.77.0.1"), HardwareAddr: mac,
		ServerID: addr("10.77.0.1"), Lease: 3600, BootFile: []byte("pxe\x1b"),
		Options: []dhcptest.Option{
			{Code: dhcp4.SubnetMask, Data: dhcptest.Addrs("255.255.255.0")},
			{Code: dhcp4.DNSServer, Data: dhcptest.Addrs("10.77.0.2", "10.77.0.3")},
			{Code: dhcp4.Router, Data: []byte{1, 2, 3}},
			{Code: dhcp4.DomainName, Data: []byte("a\nnameserver 6.6.6.6")},
			{Code: dhcp4.ErrorMessage, Data: []byte("\x1b[2J")},
			{Code: dhcp4.InterfaceMTU, Data: []byte{5, 220}},
			{Code: dhcp4.RenewalTime, Data: dhcptest.Uint32(1800)},
			{Code: dhcp4.RebindingTime, Data: dhcptest.Uint32(1<<32 - 1)},
			{Code: dhcp4.ClasslessRoute, Data: []byte{8, 10, 10, 77, 0, 9, 0, 0, 0, 0, 0}},
			{Code: dhcp4.DomainSearch, Data: []byte("\x01a\x07example\x00")},
			{Code: 200, Data: []byte("0123456789abcdefg")},
		},
	}
	var m dhcp4.Message
	if r := m.Decode(reply.Append(nil)); r != dhcp4.Accepted {
		t.Fatal(r)
	}
	var out strings.Builder
	say := func(line string) { out.WriteString(line + "\n") }
	dump(say, "eth0", &m, dhcp4.WrongXid)
	dump(say, "x$(id)", nil, dhcp4.BadUDPChecksum)
	want := `eth0: OFFER for 02:00:00:00:00:ab, xid 1234abcd, yiaddr 10.77.0.50, siaddr 10.77.0.1, giaddr 0.0.0.0
eth0:   option 1 subnet mask: 255.255.255.0
eth0:   option 3 router: 010203
eth0:   option 6 DNS server: 10.77.0.2 10.77.0.3
eth0:   option 15 domain name: "a\nnameserver 6.6.6.6"
eth0:   option 26 MTU: 1500
eth0:   option 51 lease time: 1h
eth0:   option 53 message type: OFFER
eth0:   option 54 server identifier: 10.77.0.1
eth0:   option 56 message: "\x1b[2J"
eth0:   option 58 renewal time: 30m
eth0:   option 59 rebinding time: for ever
eth0:   option 119 domain search: a.example
eth0:   option 121 classless route: 10.0.0.0/8 via 10.77.0.9, 0.0.0.0/0
eth0:   option 200 200: 30313233343536373839616263646566... (17 bytes)
eth0:   boot file: "pxe\x1b"
eth0: refused OFFER from 10.77.0.1: wrong xid
"x$(id)": refused a frame: bad UDP checksum
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestSafeText(t *testing.T) {
	for in, want := range map[string]string{"eth0.5@up_-": "eth0.5@up_-", "": `""`, "a b": `"a b"`, "\x1b": `"\x1b"`, "ä": `"\u00e4"`, "\xff": `"\xff"`} {
		if got := safeName(in); got != want {
			t.Errorf("name %q: %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{"plain text; $(x)": "plain text; $(x)", "two\nlines": `"two\nlines"`, "\x7f": `"\x7f"`} {
		if got := safeText(in); got != want {
			t.Errorf("text %q: %s, want %s", in, got, want)
		}
	}
}
