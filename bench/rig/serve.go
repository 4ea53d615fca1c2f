package rig

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// Servers there are.
var Servers = []string{"dnsmasq", "kea", "dhcpd"}

// Serve starts a server, which has an address for each link and knows nobody. It
// ends with the test. With rapid, which only dnsmasq can do, it agrees to two messages
// instead of four.
func (r *Rig) Serve(t testing.TB, server string, rapid bool) {
	t.Helper()
	on := []string{bridge}
	switch {
	case server == "dnsmasq":
		netns.Dnsmasq{Interfaces: on, Quiet: true, Ranges: []string{"10.77.0.0,static,255.255.0.0"}, Lines: r.dnsmasq(rapid)}.Start(t, r.Server)
	case rapid:
		t.Fatalf("%s takes four messages", server)
	case server == "kea":
		netns.Kea{Interfaces: on, Quiet: true, Lines: r.kea()}.Start(t, r.Server)
	case server == "dhcpd":
		netns.Dhcpd{Interfaces: on, Quiet: true, Lines: r.dhcpd()}.Start(t, r.Server)
	default:
		t.Fatalf("there is no server %q", server)
	}
}

func (r *Rig) dnsmasq(rapid bool) []string {
	lines := []string{
		"leasefile-ro", "dhcp-lease-max=65536",
		fmt.Sprintf("dhcp-option=option:router,%v", Router), fmt.Sprintf("dhcp-option=option:dns-server,%v", DNS),
	}
	if rapid {
		lines = append(lines, "dhcp-rapid-commit")
	}
	for i := range r.N {
		lines = append(lines, fmt.Sprintf("dhcp-host=%v,%v,%d", MAC(i), Addr(i), Seconds))
	}
	return lines
}

func (r *Rig) kea() []string {
	var hosts []string
	for i := range r.N {
		hosts = append(hosts, fmt.Sprintf(`{ "hw-address": "%v", "ip-address": "%v" }`, MAC(i), Addr(i)))
	}
	return []string{
		fmt.Sprintf(`"valid-lifetime": %d`, Seconds),
		`"host-reservation-identifiers": [ "hw-address" ]`,
		fmt.Sprintf(`"subnet4": [ { "subnet": "%v", "reservations-out-of-pool": true,
			"option-data": [ { "name": "routers", "data": "%v" }, { "name": "domain-name-servers", "data": "%v" } ],
			"reservations": [ %s ] } ]`, prefix, Router, DNS, strings.Join(hosts, ",\n")),
	}
}

func (r *Rig) dhcpd() []string {
	lines := []string{
		fmt.Sprintf("default-lease-time %d; max-lease-time %d; ddns-update-style none;", Seconds, Seconds),
		fmt.Sprintf("subnet 10.77.0.0 netmask 255.255.0.0 { option routers %v; option domain-name-servers %v; }", Router, DNS),
	}
	for i := range r.N {
		lines = append(lines, fmt.Sprintf("host %s { hardware ethernet %v; fixed-address %v; }", Name(i), MAC(i), Addr(i)))
	}
	return lines
}
