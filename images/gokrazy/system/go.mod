// The system of the test image: gokrazy's init and its own dhcp, to be compared
// with ours. A module of its own keeps gokrazy out of everything else.
module github.com/dhclient-lws/dhclient-lws/images/gokrazy/system

go 1.26.0

require github.com/gokrazy/gokrazy v0.0.0-20260418085648-c38c3134b8a7

require (
	github.com/gokrazy/internal v0.0.0-20240629150625-a0f1dee26ef5 // indirect
	github.com/google/gopacket v1.1.19 // indirect
	github.com/google/renameio/v2 v2.0.2 // indirect
	github.com/josharian/native v1.1.0 // indirect
	github.com/kenshaw/evdev v0.1.0 // indirect
	github.com/mdlayher/packet v1.1.2 // indirect
	github.com/mdlayher/socket v0.4.1 // indirect
	github.com/mdlayher/watchdog v0.0.0-20201005150459-8bdc4f41966b // indirect
	github.com/rtr7/dhcp4 v0.0.0-20220302171438-18c84d089b46 // indirect
	github.com/vishvananda/netlink v1.3.1 // indirect
	github.com/vishvananda/netns v0.0.5 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

// These drive hardware that the virtual machine does not have: a boot partition of
// FAT, GPT, an EEPROM, a power button, a watchdog.
replace (
	github.com/gokrazy/internal => ./absent/internal
	github.com/kenshaw/evdev => ./absent/evdev
	github.com/mdlayher/watchdog => ./absent/watchdog
)
