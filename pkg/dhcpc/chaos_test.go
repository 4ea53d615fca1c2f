package dhcpc_test

import (
	"fmt"
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

// For three hours everything that can go wrong goes wrong at random; then all is
// well. Whatever state that left behind, every link must have its lease soon,
// and nothing that the LAN forbids may have happened on the way.
func TestNoStateIsADeadEnd(t *testing.T) {
	rfc.Shows(t, "P-ST-08", "H-RATE-01")
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			const calm = 3 * time.Hour
			o := newOffice(dhcpc.Config{})
			r := rand.New(rand.NewPCG(seed, 0))
			c := &chaos{office: o, rand: r, links: []*dhcptest.Link{o.eth0, o.lan.Plug("eth1", o.network), o.lan.Plug("eth2", o.network)}}
			o.request("eth1")
			o.request("eth2")
			o.network.Loss, o.network.Duplicate, o.network.Jitter = 0.1, 0.1, time.Millisecond
			o.server.Lease = 10 * time.Minute
			o.lan.RefuseSend = func(*packet.Out) error { return c.send }
			o.lan.RefuseListen = func(_, _ bool) error { return c.listen }
			o.server.Respond = c.respond
			for at := time.Second; at < calm; at += time.Duration(r.Int64N(int64(2 * time.Minute))) {
				o.lan.At(at, c.strike)
			}
			o.lan.At(calm, c.end)
			// What the kernel refused is asked for again when the lease is renewed.
			const soon = calm + 8*time.Minute
			o.run(t, soon)
			for _, l := range c.links {
				st := statusOf(t, o.client, l.Name())
				if st.State != machine.Bound || l.Config().Addr != st.Lease.Addr || len(l.Config().Routes) != 1 || l.Config().Metric != st.Metric {
					t.Errorf("%s: %+v\nkernel: %+v", l.Name(), st, l.Config())
				}
			}
		})
	}
}

// chaos is the state of what goes wrong.
type chaos struct {
	*office
	rand         *rand.Rand
	links        []*dhcptest.Link
	send, listen error
	hostile      bool
}

var hostiles = dhcptest.Hostiles()

// strike lets one more thing go wrong, or makes one right.
func (c *chaos) strike() {
	i := c.rand.IntN(len(c.links))
	link := c.links[i]
	coin := c.rand.IntN(2) == 0
	pick := func(err error) error {
		if coin {
			return err
		}
		return nil
	}
	switch c.rand.IntN(12) {
	case 0:
		link.SetCarrier(coin)
	case 1:
		link.SetUp(coin)
	case 2:
		link.Unplug()
		c.links[i] = c.lan.Plug(link.Name(), c.network)
	case 3:
		c.server.Silent = coin
	case 4:
		c.server.Forget()
		c.server.Authoritative = coin
	case 5:
		c.send = pick(syscall.ENOBUFS)
	case 6:
		c.listen = pick(syscall.EMFILE)
	case 7:
		c.hostile = coin
	case 8:
		c.refuse(link, ifup.OpAddr, pick(syscall.EEXIST))
	case 9:
		c.refuse(link, ifup.OpRoute, pick(syscall.EEXIST))
	case 10:
		link.NoUDP = coin
		c.lan.Kernel.Overrun()
	case 11:
		c.client.Remove(link.Name())
		c.request(link.Name())
	}
}

func (c *chaos) refuse(l *dhcptest.Link, op ifup.Op, err error) {
	l.Refuse[op] = err
}

func (c *chaos) respond(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
	if r == nil {
		return nil
	}
	frames := []dhcptest.Frame{c.server.Frame(m, r)}
	h := &hostiles[c.rand.IntN(len(hostiles))]
	if c.hostile && r.Type != dhcp4.Nak && (h.Of == 0 || h.Of == r.Type) {
		frames[0] = h.Frame(c.server, m, r)
	}
	return frames
}

// end makes everything right.
func (c *chaos) end() {
	c.network.Loss, c.network.Duplicate = 0, 0
	c.server.Silent, c.hostile = false, false
	c.send, c.listen = nil, nil
	for _, l := range c.links {
		clear(l.Refuse)
		l.NoUDP = false
		l.SetUp(true)
		l.SetCarrier(true)
	}
}
