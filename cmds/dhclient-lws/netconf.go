package main

import (
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/machine"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

func netConfPath(dir, iface string) string { return filepath.Join(dir, "net-"+iface+".conf") }

// writeNetConfs keeps net-<interface>.conf of each link that has a lease in use.
// Shell scripts source these files, and expand their names: an interface whose
// name is not plain gets none.
func (s *scribe) writeNetConfs(shot *snapshot) {
	dir := s.netConfDir
	if dir == "" {
		return
	}
	for i := range shot.links {
		l := &shot.links[i]
		k := s.kept[l.Interface]
		lease := inUse(l)
		switch {
		case !isPlainName(l.Interface):
		case lease == nil && !k.known && s.result != undecided:
			s.removeNetConf(l.Interface, k) // who waits for a lease may have that of an earlier life
		case lease == k.netConf:
		case lease == nil:
			s.removeNetConf(l.Interface, k)
		default:
			err := replace(netConfPath(dir, l.Interface), netConf(l.Interface, lease, packet.Now()), 0o644)
			if s.report("net-conf", err); err == nil {
				k.netConf, k.known = lease, true
			}
		}
	}
}

// removeNetConf reports whether the file is gone.
func (s *scribe) removeNetConf(iface string, k *keptLink) bool {
	if s.netConfDir == "" {
		return false
	}
	err := os.Remove(netConfPath(s.netConfDir, iface))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.report("net-conf", err)
		return false
	}
	k.netConf, k.known = nil, true
	return true
}

// netConf is a lease as klibc's ipconfig writes it: variables of a shell, in this
// order, each there even if it is empty.
func netConf(iface string, l *machine.Lease, now time.Duration) []byte {
	address := func(list []netip.Addr, i int) string {
		if i < len(list) {
			return list[i].String()
		}
		return netip.IPv4Unspecified().String()
	}
	described := describeLease(l)
	router := described.router()
	if !router.IsValid() {
		router = netip.IPv4Unspecified()
	}
	mask := uint32(math.MaxUint32 << (32 - l.Addr.Bits()))
	own := l.Addr.Addr().As4()
	next := l.NextServer
	if !next.IsValid() {
		next = netip.IPv4Unspecified()
	}
	protocol := "dhcp"
	if l.Static() {
		protocol = "static"
	}
	length := int64(math.MaxUint32)
	if l.Expiry != machine.Never {
		length = int64((l.Expiry - l.Start) / time.Second)
	}
	var b strings.Builder
	for _, v := range [...]struct{ name, value string }{
		{"DEVICE", iface},
		{"PROTO", protocol},
		{"IPV4ADDR", l.Addr.Addr().String()},
		{"IPV4BROADCAST", addressOf(binary.BigEndian.Uint32(own[:]) | ^mask)},
		{"IPV4NETMASK", addressOf(mask)},
		{"IPV4GATEWAY", router.String()},
		{"IPV4DNS0", address(l.DNS, 0)},
		{"IPV4DNS1", address(l.DNS, 1)},
		{"HOSTNAME", l.HostName},
		{"DNSDOMAIN", l.Domain},
		{"NISDOMAIN", ""},
		{"ROOTSERVER", next.String()},
		{"ROOTPATH", l.RootPath},
		{"filename", l.BootFile},
		{"UPTIME", strconv.FormatInt(int64(now/time.Second), 10)},
		{"DHCPLEASETIME", strconv.FormatInt(length, 10)},
		{"DOMAINSEARCH", strings.Join(l.Search, " ")},
	} {
		b.WriteString(v.name + "='" + harmless(v.value) + "'\n")
	}
	return []byte(b.String())
}

func addressOf(v uint32) string {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, v))).String()
}

// harmless is a value as it is if a shell can make nothing else of it, else "".
func harmless(value string) string {
	between := func(c rune) bool { return strings.ContainsRune(" /:,+=%~", c) }
	for word := range strings.FieldsFuncSeq(value, between) {
		if !isPlain(word) {
			return ""
		}
	}
	return value
}
