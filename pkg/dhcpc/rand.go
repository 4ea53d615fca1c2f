package dhcpc

import (
	"encoding/binary"
	"math/rand/v2"
	"time"

	"golang.org/x/sys/unix"
)

// seededRand is a generator for transaction identifiers and jitter.
func seededRand(now time.Duration) func() uint32 {
	return rand.New(rand.NewChaCha8(seed(now, unix.Getrandom))).Uint32
}

// seed asks the kernel. Early in a boot it may not have gathered enough entropy
// yet; waiting for it could wait for ever, so the time since boot and the
// runtime's own seed have to do.
func seed(now time.Duration, kernel func(b []byte, flags int) (int, error)) (s [32]byte) {
	if n, err := kernel(s[:], unix.GRND_NONBLOCK); err != nil || n != len(s) {
		binary.LittleEndian.PutUint64(s[0:], uint64(now))
		for i := 8; i < len(s); i += 8 {
			binary.LittleEndian.PutUint64(s[i:], rand.Uint64())
		}
	}
	return s
}
