package sim

import (
	"encoding/binary"
	"fmt"
	"hash"
	"hash/fnv"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// trace is a hash of all that has happened, and the last of it in words.
type trace struct {
	world *dhcptest.World
	hash  hash.Hash64
	ring  [80]event
	count int
}

// event is put into words only when somebody reads them.
type event struct {
	at   time.Duration
	who  string
	what any
}

func newTrace(w *dhcptest.World) *trace { return &trace{world: w, hash: fnv.New64a()} }

// note takes in what happened. data is what the hash should know of it.
func (t *trace) note(who string, what any, data ...byte) {
	now := t.world.Now()
	_, _ = t.hash.Write(binary.BigEndian.AppendUint64(nil, uint64(now)))
	_, _ = t.hash.Write([]byte(who))
	_, _ = t.hash.Write(data)
	t.ring[t.count%len(t.ring)] = event{now, who, what}
	t.count++
}

func (t *trace) tail() []string {
	var lines []string
	for i := max(0, t.count-len(t.ring)); i < t.count; i++ {
		e := &t.ring[i%len(t.ring)]
		lines = append(lines, fmt.Sprintf("%v %s %v", e.at, e.who, e.what))
	}
	return lines
}
