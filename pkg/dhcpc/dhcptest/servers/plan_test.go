package servers

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// plan is what a server is to give, in words that each can be told in its own.
type plan struct {
	subnet      string // of the clients, "10.77.0.0/16"
	mask        string // sent instead of the subnet's
	first, last string // the addresses to give out
	lease       int    // seconds; 0: an hour, -1: for ever
	t1, t2      int    // seconds; 0: not sent
	router      string
	dns         []string
	domain      string
	search      []string
	mtu         int
	routes      []string // option 121: destination, gateway, destination, gateway ...
	ping        bool     // look whether somebody has an address before offering it
	broadcast   bool     // answer by broadcast, whatever the client asks for

	// Further lines of each server's own configuration.
	dnsmasq, kea, dhcpd []string
	keaOptions          []string // objects of its option-data
}

// office is a plan for clients of one server with nothing odd about it.
func office() plan {
	return plan{
		subnet: "10.77.0.0/16", first: "10.77.1.0", last: "10.77.9.255",
		router: "10.77.0.1", dns: []string{"10.77.0.53"},
	}
}

// serverAddr is the address of the server's own interface in an office.
const serverAddr = "10.77.0.1/16"

// server starts one kind of server for a plan. Its interface must have an address.
type server struct {
	name  string
	start func(t testing.TB, ns *netns.NS, link string, p plan) *netns.Server
}

var servers = []server{
	{"dnsmasq", startDnsmasq},
	{"kea", startKea},
	{"dhcpd", startDhcpd},
}

// with runs a test once for each server, all at the same time, and at that of
// other tests.
func with(t *testing.T, list []server, fn func(t *testing.T, s server)) {
	t.Parallel()
	for _, s := range list {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			fn(t, s)
		})
	}
}

// seconds is the lease time as it goes on the wire.
func (p *plan) seconds() uint32 {
	if p.lease == 0 {
		return 3600
	}
	return uint32(p.lease)
}

func (p *plan) netmask() string {
	return net.IP(net.CIDRMask(netip.MustParsePrefix(p.subnet).Bits(), 32)).String()
}

// bits is the length of the prefix that the mask makes.
func (p *plan) bits() int {
	ones, _ := net.IPMask(net.ParseIP(p.mask).To4()).Size()
	return ones
}

func startDnsmasq(t testing.TB, ns *netns.NS, link string, p plan) *netns.Server {
	t.Helper()
	lease := fmt.Sprint(p.seconds())
	if p.lease < 0 {
		lease = "infinite"
	}
	d := netns.Dnsmasq{
		Interfaces: []string{link},
		Ranges:     []string{fmt.Sprintf("%s,%s,%s,%s", p.first, p.last, p.netmask(), lease)},
		Ping:       p.ping,
	}
	// An option without a value is left out. Unless told so, dnsmasq names itself
	// as router, and as name server where it is one.
	option := func(code int, values ...string) {
		d.Lines = append(d.Lines, fmt.Sprintf("dhcp-option=%d%s", code, strings.Join(append([]string{""}, values...), ",")))
	}
	if p.router != "" {
		option(3, p.router)
	} else {
		option(3)
	}
	option(6, p.dns...)
	if p.mask != "" {
		option(1, p.mask)
	}
	if p.domain != "" {
		option(15, p.domain)
	}
	if p.mtu != 0 {
		option(26, fmt.Sprint(p.mtu))
	}
	if p.t1 != 0 {
		option(58, fmt.Sprint(p.t1))
		option(59, fmt.Sprint(p.t2))
	}
	if len(p.search) > 0 {
		option(119, p.search...)
	}
	if len(p.routes) > 0 {
		option(121, p.routes...)
	}
	if p.broadcast {
		d.Lines = append(d.Lines, "dhcp-broadcast")
	}
	d.Lines = append(d.Lines, p.dnsmasq...)
	return d.Start(t, ns)
}

