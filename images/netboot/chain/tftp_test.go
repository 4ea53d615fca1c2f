package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"testing"
)

// tftpServer serves one file, as told.
type tftpServer struct {
	content []byte
	size    int    // of its blocks, if that is not 512
	loses   int    // of what it would say, each so many'th message
	refuses string // "" if it does not
}

// start returns the address at which it is asked. It answers from another one.
func (s tftpServer) start(t *testing.T) netip.AddrPort {
	t.Helper()
	ask, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	talk, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ask.Close(); talk.Close() })
	said := 0
	say := func(to *net.UDPAddr, message []byte) {
		if said++; s.loses == 0 || said%s.loses != 0 {
			_, _ = talk.WriteToUDP(message, to)
		}
	}
	block := func(to *net.UDPAddr, n int) {
		size := cmp.Or(s.size, 512)
		from := min((n-1)*size, len(s.content))
		say(to, append(binary.BigEndian.AppendUint16([]byte{0, opData}, uint16(n)), s.content[from:min(n*size, len(s.content))]...))
	}
	go func() {
		for b := make([]byte, 1000); ; {
			_, from, err := ask.ReadFromUDP(b)
			switch {
			case err != nil:
				return
			case s.refuses != "":
				say(from, append([]byte{0, opError, 0, 1}, s.refuses+"\x00"...))
			case s.size != 0:
				say(from, fmt.Appendf(nil, "\x00%cBLKSIZE\x00%d\x00", opOAck, s.size))
			default:
				block(from, 1)
			}
		}
	}()
	go func() {
		var last uint16 // block that was acknowledged
		rounds := 0     // how often their numbers have begun again
		for b := make([]byte, 1000); ; {
			n, from, err := talk.ReadFromUDP(b)
			if err != nil {
				return
			}
			if n == 4 && b[1] == opAck {
				number := binary.BigEndian.Uint16(b[2:])
				if number < last {
					rounds++
				}
				last = number
				block(from, rounds<<16+int(number)+1)
			}
		}
	}()
	return ask.LocalAddr().(*net.UDPAddr).AddrPort()
}

// A file comes as it is, whatever the server knows of options, and in whatever way its
// length fits its blocks; a message that is lost costs time and nothing else.
func TestTFTP(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789"), 1000)
	for name, s := range map[string]tftpServer{
		"old":         {content: content},
		"new":         {content: content, size: 1000},
		"whole block": {content: content[:1024]},
		"empty":       {},
		"long":        {content: bytes.Repeat(content[:8], 1<<16+3), size: 8},
		"lossy":       {content: content[:3000], size: 1000, loses: 3},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := openTFTP(s.start(t), "file")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if got, err := io.ReadAll(f); err != nil || !bytes.Equal(got, s.content) {
				t.Errorf("%v, %d bytes of %d", err, len(got), len(s.content))
			}
		})
	}
	if _, err := openTFTP(tftpServer{refuses: "no such file"}.start(t), "file"); err == nil || err.Error() != `tftp: "no such file"` {
		t.Error(err)
	}
	if _, err := openTFTP(tftpServer{size: 60000}.start(t), "file"); err == nil {
		t.Error("blocks that were not asked for are taken")
	}
}
