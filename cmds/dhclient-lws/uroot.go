package main

// urootsDHClient is the name of u-root's own client, which returns when it has its
// leases: what calls it under that name goes on then.
const urootsDHClient = "dhclient"

// returns is for that name. The client that stays is left behind.
func (o *options) returns(given map[string]bool) {
	if !given["background"] && !o.once && !o.dryRun {
		o.background = true
	}
}