func startKea(t testing.TB, ns *netns.NS, link string, p plan) *netns.Server {
	t.Helper()
	options := p.keaOptions
	option := func(name string, values ...string) {
		if len(values) > 0 && values[0] != "" {
			options = append(options, fmt.Sprintf(`{ "name": %q, "data": %q }`, name, strings.Join(values, ", ")))
		}
	}
	option("routers", p.router)
	option("domain-name-servers", p.dns...)
	option("domain-name", p.domain)
	option("domain-search", p.search...)
	if p.mtu != 0 {
		option("interface-mtu", fmt.Sprint(p.mtu))
	}
	if len(p.routes) > 0 {
		// Kea 2.2 has no words for option 121.
		options = append(options, fmt.Sprintf(`{ "code": 121, "csv-format": false, "data": "%s" }`, hex.EncodeToString(classless(p.routes))))
	}
	subnet, last := p.subnet, p.last
	if p.mask != "" {
		// Kea sends the mask of the subnet whatever the option says: the only way to
		// have another is another subnet.
		last = p.first
		subnet = netip.PrefixFrom(netip.MustParseAddr(p.first), p.bits()).String()
	}
	lines := []string{
		fmt.Sprintf(`"valid-lifetime": %d`, p.seconds()),
		fmt.Sprintf(`"subnet4": [ { "subnet": %q, "interface": %q, "pools": [ { "pool": "%s-%s" } ] } ]`, subnet, link, p.first, last),
		fmt.Sprintf(`"option-data": [ %s ]`, strings.Join(options, ", ")),
	}
	if p.t1 != 0 {
		lines = append(lines, fmt.Sprintf(`"renew-timer": %d, "rebind-timer": %d`, p.t1, p.t2))
	}
	return netns.Kea{Interfaces: []string{link}, Lines: append(lines, p.kea...)}.Start(t, ns)
}

func startDhcpd(t testing.TB, ns *netns.NS, link string, p plan) *netns.Server {
	t.Helper()
	lines := []string{
		"option classless-routes code 121 = array of unsigned integer 8;",
		fmt.Sprintf("default-lease-time %d; min-lease-time %[1]d; max-lease-time %[1]d;", p.seconds()),
	}
	option := func(name string, values ...string) {
		if len(values) > 0 && values[0] != "" {
			lines = append(lines, fmt.Sprintf("option %s %s;", name, strings.Join(values, ", ")))
		}
	}
	var quoted []string
	for _, name := range p.search {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	option("routers", p.router)
	option("domain-name-servers", p.dns...)
	option("domain-search", quoted...)
	if p.domain != "" {
		option("domain-name", fmt.Sprintf("%q", p.domain))
	}
	if p.mtu != 0 {
		option("interface-mtu", fmt.Sprint(p.mtu))
	}
	if p.t1 != 0 {
		option("dhcp-renewal-time", fmt.Sprint(p.t1))
		option("dhcp-rebinding-time", fmt.Sprint(p.t2))
	}
	if len(p.routes) > 0 {
		var numbers []string
		for _, b := range classless(p.routes) {
			numbers = append(numbers, fmt.Sprint(b))
		}
		option("classless-routes", numbers...)
	}
	if p.broadcast {
		lines = append(lines, "always-broadcast on;")
	}
	if p.ping {
		lines = append(lines, "ping-check true;")
	}
	lines = append(lines, p.dhcpd...)
	mask := ""
	if p.mask != "" {
		mask = fmt.Sprintf("option subnet-mask %s; ", p.mask)
	}
	lines = append(lines, fmt.Sprintf("subnet %s netmask %s { %srange %s %s; }",
		netip.MustParsePrefix(p.subnet).Addr(), p.netmask(), mask, p.first, p.last))
	return netns.Dhcpd{Interfaces: []string{link}, Lines: lines}.Start(t, ns)
}

// classless is the value of option 121 (RFC 3442).
func classless(routes []string) (b []byte) {
	for i := 0; i+1 < len(routes); i += 2 {
		dst := netip.MustParsePrefix(routes[i])
		b = append(b, byte(dst.Bits()))
		b = append(b, dst.Addr().AsSlice()[:(dst.Bits()+7)/8]...)
		b = append(b, netip.MustParseAddr(routes[i+1]).AsSlice()...)
	}
	return b
}
