package main

import (
	"net/netip"
	"strings"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
)

// envPrefix begins the name of every variable that the handed-off command gets:
//
//	DHCLIENT_LWS_RESULT          ok, timeout, nolink, usage or error
//	DHCLIENT_LWS_INTERFACES      the links that are bound, in metric order, with spaces between
//	DHCLIENT_LWS_LEASES          their leases, a JSON array; each element as in status.json, with its interface
//	DHCLIENT_LWS_eth0_ADDRESS    for each of them: address/length,
//	DHCLIENT_LWS_eth0_ROUTER     the first router,
//	DHCLIENT_LWS_eth0_DNS        the name servers, with spaces between,
//	DHCLIENT_LWS_eth0_DOMAIN     the domain name
//
// What a lease does not have is not there. A link has variables of its own if a
// shell could use them: if its name is made of letters, digits and _. One whose
// name a shell could take for something else is in DHCLIENT_LWS_LEASES only.
const envPrefix = "DHCLIENT_LWS_"

// resultEntry is what begins the entry that is always there.
const resultEntry = envPrefix + "RESULT="

// resultIn is the result in what environment has made.
func resultIn(env []string) result {
	r, _ := strings.CutPrefix(env[0], resultEntry)
	return result(r)
}

// environment is what the command gets: what matters most stands first.
func environment(r result, links []dhcpc.LinkStatus) []string {
	env := []string{resultEntry + string(r)}
	if r == resultUsage || r == resultError {
		return env
	}
	var names, each []string
	leases := &jsonWriter{}
	leases.open('[')
	for i := range links {
		l := &links[i]
		lease := inUse(l)
		if lease == nil {
			continue
		}
		described := describeLease(lease)
		router := ""
		if addr := described.router(); addr.IsValid() {
			router = addr.String()
		}
		(&fields{w: leases}).object(func(f *fields) {
			f.text("interface", &l.Interface)
			described.fields(f)
		})
		if isPlain(l.Interface) && l.Interface[0] != '-' {
			names = append(names, l.Interface)
		}
		if !isIdentifier(l.Interface) {
			continue
		}
		for _, v := range []struct{ name, value string }{
			{"ADDRESS", lease.Addr.String()},
			{"ROUTER", router},
			{"DNS", joinAddrs(lease.DNS, " ")},
			{"DOMAIN", lease.Domain},
		} {
			if v.value != "" {
				each = append(each, envPrefix+l.Interface+"_"+v.name+"="+v.value)
			}
		}
	}
	leases.end(']')
	env = append(env, envPrefix+"INTERFACES="+strings.Join(names, " "))
	return append(append(env, each...), leasesEntry+string(leases.b))
}

const leasesEntry = envPrefix + "LEASES="

// shorter is an environment with less in it, for where the kernel does not take
// so much: first without the leases, then without what is said of each link,
// then without their names; nil if only the result is left.
func shorter(env []string) []string {
	switch n := len(env); {
	case n > 2 && strings.HasPrefix(env[n-1], leasesEntry):
		return env[:n-1]
	case n > 2:
		return env[:2]
	case n == 2:
		return env[:1]
	}
	return nil
}

// isIdentifier reports whether s may be part of the name of a shell variable.
func isIdentifier(s string) bool {
	for _, c := range []byte(s) {
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

func joinAddrs(addrs []netip.Addr, separator string) string {
	var b strings.Builder
	for i, a := range addrs {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(a.String())
	}
	return b.String()
}
