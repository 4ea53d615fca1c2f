package dhcp4_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// goodFrame carries "dhcp!" from 192.0.2.1:67 to 192.0.2.50:68. Its checksums
// were computed by hand: the words of the IP header add up to 0x24965, folded
// 0x4967, of which 0xb698 is the complement; those of UDP and the pseudo header
// to 0x26dbd, folded 0x6dbf, of which it is 0x9240.
func goodFrame() []byte {
	return unhex(`
		020000000001 0200000000aa 0800
		45 00 0021 0000 4000 40 11 b698 c0000201 c0000232
		0043 0044 000d 9240 6468637021`)
}

// edit changes bytes of the good frame and sets the IP checksum right.
func edit(change func(f []byte) []byte) []byte { return repair(change(goodFrame())) }

// repair sets the IP checksum right, if there is a header.
func repair(f []byte) []byte {
	if len(f) < 14+20 {
		return f
	}
	ip := f[14:]
	header := int(ip[0]&0xf) * 4
	if header < 20 || len(ip) < header {
		return f
	}
	ip[10], ip[11] = 0, 0
	binary.BigEndian.PutUint16(ip[10:], ^onesComplement(ip[:header]))
	return f
}

// onesComplement is the sum of RFC 1071, computed the slow way.
func onesComplement(b []byte) uint16 {
	var s uint
	for i, v := range b {
		if i%2 == 0 {
			s += uint(v) << 8
		} else {
			s += uint(v)
		}
		s = s&0xffff + s>>16
	}
	return uint16(s)
}

func set(at int, v ...byte) func([]byte) []byte {
	return func(f []byte) []byte { copy(f[at:], v); return f }
}

func TestParseFrame(t *testing.T) {
	rfc.Shows(t, "P-RV-07", "R2131-4.1-07", "R2131-2-06")
	d, r := dhcp4.ParseFrame(goodFrame(), false)
	if r != dhcp4.Accepted {
		t.Fatalf("refused: %v", r)
	}
	if d.HWDst != clientMAC || d.HWSrc != serverMAC || d.PartialChecksums || string(d.Payload) != "dhcp!" ||
		d.Src != netip.AddrPortFrom(serverAddr, 67) || d.Dst != netip.AddrPortFrom(clientAddr, 68) {
		t.Errorf("%+v", d)
	}
}

func TestParseFrameAccepts(t *testing.T) {
	rfc.Shows(t, "P-RV-07", "P-RV-09", "R2131-4.1-07")
	for name, frame := range map[string][]byte{
		"trailing padding": append(goodFrame(), make([]byte, 13)...),
		"trailing garbage": append(goodFrame(), "garbage"...),
		"no UDP checksum":  edit(set(40, 0, 0)),
		"another source port": edit(func(f []byte) []byte {
			copy(f[34:], []byte{4, 43})
			copy(f[40:], []byte{0x8e, 0x58})
			return f
		}),
		"IP options": edit(func(f []byte) []byte {
			f = slices.Insert(f, 34, 1, 1, 1, 1)
			f[14], f[17] = 0x46, f[17]+4
			return f
		}),
		"the most IP options": edit(func(f []byte) []byte {
			f = slices.Insert(f, 34, bytes.Repeat([]byte{1}, 40)...)
			f[14], f[17] = 0x4f, f[17]+40
			return f
		}),
		"IP payload beyond the UDP length": edit(func(f []byte) []byte {
			f[17] += 2
			return append(f, 0, 0)
		}),
		"may be fragmented": edit(set(20, 0, 0)),
		"broadcast": edit(func(f []byte) []byte {
			copy(f, bytes.Repeat([]byte{0xff}, 6))
			copy(f[30:], []byte{255, 255, 255, 255, 0, 67, 0, 68, 0, 13, 0x54, 0x73})
			return f
		}),
	} {
		d, r := dhcp4.ParseFrame(frame, false)
		if r != dhcp4.Accepted || string(d.Payload) != "dhcp!" {
			t.Errorf("%s: %v, payload %q", name, r, d.Payload)
		}
	}
}

