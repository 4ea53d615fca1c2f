package main

import (
	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/internal/wrap"
)

// checkRights says at once what would else be found out link by link, and
// without a cable not at all. In a container all rights can be there and not
// reach its network: that is found out.
func checkRights() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var have [2]unix.CapUserData
	if err := unix.Capget(&header, &have[0]); err != nil {
		return nil // a kernel that does not say
	}
	const need = 1<<unix.CAP_NET_ADMIN | 1<<unix.CAP_NET_RAW
	if have[0].Effective&need != need {
		return wrap.As(unix.EPERM.Error()+": root is needed, or the capabilities CAP_NET_ADMIN, CAP_NET_RAW and CAP_NET_BIND_SERVICE", unix.EPERM)
	}
	return nil
}
