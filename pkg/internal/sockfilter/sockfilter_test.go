package sockfilter

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/bpf"
)

// Every instruction is the one that golang.org/x/net/bpf assembles.
func TestInstructionsAreThoseOfTheLibrary(t *testing.T) {
	for _, in := range []struct {
		ours   Instruction
		theirs bpf.Instruction
	}{
		{Load8(9), bpf.LoadAbsolute{Off: 9, Size: 1}},
		{Load16(9), bpf.LoadAbsolute{Off: 9, Size: 2}},
		{Load32(9), bpf.LoadAbsolute{Off: 9, Size: 4}},
		{Load16Indexed(9), bpf.LoadIndirect{Off: 9, Size: 2}},
		{LoadPacketType(), bpf.LoadExtension{Num: bpf.ExtType}},
		{IndexHeader(14), bpf.LoadMemShift{Off: 14}},
		{IfEqual(7, 3), bpf.JumpIf{Cond: bpf.JumpEqual, Val: 7, SkipTrue: 3}},
		{UnlessEqual(7, 3), bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 7, SkipTrue: 3}},
		{IfGreater(7, 3), bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: 7, SkipTrue: 3}},
		{UnlessGreater(7, 3), bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: 7, SkipFalse: 3}},
		{IfAnyOf(7, 3), bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: 7, SkipTrue: 3}},
		{Pass(), bpf.RetConstant{Val: 0x40000}},
		{Drop(), bpf.RetConstant{Val: 0}},
	} {
		want, err := in.theirs.Assemble()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, bpf.RawInstruction{Op: in.ours.Code, Jt: in.ours.Jt, Jf: in.ours.Jf, K: in.ours.K}); diff != "" {
			t.Errorf("%v: library, ours\n%s", in.theirs, diff)
		}
	}
}
