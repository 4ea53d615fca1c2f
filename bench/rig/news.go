package rig

import (
	"encoding/binary"
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// openNews opens a socket that hears of addresses and of default routes in the main
// table, and of nothing else: what wakes nobody takes no time from the client.
func openNews() (int, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return 0, err
	}
	const (
		toKind   = 4                       // of struct nlmsghdr
		toPrefix = unix.SizeofNlMsghdr + 1 // rtm_dst_len
		toTable  = unix.SizeofNlMsghdr + 4 // rtm_table
		half     = unix.BPF_LD | unix.BPF_H | unix.BPF_ABS
		byteAt   = unix.BPF_LD | unix.BPF_B | unix.BPF_ABS
		equal    = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		hear     = unix.BPF_RET | unix.BPF_K
	)
	filter := []unix.SockFilter{
		{Code: half, K: toKind},
		{Code: equal, K: swapped(unix.RTM_NEWADDR), Jt: 5},
		{Code: equal, K: swapped(unix.RTM_NEWROUTE), Jf: 5},
		{Code: byteAt, K: toPrefix},
		{Code: equal, K: 0, Jf: 3},
		{Code: byteAt, K: toTable},
		{Code: equal, K: unix.RT_TABLE_MAIN, Jf: 1},
		{Code: hear, K: 1 << 16},
		{Code: hear, K: 0},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: unsafe.SliceData(filter)}
	return fd, errors.Join(
		unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &program),
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<20),
		unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_IPV4_IFADDR | unix.RTMGRP_IPV4_ROUTE}),
	)
}

// swapped is a number of netlink's, which has the machine's byte order, as a filter
// sees it.
func swapped(v uint16) uint32 {
	return uint32(binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, v)))
}
