// Embed is a whole program around package dhcpc, as README.md shows it: it leases
// an address for one link, keeps it, and keeps resolv.conf.
//
//	embed eth0 /etc/resolv.conf
package main

import (
	"context"
	"errors"
	"log"
	"os"
	"os/signal"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc"
	"github.com/dhclient-lws/dhclient-lws/pkg/ifup"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatalln("usage: embed INTERFACE RESOLV.CONF")
	}
	link, resolv := os.Args[1], ifup.ResolvConf{Path: os.Args[2]}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	client := dhcpc.New(dhcpc.Config{HostName: "toaster"})
	err := client.Request(link, dhcpc.IPv4, func(ev dhcpc.Event) {
		var dns []ifup.Resolver
		switch ev.Kind {
		case dhcpc.Bound, dhcpc.Renewed: // address and routes are there
			log.Println(ev.Interface, "has", ev.Lease.Addr, "from", ev.Lease.Server)
			dns = []ifup.Resolver{{Servers: ev.Lease.DNS, Domain: ev.Lease.Domain, Search: ev.Lease.Search}}
		case dhcpc.Lost: // they are gone
			log.Printf("%s has lost %v: %v", ev.Interface, ev.Lease.Addr, ev.Reason)
		case dhcpc.Failed: // and will be tried again
			log.Printf("%s: %v", ev.Interface, ev.Err)
			return
		default:
			return
		}
		if err := resolv.Write(dns); err != nil {
			log.Println(err)
		}
	})
	if err != nil {
		log.Fatalln(err)
	}
	// The rest of the program goes here, in goroutines of its own.
	if err := client.Run(ctx); !errors.Is(err, context.Canceled) {
		log.Fatalln(err)
	}
}
