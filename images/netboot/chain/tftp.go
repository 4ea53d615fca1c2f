package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"
)

// transfer is a file that is read over TFTP (RFC 1350), in blocks as large as a frame
// takes if the server knows of that (RFC 2348).
type transfer struct {
	conn   *net.UDPConn
	server netip.AddrPort // port 0 until it has answered: it does so from another than it is asked at
	sent   []byte         // is sent again when no answer comes
	to     netip.AddrPort
	block  uint16 // the last that came
	size   int    // of a block
	left   []byte // of that block
	last   bool   // it is the last one
	frame  [64 << 10]byte
}

const (
	tftpPort  = 69
	blockSize = 1428
	// A message is sent so often before the server is given up.
	tries   = 5
	patient = time.Second
)

// The kinds of messages.
const (
	opRead  = 1
	opData  = 3
	opAck   = 4
	opError = 5
	opOAck  = 6
)

// openTFTP asks a server for a file.
func openTFTP(server netip.AddrPort, name string) (*transfer, error) {
	conn, err := net.ListenUDP("udp4", nil)
	if err != nil {
		return nil, err
	}
	t := &transfer{conn: conn, server: netip.AddrPortFrom(server.Addr(), 0), to: server, size: 512}
	t.sent = fmt.Appendf(nil, "\x00%c%s\x00octet\x00blksize\x00%d\x00", opRead, name, blockSize)
	if err := t.next(); err != nil {
		conn.Close()
		return nil, err
	}
	return t, nil
}

func (t *transfer) Close() error { return t.conn.Close() }

func (t *transfer) Read(p []byte) (n int, err error) {
	for len(t.left) == 0 {
		if t.last {
			return 0, io.EOF
		}
		if err := t.next(); err != nil {
			return 0, err
		}
	}
	n = copy(p, t.left)
	t.left = t.left[n:]
	return n, nil
}

// next sends what is to be sent until the next block comes, and acknowledges that.
func (t *transfer) next() error {
	for range tries {
		if _, err := t.conn.WriteToUDPAddrPort(t.sent, t.to); err != nil {
			return err
		}
		if err := t.conn.SetReadDeadline(time.Now().Add(patient)); err != nil {
			return err
		}
		for {
			came, err := t.receive()
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil || came {
				return err
			}
		}
	}
	return fmt.Errorf("tftp: %v does not answer", t.to.Addr())
}

// receive takes in a message, and reports whether it is what is waited for.
func (t *transfer) receive() (came bool, err error) {
	n, from, err := t.conn.ReadFromUDPAddrPort(t.frame[:])
	if err != nil {
		return false, err
	}
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	if n < 4 || from.Addr() != t.server.Addr() || t.server.Port() != 0 && from != t.server {
		return false, nil
	}
	body := t.frame[4:n]
	number := binary.BigEndian.Uint16(t.frame[2:])
	switch binary.BigEndian.Uint16(t.frame[:]) {
	case opError:
		text, _, _ := bytes.Cut(body, []byte{0})
		return false, fmt.Errorf("tftp: %q", text)
	case opOAck:
		if t.server.Port() != 0 {
			return false, nil
		}
		words := bytes.Split(t.frame[2:n], []byte{0})
		if len(words) < 2 || !bytes.EqualFold(words[0], []byte("blksize")) {
			return false, errors.New("tftp: an answer to what was not asked")
		}
		if t.size, err = strconv.Atoi(string(words[1])); err != nil || t.size < 8 || t.size > blockSize {
			return false, fmt.Errorf("tftp: blocks of %q bytes", words[1])
		}
	case opData:
		if number != t.block+1 || len(body) > t.size {
			return false, nil // it came before, or is none of this file
		}
		t.block, t.left, t.last = number, body, len(body) < t.size
	default:
		return false, nil
	}
	t.server, t.to = from, from
	t.sent = binary.BigEndian.AppendUint16([]byte{0, opAck}, t.block)
	if t.last { // nothing comes any more
		_, err = t.conn.WriteToUDPAddrPort(t.sent, t.to)
	}
	return true, err
}
