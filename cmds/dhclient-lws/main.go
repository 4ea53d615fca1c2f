// Else the runtime would keep the files of its control group open, and read them
// every now and then to learn how many processors it may use.
//
//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Command dhclient-lws is a resident DHCPv4 client for the moment a machine
// boots: it sets every link up, acquires leases on all of them at once, hands
// off to the command that comes next, and stays for as long as the machine runs.
//
// "dhclient-lws -h" tells how it is used.
package main

import (
	"errors"
	"os"
	"runtime"
	"slices"

	"github.com/dhclient-lws/dhclient-lws/cmds/dhclient-lws/internal/manual"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// The exit statuses of the client itself.
const (
	exitFailure = 1
	exitUsage   = 2
	exitTimeout = 3
	exitNoLink  = 4
)

func main() {
	code := forGokrazy(run(os.Args[1:]), os.Getppid(), "/proc/1/exe")
	giveUpTerminal()
	os.Exit(code)
}

func run(args []string) int {
	start := packet.Now()
	switch stage, since := currentStage(); stage {
	case stageMiddle:
		return middle(args, since)
	case stageWorker:
		return worker(args, since)
	}
	args, command := cutCommand(args)
	list, shows := statusArguments(args)
	if shows && command == nil {
		return status(list, start, os.Stdout, os.Stderr)
	}

	o, err := parse(calledAs(), args)
	switch {
	case err != nil || command == nil:
	case shows:
		err = errors.New("status goes with no command")
	case len(command) == 0:
		err = errors.New("-- must be followed by a command")
	}
	code := 0
	switch {
	case errors.Is(err, errHelp):
		tell(os.Stdout, manual.Command.String())
	case err != nil:
		complain(err.Error())
		code = exitUsage
	case o.version:
		tell(os.Stdout, "dhclient-lws "+manual.Version+" "+runtime.Version()+" "+runtime.GOOS+"/"+runtime.GOARCH+"\n")
	case command != nil:
		return execute(command, supervise(args, start))
	case o.background && os.Getpid() != 1:
		return resultIn(supervise(args, start)).status()
	default:
		return foreground(o, start)
	}
	if len(command) > 0 {
		return execute(command, environment(resultUsage, nil))
	}
	return code
}

// cutCommand splits "arguments -- command". The command is nil if there is no
// "--", and empty if nothing follows it.
func cutCommand(args []string) (own, command []string) {
	if i := slices.Index(args, "--"); i >= 0 {
		return args[:i], args[i+1:]
	}
	return args, nil
}
