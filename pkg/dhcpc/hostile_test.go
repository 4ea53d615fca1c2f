package dhcpc_test

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// rows names the requirements that a refusal shows.
var rows = map[dhcp4.Refusal][]string{
	dhcp4.ShortFrame:        {"P-RV-07"},
	dhcp4.NotIPv4:           {"P-RV-07"},
	dhcp4.BadIPLength:       {"P-RV-07"},
	dhcp4.BadIPChecksum:     {"P-RV-07"},
	dhcp4.Fragment:          {"P-RV-07"},
	dhcp4.NotUDP:            {"P-RV-07"},
	dhcp4.NotClientPort:     {"P-RV-07", "R2131-4.1-03"},
	dhcp4.BadUDPLength:      {"P-RV-07"},
	dhcp4.BadUDPChecksum:    {"P-RV-07"},
	dhcp4.VLANTagged:        {"H-SPOOF-06"},
	dhcp4.OutgoingCopy:      {"H-SPOOF-06"},
	dhcp4.ShortMessage:      {"R2131-3-07", "P-OP-07"},
	dhcp4.LongMessage:       {"P-OP-06"},
	dhcp4.NotReply:          {"R2131-T3-01"},
	dhcp4.BadCookie:         {"R2131-3-04"},
	dhcp4.BadOption:         {"P-OP-02", "R2131-4.1-32"},
	dhcp4.NoMessageType:     {"R2131-3-04", "P-RV-02", "R1534-01"},
	dhcp4.WrongHardwareAddr: {"P-RV-01", "H-SPOOF-01"},
	dhcp4.WrongXid:          {"R2131-4.4.1-05", "R2131-4.4.5-01", "H-SPOOF-01"},
	dhcp4.WrongClientID:     {"R6842-3-01", "H-SPOOF-01"},
	dhcp4.UnexpectedType:    {"R2131-3-05", "R2131-4.4.1-06", "R2131-F5-16", "P-ST-01"},
	dhcp4.NoServerID:        {"R2131-T3-02", "H-SRV-01"},
	dhcp4.WrongServer:       {"P-RV-03", "P-RV-04"},
	dhcp4.NoLeaseTime:       {"R2131-T3-03", "R2132-9.2-01"},
	dhcp4.BadLeaseTime:      {"P-TM-06", "P-TM-07", "H-LEASE-01"},
	dhcp4.BadAddress:        {"H-ADDR-01", "H-ADDR-02", "H-ADDR-03"},
	dhcp4.WrongAddress:      {"R2131-3.1-03"},
	dhcp4.BadMask:           {"H-MASK-01", "H-MASK-02"},
}

// claim says what a test shows with a hostile reply that is refused for its reason.
func claim(t *testing.T, h dhcptest.Hostile) {
	t.Helper()
	rfc.Shows(t, rows[h.Refusal]...)
	switch h.Name {
	case "two message types", "lease time twice":
		rfc.Shows(t, "R3396-7-01") // the two are one, of a length that is wrong
	}
}

// Every hostile reply arrives just before the honest one. It is refused for its
// reason and for nothing else, and the good server's turn comes at once.
func TestHostileRepliesDoNotDelayTheGoodServer(t *testing.T) {
	rfc.Shows(t, "P-RV-10", "H-PARSE-04")
	covered := map[dhcp4.Refusal]bool{}
	for _, h := range dhcptest.Hostiles() {
		covered[h.Refusal] = true
		t.Run(h.Name, func(t *testing.T) {
			claim(t, h)
			o := newOffice(dhcpc.Config{OnMessage: func(iface string, _ *dhcp4.Message, r dhcp4.Refusal) {
				if iface != "eth0" || r != dhcp4.Accepted && r != h.Refusal {
					t.Errorf("OnMessage(%q, %v), want %v", iface, r, h.Refusal)
				}
			}})
			sent := uint32(0)
			o.server.Respond = func(m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
				if h.Of != 0 && h.Of != honest.Type {
					return []dhcptest.Frame{o.server.Frame(m, honest)}
				}
				sent++
				return []dhcptest.Frame{h.Frame(o.server, m, honest), o.server.Frame(m, honest)}
			}
			o.run(t, time.Second)

			if bound := o.once(t, dhcpc.Bound); bound.Time != fourWays {
				t.Errorf("bound after %v, want %v", bound.Time, fourWays)
			}
			if got := o.eth0.Config().Addr; got != netip.MustParsePrefix("192.0.2.10/24") {
				t.Errorf("got %v", got)
			}
			wantKinds(t, o.lan.Sent, dhcp4.KindDiscover, dhcp4.KindSelecting)
			want := [dhcp4.NumRefusals]uint32{}
			want[h.Refusal] = sent
			if got := o.status(t).Refused; got != want || sent == 0 {
				t.Errorf("refused %v, want %d for reason %v", got, sent, h.Refusal)
			}
		})
	}
	for r := dhcp4.ShortFrame; r < dhcp4.NumRefusals; r++ {
		if !covered[r] && r != dhcp4.NotStrict {
			t.Errorf("no hostile reply is refused for reason %v", r)
		}
	}
}

