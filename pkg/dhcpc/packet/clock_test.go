package packet_test

import (
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/packet"
)

// slept is set, in the environment, for the process that runs as if the machine
// had slept for a day.
const slept = "PACKET_TEST_SLEPT"

// The clock and the alarm count suspend. A time namespace stands for it, in which
// CLOCK_BOOTTIME is a day ahead of the clock that stops meanwhile.
func TestTheClockCountsSuspend(t *testing.T) {
	rfc.Shows(t, "P-TM-09")
	if os.Getenv(slept) == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("unshare", "--time", "--boottime", "86400", self, "-test.run=^TestTheClockCountsSuspend$")
		cmd.Env = append(os.Environ(), slept+"=yes")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("after a day of sleep: %v\n%s", err, out)
		}
		return
	}
	var awake unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &awake); err != nil {
		t.Fatal(err)
	}
	if d := packet.Now() - time.Duration(awake.Nano()); d < 24*time.Hour {
		t.Errorf("the clock has counted %v of sleep, want a day", d)
	}
	s, err := packet.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var late atomic.Bool
	const patience = 10 * time.Second
	defer time.AfterFunc(patience, func() { late.Store(true); s.Wake() }).Stop()
	for deadline := packet.Now() + 10*time.Millisecond; packet.Now() < deadline; {
		if err := s.Wait(deadline, -1); err != nil {
			t.Fatal(err)
		}
	}
	if late.Load() {
		t.Error("the alarm did not count the sleep")
	}
}
