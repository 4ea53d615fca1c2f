package boot

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dhclient-lws/dhclient-lws/images/network"
	"github.com/dhclient-lws/dhclient-lws/images/u-root/report"
)

// Judge tells what is wrong with a machine whose every NIC should have been
// served: nil, or an error with a line for each fault.
func Judge(r report.Report, nics []NIC) error {
	return errors.Join(
		judgeGathered(r),
		judgeAddresses(r, nics),
		judgeRoutes(r, nics),
		judgeResolv(r, nics),
		judgeResident(r),
		judgeZombies(r),
		judgeStatus(r, nics),
	)
}

func judgeGathered(r report.Report) error {
	var errs []error
	for _, e := range r.Errors {
		errs = append(errs, fmt.Errorf("the guest's check: %s", e))
	}
	if r.Result != "ok" {
		errs = append(errs, fmt.Errorf("the handoff told of %q instead of success", r.Result))
	}
	return errors.Join(errs...)
}

// Every card holds one address, out of its own network.
func judgeAddresses(r report.Report, nics []NIC) error {
	var errs []error
	for i, n := range nics {
		l, ok := linkOf(r, n)
		switch {
		case !ok:
			errs = append(errs, fmt.Errorf("NIC %d (%s) has no interface", i, n.MAC))
		case len(l.Addrs) == 0:
			errs = append(errs, fmt.Errorf("%s has no address", l.Name))
		case len(l.Addrs) > 1:
			errs = append(errs, fmt.Errorf("%s has more than one address: %v", l.Name, l.Addrs))
		case l.Addrs[0].Masked() != n.Net:
			errs = append(errs, fmt.Errorf("%s has %v, which is not in %v", l.Name, l.Addrs[0], n.Net))
		}
	}
	return errors.Join(errs...)
}

// There is a default route per card; an earlier card's is preferred.
func judgeRoutes(r report.Report, nics []NIC) error {
	if len(r.Routes) != len(nics) {
		return fmt.Errorf("%d default routes instead of %d: %v", len(r.Routes), len(nics), r.Routes)
	}
	var errs []error
	for i, n := range nics {
		route := r.Routes[i]
		l, _ := linkOf(r, n)
		if route.Link != l.Name || route.Gateway != n.Router() {
			errs = append(errs, fmt.Errorf("default route %d is via %v on %s instead of %v on %s", i, route.Gateway, route.Link, n.Router(), l.Name))
		}
		if i > 0 && route.Metric <= r.Routes[i-1].Metric {
			errs = append(errs, fmt.Errorf("default route %d has metric %d after %d", i, route.Metric, r.Routes[i-1].Metric))
		}
	}
	return errors.Join(errs...)
}

// maxServers is how many name servers a resolver takes from resolv.conf.
const maxServers = 3

// resolv.conf names the first cards' servers, in their order, and no other.
func judgeResolv(r report.Report, nics []NIC) error {
	var want, got []string
	for _, n := range nics[:min(len(nics), maxServers)] {
		want = append(want, n.DNS().String())
	}
	for line := range strings.Lines(r.Resolv) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "nameserver" {
			got = append(got, f[1])
		}
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("resolv.conf names %v instead of %v", got, want)
	}
	return nil
}

// One client stays behind what it handed off to: a child of init, in a session
// of its own, alive enough to answer.
func judgeResident(r report.Report) error {
	var residents []report.Process
	for _, p := range r.Processes {
		if p.Resident() {
			residents = append(residents, p)
		}
	}
	if len(residents) != 1 {
		return fmt.Errorf("%d clients run after the handoff instead of one: %v", len(residents), r.Processes)
	}
	p := residents[0]
	var errs []error
	if p.Parent != 1 {
		errs = append(errs, fmt.Errorf("the client's parent is %d instead of init", p.Parent))
	}
	if p.Session == r.Self.Session {
		errs = append(errs, fmt.Errorf("the client shares session %d with what it handed off to", p.Session))
	}
	if !r.Answered {
		errs = append(errs, errors.New("the client does not answer after the handoff"))
	}
	if r.Self.Parent != 1 {
		errs = append(errs, fmt.Errorf("the handoff went to a child of process %d instead of init's", r.Self.Parent))
	}
	return errors.Join(errs...)
}

func judgeZombies(r report.Report) error {
	if len(r.Zombies) > 0 {
		return fmt.Errorf("nobody waits for %v", r.Zombies)
	}
	return nil
}

// The client says of itself that it lives and that every link is bound.
func judgeStatus(r report.Report, nics []NIC) error {
	var s struct {
		Alive bool
		Links []struct{ Interface, State string }
	}
	if err := json.Unmarshal(r.Status, &s); err != nil {
		return fmt.Errorf("dhclient-lws status -json: %w", err)
	}
	var errs []error
	if !s.Alive {
		errs = append(errs, errors.New("dhclient-lws status does not find the client alive"))
	}
	states := make(map[string]string)
	for _, l := range s.Links {
		states[l.Interface] = l.State
	}
	for _, n := range nics {
		if l, ok := linkOf(r, n); ok && states[l.Name] != "BOUND" {
			errs = append(errs, fmt.Errorf("dhclient-lws status tells of state %q of %s", states[l.Name], l.Name))
		}
	}
	return errors.Join(errs...)
}

// linkOf finds a card by what QEMU was told: its hardware address.
func linkOf(r report.Report, n NIC) (network.Link, bool) {
	i := slices.IndexFunc(r.Links, func(l network.Link) bool { return l.MAC == n.MAC })
	if i < 0 {
		return network.Link{}, false
	}
	return r.Links[i], true
}
