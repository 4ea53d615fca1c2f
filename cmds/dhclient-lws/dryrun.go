package main

import (
	"net/netip"

	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// dryKernel is the kernel of a dry run: links are set up, and everything else is
// said to be done and is not.
type dryKernel struct {
	*ifup.Netlink
	taken []int // the links that Flush has to report
}

func openDryKernel() (*dryKernel, error) {
	n, err := ifup.Open()
	if err != nil {
		return nil, err
	}
	return &dryKernel{Netlink: n}, nil
}

func (k *dryKernel) Apply(index int, _ ifup.Config) { k.taken = append(k.taken, index) }

// Holds says that no address is ours: a dry run remembers no lease.
func (k *dryKernel) Holds(int, netip.Prefix) bool { return false }

func (k *dryKernel) Flush(fn func(index int, err error)) {
	k.Netlink.Flush(fn)
	taken := k.taken
	k.taken = nil // fn may name links again
	for _, index := range taken {
		fn(index, nil)
	}
}
