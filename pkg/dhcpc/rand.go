package dhcpc

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"golang.org/x/sys/unix"
)

// seededRand is a generator for transaction identifiers and jitter. Early in a
// boot the kernel may not have gathered enough entropy yet; waiting for it could
// wait for ever, so the time since boot and the runtime's own seed have to do.
func seededRand(now time.Duration) func() uint32 {
	var seed [32]byte
	if n, err := unix.Getrandom(seed[:], unix.GRND_NONBLOCK); err != nil || n != len(seed) {
		binary.LittleEndian.PutUint64(seed[0:], uint64(now))
		for i := 8; i < len(seed); i += 8 {
			binary.LittleEndian.PutUint64(seed[i:], rand.Uint64())
		}
	}
	return rand.New(rand.NewChaCha8(seed)).Uint32
}
