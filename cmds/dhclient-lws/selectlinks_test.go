package main

import (
	"testing"

	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

var mac = [6]byte{2, 0, 0, 0, 0, 0xab}

// nic is a link that is meant when nothing is said; change makes it another.
func nic(name string, change ...func(*ifup.Link)) *ifup.Link {
	l := &ifup.Link{Index: 2, Name: name, HardwareAddr: mac, Type: 1, Flags: 0x1003}
	for _, f := range change {
		f(l)
	}
	return l
}

func kind(k string) func(*ifup.Link) { return func(l *ifup.Link) { l.Kind = k } }
func slave(l *ifup.Link)             { l.Master = 7 }
func wireless(l *ifup.Link)          { l.Wireless = true }
func loopback(l *ifup.Link)          { l.Flags |= 0x8; l.Type = 772 }
func dummyLoopback(l *ifup.Link)     { l.Flags |= 0x8 }
func down(l *ifup.Link)              { l.Flags &^= 1 }
func sit(l *ifup.Link)               { l.Type = 776; l.Kind = "sit" }

func TestSelectWithoutArguments(t *testing.T) {
	tests := []struct {
		name string
		link *ifup.Link
		want bool
	}{
		{"NIC", nic("eth0"), true},
		{"NIC that is down", nic("eth0", down), true},
		{"NIC with a hostile name", nic("x$(id)"), true},
		{"loopback", nic("lo", loopback), false},
		{"loopback of Ethernet type", nic("lo", dummyLoopback), false},
		{"part of a bridge or bond", nic("eth0", slave), false},
		{"wireless", nic("wlan0", wireless), false},
		{"veth", nic("veth0", kind("veth")), false},
		{"bridge", nic("docker0", kind("bridge")), false},
		{"bond", nic("bond0", kind("bond")), false},
		{"VLAN", nic("eth0.5", kind("vlan")), false},
		{"dummy", nic("dummy0", kind("dummy")), false},
		{"tunnel", nic("sit0", sit), false},
	}
	for _, tt := range tests {
		if _, got := selectLink(nil, tt.link); got != tt.want {
			t.Errorf("%s: selected %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestSelectWithArguments(t *testing.T) {
	tests := []struct {
		name     string
		argument string
		link     *ifup.Link
		want     bool
	}{
		{"name", "eth0", nic("eth0"), true},
		{"other name", "eth0", nic("eth01"), false},
		{"name of a veth", "veth0", nic("veth0", kind("veth")), true},
		{"name of a wireless link", "wlan0", nic("wlan0", wireless), true},
		{"name of a bridge's port", "eth0", nic("eth0", slave), true},
		{"name of the loopback", "lo", nic("lo", loopback), true},
		{"hostile name", "x$(id)", nic("x$(id)"), true},

		{"pattern", "eth*", nic("eth12"), true},
		{"pattern that does not match", "eth*", nic("enp1s0"), false},
		{"question mark", "eth?", nic("eth12"), false},
		{"class", "eth[0-3]", nic("eth2"), true},
		{"pattern means whole names", "th*", nic("eth0"), false},
		{"pattern and a veth", "v*", nic("veth0", kind("veth")), true},
		{"pattern and a wireless link", "w*", nic("wlan0", wireless), true},
		{"pattern and a bridge's port", "e*", nic("eth0", slave), false},
		{"pattern and the loopback", "*", nic("lo", loopback), false},
		{"pattern and a tunnel", "*", nic("sit0", sit), false},
		{"name that looks like a pattern", "a[b]", nic("a[b]"), true},

		{"MAC", "02:00:00:00:00:ab", nic("eth0"), true},
		{"MAC in capitals", "02:00:00:00:00:AB", nic("eth0"), true},
		{"MAC with hyphens", "02-00-00-00-00-ab", nic("eth0"), true},
		{"other MAC", "02:00:00:00:00:ac", nic("eth0"), false},
		{"MAC of a veth", "02:00:00:00:00:ab", nic("veth0", kind("veth")), true},
		{"MAC of a VLAN upon the NIC", "02:00:00:00:00:ab", nic("eth0.5", kind("vlan")), false},
		{"MAC of the bridge of the NIC", "02:00:00:00:00:ab", nic("br0", kind("bridge")), false},

		{"expression", "^e.*", nic("enp1s0"), true},
		{"expression from the start", "^th", nic("eth0"), false},
		{"expression need not reach the end", "^eth", nic("eth0"), true},
		{"expression and the loopback", "^.*", nic("lo", loopback), false},
	}
	for _, tt := range tests {
		s, err := parseSelector(tt.argument)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if _, got := selectLink([]selector{s}, tt.link); got != tt.want {
			t.Errorf("%s: selected %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestSelectRanksByArgument(t *testing.T) {
	var selectors []selector
	for _, text := range []string{"wan0", "lan*", "*"} {
		s, err := parseSelector(text)
		if err != nil {
			t.Fatal(err)
		}
		selectors = append(selectors, s)
	}
	for name, want := range map[string]int{"wan0": 0, "lan3": 1, "eth0": 2} {
		if rank, ok := selectLink(selectors, nic(name)); !ok || rank != want {
			t.Errorf("%s: rank %d, %v; want %d", name, rank, ok, want)
		}
	}
}