// attackedAlone is an office after a day of all hostile replies at once, with no good
// server.
func attackedAlone(t *testing.T) *office {
	t.Helper()
	o := newOffice(dhcpc.Config{})
	hostiles := dhcptest.Hostiles()
	o.server.Respond = func(m *dhcptest.Message, honest *dhcptest.Reply) (frames []dhcptest.Frame) {
		for _, h := range hostiles {
			if honest != nil && (h.Of == 0 || h.Of == honest.Type) {
				frames = append(frames, h.Frame(o.server, m, honest))
			}
		}
		return frames
	}
	o.run(t, 24*time.Hour)
	return o
}

func TestHostileRepliesAreNotBelievedForWantOfOthers(t *testing.T) {
	for _, h := range dhcptest.Hostiles() {
		claim(t, h)
	}
	o := attackedAlone(t)
	if len(o.eth0.Applied) != 0 {
		t.Errorf("configured %+v", o.eth0.Applied[0])
	}
	if n := len(ofKind(o.lan.Sent, dhcp4.KindSelecting)); n != 0 {
		t.Errorf("%d REQUESTs for hostile offers", n)
	}
}

func TestAttackersDoNotMakeAFloodOfAsking(t *testing.T) {
	rfc.Shows(t, "H-RATE-01", "P-RT-21", "R2131-4.1-21")
	o := attackedAlone(t)
	if n := len(o.lan.Sent); n > 24*60 {
		t.Errorf("%d messages in a day, want less than one a minute", n)
	}
}

// Renewal answers come by UDP: the kernel has judged the frame, the rest is as
// suspicious as ever.
func TestHostileRenewals(t *testing.T) {
	rfc.Shows(t, "R2131-4.4.5-01", "R2131-F5-01")
	for _, h := range dhcptest.Hostiles() {
		if h.Of == dhcp4.Offer || h.Refusal < dhcp4.ShortMessage || h.Name == "from another server" {
			continue // another server's ACK is good here (failover pairs)
		}
		t.Run(h.Name, func(t *testing.T) {
			claim(t, h)
			o := newOffice(dhcpc.Config{})
			o.server.Respond = func(m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
				good := o.server.Frame(m, honest)
				if m.Kind != dhcp4.KindRenewing {
					return []dhcptest.Frame{good}
				}
				return []dhcptest.Frame{h.Frame(o.server, m, honest), good}
			}
			o.run(t, 35*time.Minute)
			renewed := o.once(t, dhcpc.Renewed)
			if want := ofKind(o.lan.Sent, dhcp4.KindRenewing)[0].Time + 2*oneWay; renewed.Time != want {
				t.Errorf("renewed at %v, want %v", renewed.Time, want)
			}
			if lost := o.told(dhcpc.Lost); len(lost) > 0 {
				t.Errorf("lost the lease at %v", lost[0].Time)
			}
			if got := o.status(t).Refused[h.Refusal]; got == 0 {
				t.Errorf("nothing refused for reason %v: %v", h.Refusal, o.status(t).Refused)
			}
		})
	}
}

