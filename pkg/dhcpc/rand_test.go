package dhcpc

import (
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/rfc"
)

// Ten thousand machines that are powered on in the same moment choose different
// transaction numbers, whether or not their kernels have gathered entropy. By
// chance one pair in 86 such crowds would be equal.
func TestTransactionNumbersDiffer(t *testing.T) {
	rfc.Shows(t, "R2131-4.1-09", "H-ENT-01")
	for name, kernel := range map[string]func([]byte, int) (int, error){
		"entropy": unix.Getrandom,
		"no entropy yet": func(_ []byte, flags int) (int, error) {
			if flags&unix.GRND_NONBLOCK == 0 {
				t.Error("it would wait")
			}
			return 0, unix.EAGAIN
		},
		"half of it":     func(b []byte, _ int) (int, error) { return len(b) / 2, nil },
		"no system call": func([]byte, int) (int, error) { return -1, unix.ENOSYS },
	} {
		numbers := map[uint32]bool{}
		const crowd = 10000
		for range crowd {
			numbers[rand.New(rand.NewChaCha8(seed(3*time.Second, kernel))).Uint32()] = true
		}
		if n := len(numbers); n < crowd-2 {
			t.Errorf("%s: %d machines have %d transaction numbers", name, crowd, n)
		}
	}
}