func TestParseFrameRefuses(t *testing.T) {
	rfc.Shows(t, "P-RV-07", "R2131-4.1-03")
	for _, c := range []struct {
		name  string
		frame []byte
		want  dhcp4.Refusal
	}{
		{"ARP", edit(set(12, 0x08, 0x06)), dhcp4.NotIPv4},
		{"IPv6", edit(set(12, 0x86, 0xdd)), dhcp4.NotIPv4},
		{"802.3 length", edit(set(12, 0, 46)), dhcp4.NotIPv4},
		{"802.1Q tag", slices.Insert(goodFrame(), 12, 0x81, 0, 0, 5), dhcp4.VLANTagged},
		{"802.1ad tag", slices.Insert(goodFrame(), 12, 0x88, 0xa8, 0, 5), dhcp4.VLANTagged},
		{"IP version 6", edit(set(14, 0x65)), dhcp4.NotIPv4},
		{"IHL 4", edit(set(14, 0x44)), dhcp4.NotIPv4},
		{"IHL 0", edit(set(14, 0x40)), dhcp4.NotIPv4},
		{"IHL beyond the frame", edit(set(14, 0x4f)), dhcp4.ShortFrame},
		{"total length 0", edit(set(16, 0, 0)), dhcp4.BadIPLength},
		{"total length below the header", edit(set(16, 0, 19)), dhcp4.BadIPLength},
		{"total length beyond the frame", edit(set(16, 0, 34)), dhcp4.BadIPLength},
		{"total length of 65535", edit(set(16, 255, 255)), dhcp4.BadIPLength},
		{"only the IP header", edit(set(16, 0, 20)), dhcp4.ShortFrame},
		{"half a UDP header", edit(set(16, 0, 27)), dhcp4.ShortFrame},
		{"time to live changed", set(22, 63)(goodFrame()), dhcp4.BadIPChecksum},
		{"IP checksum 0", set(24, 0, 0)(goodFrame()), dhcp4.BadIPChecksum},
		{"first fragment", edit(set(20, 0x20, 0)), dhcp4.Fragment},
		{"later fragment", edit(set(20, 0, 1)), dhcp4.Fragment},
		{"last fragment of a large one", edit(set(20, 0x1f, 0xff)), dhcp4.Fragment},
		{"TCP", edit(set(23, 6)), dhcp4.NotUDP},
		{"for the server", edit(set(36, 0, 67)), dhcp4.NotClientPort},
		{"UDP length 0", edit(set(38, 0, 0)), dhcp4.BadUDPLength},
		{"UDP length 7", edit(set(38, 0, 7)), dhcp4.BadUDPLength},
		{"UDP length beyond the datagram", edit(set(38, 0, 14)), dhcp4.BadUDPLength},
		{"UDP length beyond the datagram, in the padding", append(edit(set(38, 0, 14)), 0), dhcp4.BadUDPLength},
		{"payload changed", set(42, 'D')(goodFrame()), dhcp4.BadUDPChecksum},
		{"UDP checksum changed", set(41, 0xcc)(goodFrame()), dhcp4.BadUDPChecksum},
		{"IP source changed", edit(set(29, 2)), dhcp4.BadUDPChecksum},
		{"UDP length shortened", edit(set(39, 12)), dhcp4.BadUDPChecksum},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d, r := dhcp4.ParseFrame(c.frame, false); r != c.want || d.Payload != nil {
				t.Errorf("%v, payload %q; want %v", r, d.Payload, c.want)
			}
		})
	}
}

func TestParseFrameOfEveryPrefix(t *testing.T) {
	rfc.Shows(t, "P-RV-07", "H-PARSE-02")
	frame := goodFrame()
	for n := range len(frame) {
		want := dhcp4.BadIPLength
		if n < 14+20 {
			want = dhcp4.ShortFrame
		}
		if _, r := dhcp4.ParseFrame(frame[:n:n], false); r != want {
			t.Errorf("%d bytes: %v, want %v", n, r, want)
		}
	}
}

// A sender on the same host leaves only the sum of the pseudo header in the
// checksum field and trusts that a device will do the rest.
func TestPartialChecksums(t *testing.T) {
	rfc.Shows(t, "P-RV-08")
	pseudo := onesComplement(slices.Concat(goodFrame()[26:34], []byte{0, 17, 0, 13}))
	partial := set(40, byte(pseudo>>8), byte(pseudo))(goodFrame())
	for _, c := range []struct {
		name       string
		frame      []byte
		announced  bool
		want       dhcp4.Refusal
		wantMarked bool
	}{
		{"partial, announced", partial, true, dhcp4.Accepted, true},
		{"partial, not announced", partial, false, dhcp4.BadUDPChecksum, false},
		{"right, announced", goodFrame(), true, dhcp4.Accepted, false},
		{"none, announced", edit(set(40, 0, 0)), true, dhcp4.Accepted, false},
		{"bad IP checksum, announced", set(24, 0, 0)(slices.Clone(partial)), true, dhcp4.BadIPChecksum, false},
	} {
		d, r := dhcp4.ParseFrame(c.frame, c.announced)
		if r != c.want || d.PartialChecksums != c.wantMarked {
			t.Errorf("%s: %v, marked %v; want %v, %v", c.name, r, d.PartialChecksums, c.want, c.wantMarked)
		}
	}
}

func TestAppendFrame(t *testing.T) {
	rfc.Shows(t, "R1122-4.1.3.4", "R791-01")
	got := dhcp4.AppendFrame([]byte("before"), serverMAC, clientMAC,
		netip.AddrPortFrom(serverAddr, 67), netip.AddrPortFrom(clientAddr, 68), []byte("dhcp!"))
	if want := append([]byte("before"), goodFrame()...); !bytes.Equal(got, want) {
		t.Errorf("frame\n%x, want\n%x", got, want)
	}
}

func TestAppendFrameNeverSendsUDPChecksumZero(t *testing.T) {
	rfc.Shows(t, "R1122-4.1.3.4")
	src, dst := netip.AddrPortFrom(serverAddr, 67), netip.AddrPortFrom(clientAddr, 68)
	// The word that makes all the others sum up to 0xffff, whose complement is 0.
	payload := []byte{0, 0}
	f := dhcp4.AppendFrame(nil, serverMAC, clientMAC, src, dst, payload)
	copy(payload, f[40:42])
	f = dhcp4.AppendFrame(nil, serverMAC, clientMAC, src, dst, payload)
	if got := binary.BigEndian.Uint16(f[40:]); got != 0xffff {
		t.Errorf("UDP checksum %#x, want 0xffff", got)
	}
	if _, r := dhcp4.ParseFrame(f, false); r != dhcp4.Accepted {
		t.Errorf("our own frame: %v", r)
	}
}

func TestAppendFrameWithAddressesOfNoUse(t *testing.T) {
	f := dhcp4.AppendFrame(nil, serverMAC, clientMAC, netip.AddrPort{}, netip.MustParseAddrPort("[2001:db8::1]:68"), nil)
	d, r := dhcp4.ParseFrame(f, false)
	if zero := netip.IPv4Unspecified(); r != dhcp4.Accepted || d.Src.Addr() != zero || d.Dst.Addr() != zero {
		t.Errorf("%v from %v to %v, want 0.0.0.0 twice", r, d.Src, d.Dst)
	}
}