func TestBoundLinksHearNothing(t *testing.T) {
	rfc.Shows(t, "R2131-F5-03", "R2131-F5-20", "H-SPOOF-02")
	for _, typ := range []dhcp4.MessageType{dhcp4.Offer, dhcp4.Ack, dhcp4.Nak, dhcp4.ForceRenew} {
		o := newOffice(dhcpc.Config{})
		var last *dhcptest.Message
		var reply *dhcptest.Reply
		o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
			last, reply = m, r
			return []dhcptest.Frame{o.server.Frame(m, r)}
		}
		// Right after the ACK, while the packet socket is still open.
		o.lan.At(fourWays+time.Millisecond, func() {
			r := *reply
			r.Type = typ
			o.network.Send(o.server.Frame(last, &r))
		})
		o.run(t, time.Minute)
		if lost := o.told(dhcpc.Lost); len(lost) > 0 || o.status(t).Refused[dhcp4.UnexpectedType] != 1 {
			t.Errorf("message type %d: lost %v, refused %v", typ, lost, o.status(t).Refused)
		}
	}
}

func TestAReplyForAnotherLinkIsNotTaken(t *testing.T) {
	rfc.Shows(t, "R2131-3.6-01", "H-SPOOF-06")
	o := newOffice(dhcpc.Config{})
	elsewhere := o.lan.Segment()
	eth1, stranger := o.lan.Plug("eth1", elsewhere), o.lan.Plug("eth2", elsewhere)
	stranger.SetUp(true)
	o.request("eth1")
	o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
		f := o.server.Frame(m, r)
		eth1.Receive(f)
		stranger.Receive(f)
		return []dhcptest.Frame{f}
	}
	o.run(t, 40*time.Second)
	if got := statusOf(t, o.client, "eth1"); got.Lease != nil || got.Refused[dhcp4.WrongHardwareAddr]+got.Refused[dhcp4.WrongXid] != 2 {
		t.Errorf("eth1 took what eth0 was sent: %+v", got)
	}
	if o.once(t, dhcpc.Bound).Interface != "eth0" || eth1.Config().Addr.IsValid() || stranger.Config().Addr.IsValid() {
		t.Error("another link than eth0 is configured")
	}
}

func TestAServerThatAlwaysSaysNo(t *testing.T) {
	rfc.Shows(t, "P-RT-20", "R2131-F5-15")
	o := newOffice(dhcpc.Config{})
	o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
		if r.Type == dhcp4.Ack {
			r.Type, r.YourAddr = dhcp4.Nak, netip.Addr{}
		}
		return []dhcptest.Frame{o.server.Frame(m, r)}
	}
	o.run(t, time.Hour)
	discovers := ofKind(o.lan.Sent, dhcp4.KindDiscover)
	if n := len(discovers); n > 70 || n < 50 {
		t.Errorf("%d DISCOVERs in an hour of refusals, want about one a minute", n)
	}
	if gap := discovers[1].Time - discovers[0].Time; gap != fourWays {
		t.Errorf("the first refusal is answered after %v, want %v: at once", gap, fourWays)
	}
}

func TestAFloodOfRefusals(t *testing.T) {
	rfc.Shows(t, "P-RT-21")
	o := newOffice(dhcpc.Config{})
	o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
		if r.Type != dhcp4.Ack {
			return []dhcptest.Frame{o.server.Frame(m, r)}
		}
		r.Type, r.YourAddr = dhcp4.Nak, netip.Addr{}
		return slices.Repeat([]dhcptest.Frame{o.server.Frame(m, r)}, 10000)
	}
	o.run(t, 700*time.Millisecond) // the second refusal is answered after 1 s ± 20 %
	wantKinds(t, o.lan.Sent, dhcp4.KindDiscover, dhcp4.KindSelecting, dhcp4.KindDiscover, dhcp4.KindSelecting)
}

// Partial checksums are what local veth and virtio senders leave.
func TestPartialChecksums(t *testing.T) {
	rfc.Shows(t, "P-RV-08")
	o := newOffice(dhcpc.Config{})
	o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
		f := o.server.Frame(m, r)
		f.Partial = true
		f.Data[14+20+6] ^= 0x55
		return []dhcptest.Frame{f}
	}
	o.run(t, time.Second)
	o.once(t, dhcpc.Bound)
}

