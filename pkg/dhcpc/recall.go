package dhcpc

import (
	"errors"
	"fmt"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// attachAll gives links to the requests that have none. A callback may make or
// remove requests meanwhile.
func (c *Client) attachAll() {
	for i := 0; i < len(c.links); i++ {
		l := c.links[i]
		if l == nil || l.index != 0 {
			continue
		}
		index, ok := c.names[l.name]
		if !ok {
			continue
		}
		facts := *c.known[index]
		lease := c.recall(l, facts)
		if c.links[i] == l {
			c.attach(l, index, facts, lease, c.now)
		}
	}
}

// recall asks for the lease that a link had in an earlier life.
func (c *Client) recall(l *link, facts ifup.Link) (lease *machine.Lease) {
	if c.cfg.Recall == nil || l.released {
		return nil
	}
	c.outside(func() { lease = c.cfg.Recall(facts) })
	return lease
}

// believable is why a remembered lease is not to be used: files have other
// authors, too.
func believable(lease *machine.Lease, now time.Duration) error {
	err := lease.Valid()
	if err == nil && lease.Start > now {
		err = errors.New("it has not begun")
	}
	if err != nil {
		return fmt.Errorf("remembered lease: %w", err)
	}
	return nil
}
