package servers

import (
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// What the server of a test answers at present.
const (
	answersAll = int32(iota)
	answersNone
	answersDiscover
)

// A death is a moment in which the command is killed.
type death struct {
	name   string
	args   []string
	server int32         // what it answers from the moment on at which there is a lease to remember, or from the start
	t1, t2 time.Duration // of the lease; 0: half an hour, and so on
	second bool          // it is the second life that ends so; the first was bound, and killed
	cut    bool          // the cable is out when it does
	taken  bool          // somebody has the address that the server gives
	state  string        // in which status.json shows the link then; or
	snare  *snare        // where it runs into its death

	remembered bool // there is a lease that the next life asks for, in use all the while
}

// deaths are made anew for each test: snares count.
func deaths() []death {
	return []death{
		{name: "DOWN", cut: true, state: "DOWN"},
		{name: "DOWN, with a lease", second: true, cut: true, state: "DOWN", remembered: true},
		{name: "INIT", args: []string{"-start-delay", "1h"}, state: "INIT"},
		{name: "SELECTING", server: answersNone, state: "SELECTING"},
		{name: "SELECTING, with a lease that nobody confirms", server: answersNone, second: true, state: "SELECTING", remembered: true},
		{name: "REQUESTING", server: answersDiscover, state: "REQUESTING"},
		{name: "REBOOTING", server: answersNone, second: true, state: "REBOOTING", remembered: true},
		{name: "INSTALLING", args: []string{"-acd", "strict"}, state: "INSTALLING"},
		{name: "BOUND", state: "BOUND", remembered: true},
		{name: "RENEWING", server: answersNone, t1: time.Second, t2: time.Hour / 2, state: "RENEWING", remembered: true},
		{name: "REBINDING", server: answersNone, t1: time.Second, t2: 2 * time.Second, state: "REBINDING", remembered: true},
		{name: "INIT, after DECLINE", taken: true, state: "INIT"},

		{name: "between the ACK and the address", snare: addressing()},
		{name: "resolv.conf is written", snare: syncing(".resolv.conf")},
		{name: "resolv.conf is replaced", snare: renaming(".resolv.conf")},
		{name: "the state is written", snare: syncing(".status.json")},
		{name: "net-eth0.conf is written", snare: syncing(".net-eth0.conf")},
		{name: "the lease is written", snare: syncing(".eth0.json")},
		{name: "the lease is replaced", snare: renaming(".eth0.json")},
		{name: "the lease is written again", t1: time.Second, t2: time.Hour / 2, snare: again(syncing(".eth0.json")), remembered: true},
		{name: "the lease is replaced again", t1: time.Second, t2: time.Hour / 2, snare: again(renaming(".eth0.json")), remembered: true},
	}
}

// Whenever the command is killed, the next one finds its way: with the address that
// was in use, which never leaves the link, if a lease was on the disk, and from the
// beginning if none was. Nothing is there twice, and nothing is left over.
func TestKilledWhenever(t *testing.T) {
	rfc.Shows(t, "H-CRASH-01", "P-IR-03", "R2131-4.4.2-10")
	t.Parallel()
	binary := build(t)
	for _, d := range deaths() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, 1)
			mode := new(atomic.Int32)
			server := &dhcptest.Server{
				ID: netip.MustParseAddr("10.77.0.1"), Subnet: netip.MustParsePrefix("10.77.0.0/16"), First: netip.MustParseAddr("10.77.1.0"),
				DNS: []netip.Addr{netip.MustParseAddr("10.77.0.53")}, T1: d.t1, T2: d.t2,
			}
			server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
				if now := mode.Load(); r == nil || now == answersNone || now == answersDiscover && m.Kind != dhcp4.KindDiscover {
					return nil
				}
				return []dhcptest.Frame{server.Frame(m, r)}
			}
			tr := listen(t, s.lan, "br0", server.Answer)
			if d.taken {
				s.open(t)
				s.plug(t, "10.77.1.0/16")
			}
			c := &command{s, binary, t.TempDir()}
			netns.Tmpfs(t, c.dir, "size=1m,mode=755") // which answers in time, however busy the machine is
			c.live(t, &d, mode, tr)

			var before netip.Prefix
			if d.remembered {
				before, _ = s.address(t, "eth0")
			}
			left, asked := s.home.WatchAddresses(t), len(tr.saidSoFar(dhcp4.KindDiscover))
			mode.Store(answersAll)
			s.lan.Up(t, "port0")
			eventually(t, func() string {
				if s.lan.Link(t, "port0").Attrs().OperState != netlink.OperUp {
					return "the bridge does not take the cable"
				}
				return ""
			})
			resident := c.start(t)
			got := netip.MustParsePrefix(c.bound(t, resident))
			if d.remembered {
				if got != before {
					t.Errorf("%v became %v", before, got)
				}
				if len(tr.saidSoFar(dhcp4.KindInitReboot)) == 0 || len(tr.saidSoFar(dhcp4.KindDiscover)) != asked {
					t.Error("it began anew")
				}
				if list := left(); len(list) > 0 {
					t.Errorf("left the link: %v", list)
				}
			}
			c.isWhole(t, got)
		})
	}
}

