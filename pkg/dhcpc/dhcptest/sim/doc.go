// Package sim lets everything go wrong at once: machines with real clients on
// networks with good and bad servers, for days of virtual time, driven by one seed.
//
// A [Site] has two networks of three servers each, and machines with a link on
// either. Storms alternate with calms. In a storm networks lose, duplicate, delay
// and reorder; servers are slow, forget, refuse, change, lie or are silent; cables are
// pulled and moved, links set down, renamed, replaced; clients are killed between
// any two system calls and restarted with what they remembered, or an older version
// of it, or nonsense; machines are suspended; strangers use their addresses. In a
// calm everybody must have a lease soon.
//
// A judge (judge.go and the files that it names) watches every message, every
// change in a kernel and every turn of a client. The first breach of a rule ends
// the run; the seed, the step and the last events are printed. The rules are what
// the RFCs and the design promise; they are written without looking at how the
// client keeps them, and are tested by breaking the client: see BREAKAGES.md.
package sim
