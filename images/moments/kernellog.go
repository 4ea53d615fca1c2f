package moments

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// Init is when the kernel of this machine started the first program. It says so in its
// log, whose clock is another one: a line of ours shows how far they are apart.
func Init() (time.Duration, error) {
	log, err := unix.Open("/dev/kmsg", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, &os.PathError{Op: "open", Path: "/dev/kmsg", Err: err}
	}
	defer unix.Close(log)
	now := packet.Now()
	ours := fmt.Sprintf("moments: %d", now)
	if _, err := unix.Write(log, []byte("<7>"+ours+"\n")); err != nil { // for debugging: not on the console
		return 0, os.NewSyscallError("write", err)
	}
	var init time.Duration
	for record := make([]byte, 8<<10); ; { // one at a time
		n, err := unix.Read(log, record)
		switch {
		case errors.Is(err, unix.EPIPE): // the oldest is gone
			continue
		case err != nil:
			return 0, fmt.Errorf("kernel log: %w before what was written there", err)
		}
		at, text, err := parse(string(record[:n]))
		switch {
		case err != nil:
			return 0, err
		case strings.HasPrefix(text, "Run ") && strings.HasSuffix(text, " as init process"):
			init = at
		case text == ours && init == 0:
			return 0, errors.New("kernel log: no first program")
		case text == ours:
			return init + now - at, nil
		}
	}
}

// parse reads "priority,number,microseconds,flags...;text" and further lines.
func parse(record string) (at time.Duration, text string, err error) {
	head, text, _ := strings.Cut(record, ";")
	text, _, _ = strings.Cut(text, "\n")
	fields := strings.Split(head, ",")
	if len(fields) < 4 {
		return 0, "", fmt.Errorf("kernel log: %q", record)
	}
	us, err := strconv.ParseInt(fields[2], 10, 64)
	return time.Duration(us) * time.Microsecond, text, err
}