// live is the life, or the two of them, that ends as it is to.
func (c *command) live(t *testing.T, d *death, mode *atomic.Int32, tr *traffic) {
	t.Helper()
	if d.second {
		first := c.start(t)
		c.bound(t, first)
		c.remembers(t)
		end(t, first, unix.SIGKILL)
	}
	if d.cut {
		c.lan.Down(t, "port0")
	}
	if d.snare != nil {
		cmd := c.prepare(t, d.args...)
		select {
		case <-startInto(t, c.home, cmd, d.snare):
		case <-time.After(patience):
			t.Fatal("never came to where it was to be killed")
		}
		_ = cmd.Wait()
		return
	}
	if !d.remembered || d.second {
		mode.Store(d.server)
	}
	resident := c.start(t, d.args...)
	if d.remembered && !d.second {
		c.bound(t, resident)
		c.remembers(t)
		mode.Store(d.server)
	}
	if d.taken {
		tr.await(t, dhcp4.KindDecline, 1)
	}
	c.is(t, resident, d.state)
	end(t, resident, unix.SIGKILL)
}

// remembers waits until the lease is on the disk, which is after it is in use.
func (c *command) remembers(t *testing.T) {
	t.Helper()
	eventually(t, func() string {
		if _, err := os.Stat(c.dir + "/eth0.json"); err != nil {
			return err.Error()
		}
		return ""
	})
}

// isWhole requires that there is all that belongs to a lease, once, and no more, on
// the link and on the disk.
func (c *command) isWhole(t *testing.T, addr netip.Prefix) {
	t.Helper()
	if got, _ := c.address(t, "eth0"); got != addr {
		t.Errorf("address %v, leased %v", got, addr)
	}
	c.hasRoutes(t, "eth0", "0.0.0.0/0 via 10.77.0.1", "10.77.0.0/16")
	want := []string{"eth0.json", "eth0.lock", "first-of-the-residents.lock", "net-eth0.conf", "resolv.conf", "status.json", "writer-of-resolv.conf.lock"}
	eventually(t, func() string {
		entries, err := os.ReadDir(c.dir)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if !slices.Equal(names, want) {
			return "files: " + strings.Join(names, " ")
		}
		return ""
	})
	resolv, err := os.ReadFile(c.resolvConf())
	if err != nil || string(resolv) != "# generated by dhclient-lws\nnameserver 10.77.0.53\n" {
		t.Errorf("resolv.conf: %v\n%s", err, resolv)
	}
}

// is waits until status.json shows the link of a resident in a state.
func (c *command) is(t *testing.T, resident *exec.Cmd, state string) {
	t.Helper()
	eventually(t, func() string {
		var status struct {
			PID   int
			Links []struct{ State string }
		}
		content, err := os.ReadFile(c.dir + "/status.json")
		if err == nil {
			err = json.Unmarshal(content, &status)
		}
		if err != nil || status.PID != resident.Process.Pid || len(status.Links) != 1 || status.Links[0].State != state {
			return "not in " + state + ": " + string(content)
		}
		return ""
	})
}
