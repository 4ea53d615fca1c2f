package machine

import "github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcp4"

// Event is something that happened to a link. The concrete types are LinkUp,
// LinkDown, Timer, Received, Sent, SendFailed, Installed, InstallFailed,
// Conflict, Renew and Release.
type Event interface{ event() }

type (
	LinkUp        struct{}                 // carrier is there
	LinkDown      struct{}                 // carrier is gone, or the link is administratively down
	Timer         struct{}                 // the deadline has come; early or late calls do no harm
	Received      struct{ *dhcp4.Message } // a reply arrived on this link; valid during the call only
	Sent          struct{}                 // the message that was due has been sent; now is what Outgoing was asked with
	SendFailed    struct{}                 // it could not be; likewise
	Installed     struct{}                 // the kernel uses the lease
	InstallFailed struct{ Gone bool }      // the kernel refused it; Gone: and has not even what was installed before
	Conflict      struct{}                 // another host uses the address
	Renew         struct{}                 // renew now, if bound; ask again, if resting
	Release       struct{}                 // give the lease back and stop
)

func (LinkUp) event()        {}
func (LinkDown) event()      {}
func (Timer) event()         {}
func (Received) event()      {}
func (Sent) event()          {}
func (SendFailed) event()    {}
func (Installed) event()     {}
func (InstallFailed) event() {}
func (Conflict) event()      {}
func (Renew) event()         {}
func (Release) event()       {}
