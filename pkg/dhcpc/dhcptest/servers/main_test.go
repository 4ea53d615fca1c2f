package servers

import (
	"flag"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// The tests wait for timers most of the time, so that more of them can run at
// once than there are processors. A -parallel on the command line still wins.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "12"); err != nil {
		panic(err)
	}
	netns.Main(m)
}

// patience bounds how long a test waits for what must happen. It decides only
// how fast a broken test fails.
const patience = 30 * time.Second