// What is unusual but right must not be refused.
func TestUnusualRepliesAreTaken(t *testing.T) {
	rfc.Shows(t, "R2131-T3-04", "P-RV-06", "R2131-3-06", "R2131-T3-05", "R1542-3.4-02", "R2131-2-08", "R2131-4.1-07", "P-RV-09", "H-SPOOF-03")
	edit := func(fn func(r *dhcptest.Reply)) func(o *office) {
		return func(o *office) {
			o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
				fn(r)
				return []dhcptest.Frame{o.server.Frame(m, r)}
			}
		}
	}
	option := func(c dhcp4.Code, b ...byte) func(r *dhcptest.Reply) {
		return func(r *dhcptest.Reply) { r.Options = append(r.Options, dhcptest.Option{Code: c, Data: b}) }
	}
	for name, arrange := range map[string]func(o *office){
		"no options but the necessary": edit(func(r *dhcptest.Reply) {
			if r.Type == dhcp4.Ack || r.Type == dhcp4.Offer {
				r.Options = nil
			}
		}),
		"unknown option":        edit(option(224, 1, 2, 3)),
		"options of clients":    edit(option(dhcp4.MaxMessageSize, 5, 220)),
		"relay agent address":   edit(func(r *dhcptest.Reply) { r.RelayAddr = netip.MustParseAddr("192.0.2.254") }),
		"next server elsewhere": edit(func(r *dhcptest.Reply) { r.NextServer = netip.MustParseAddr("198.51.100.9") }),
		"no end option":         edit(func(r *dhcptest.Reply) { r.NoEnd = true }),
		"server off the subnet": func(o *office) {
			o.server.ID, o.server.Router = netip.MustParseAddr("10.9.9.9"), netip.MustParseAddr("192.0.2.1")
		},
		"client identifier missing": func(o *office) { o.server.NoClientID = true },
		"broadcast":                 func(o *office) { o.server.Broadcast = true },
		"duplicated frames":         func(o *office) { o.network.Duplicate = 1 },
		"padded frame": func(o *office) {
			o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
				f := o.server.Frame(m, r)
				f.Data = append(f.Data, bytes.Repeat([]byte{0xff}, 20)...)
				return []dhcptest.Frame{f}
			}
		},
		"from another link address": func(o *office) {
			o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
				f := o.server.Frame(m, r)
				copy(f.Data[6:], []byte{0, 0, 0x5e, 0, 1, 7}) // a router of the relay's, by VRRP
				return []dhcptest.Frame{f}
			}
		},
		"from port 1067": func(o *office) {
			o.server.Respond = func(m *dhcptest.Message, r *dhcptest.Reply) []dhcptest.Frame {
				f := o.server.Frame(m, r)
				f.Data[14+20], f.Data[14+20+1] = 4, 43
				dhcptest.FixChecksums(f.Data)
				return []dhcptest.Frame{f}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(dhcpc.Config{})
			arrange(o)
			o.run(t, time.Minute)
			if bound := o.once(t, dhcpc.Bound); bound.Time != fourWays {
				t.Errorf("bound at %v", bound.Time)
			}
		})
	}
}

// A rogue that answers first, under a new name each time, and never acknowledges:
// after two that led to nothing the client hears everybody and lets chance decide.
func TestARogueOfManyNames(t *testing.T) {
	rfc.Shows(t, "H-SPOOF-05")
	o := newOffice(dhcpc.Config{})
	names := byte(0)
	o.server.Respond = func(m *dhcptest.Message, honest *dhcptest.Reply) []dhcptest.Frame {
		if honest == nil {
			return nil
		}
		frames := []dhcptest.Frame{o.server.Frame(m, honest)}
		if honest.Type == dhcp4.Offer {
			names++
			rogue := *honest
			rogue.ServerID = netip.AddrFrom4([4]byte{192, 0, 2, 100 + names%100})
			frames = slices.Insert(frames, 0, o.server.Frame(m, &rogue))
		}
		return frames
	}
	o.run(t, 10*time.Minute)
	o.once(t, dhcpc.Bound)
}
