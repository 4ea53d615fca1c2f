// Package sockfilter gives sockets a filter that the kernel runs: what does not pass
// it wakes nobody. It has those instructions that our filters need; golang.org/x/net/bpf
// has all, and with them package fmt, a tenth of the whole command.
package sockfilter

import "golang.org/x/sys/unix"

// Instruction is one of a filter, which has a register A and an index X.
type Instruction = unix.SockFilter

// Load8, Load16 and Load32 put into A what stands at an offset, as a number that has
// its highest byte first. A message that ends before it does not pass.
func Load8(offset uint32) Instruction  { return load(unix.BPF_B|unix.BPF_ABS, offset) }
func Load16(offset uint32) Instruction { return load(unix.BPF_H|unix.BPF_ABS, offset) }
func Load32(offset uint32) Instruction { return load(unix.BPF_W|unix.BPF_ABS, offset) }

// Load16Indexed is Load16 at X and an offset.
func Load16Indexed(offset uint32) Instruction { return load(unix.BPF_H|unix.BPF_IND, offset) }

// LoadPacketType puts into A how a packet came, such as unix.PACKET_BROADCAST.
func LoadPacketType() Instruction {
	const offset = 0xfffff004 // SKF_AD_OFF + SKF_AD_PKTTYPE, in linux/filter.h
	return Load32(offset)
}

func load(how uint16, offset uint32) Instruction {
	return Instruction{Code: unix.BPF_LD | how, K: offset}
}

// IndexHeader puts the length of the IPv4 header at an offset into X.
func IndexHeader(offset uint32) Instruction {
	return Instruction{Code: unix.BPF_LDX | unix.BPF_B | unix.BPF_MSH, K: offset}
}

// IfEqual skips instructions if A is v, and so on.
func IfEqual(v uint32, skip uint8) Instruction       { return jump(unix.BPF_JEQ, v, skip, 0) }
func UnlessEqual(v uint32, skip uint8) Instruction   { return jump(unix.BPF_JEQ, v, 0, skip) }
func IfGreater(v uint32, skip uint8) Instruction     { return jump(unix.BPF_JGT, v, skip, 0) }
func UnlessGreater(v uint32, skip uint8) Instruction { return jump(unix.BPF_JGT, v, 0, skip) }

// IfAnyOf skips instructions if A has any of the bits.
func IfAnyOf(bits uint32, skip uint8) Instruction { return jump(unix.BPF_JSET, bits, skip, 0) }

func jump(test uint16, v uint32, yes, no uint8) Instruction {
	return Instruction{Code: unix.BPF_JMP | unix.BPF_K | test, K: v, Jt: yes, Jf: no}
}

// Pass lets the message in, whole. Drop does not.
func Pass() Instruction { return Instruction{Code: unix.BPF_RET | unix.BPF_K, K: 0x40000} }
func Drop() Instruction { return Instruction{Code: unix.BPF_RET | unix.BPF_K} }

// Attach installs or replaces the filter of a socket.
func Attach(fd int, program []Instruction) error {
	return unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]})
}
