package boot

import (
	"encoding/binary"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest"
)

// ear hears what the clients of a link say, each in its own words.
type ear struct {
	file *os.File
	done chan struct{}

	mu       sync.Mutex
	messages []*dhcptest.Message
}

func listen(link string) (*ear, error) {
	iface, err := net.InterfaceByName(link)
	if err != nil {
		return nil, err
	}
	ip := binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(nil, unix.ETH_P_IP))
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	e := &ear{file: os.NewFile(uintptr(fd), "packet socket"), done: make(chan struct{})}
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: ip, Ifindex: iface.Index}); err != nil {
		e.file.Close()
		return nil, os.NewSyscallError("bind", err)
	}
	go e.hear()
	return e, nil
}

func (e *ear) close() {
	e.file.Close()
	<-e.done
}

func (e *ear) hear() {
	defer close(e.done)
	var w dhcptest.Witness
	start, frame := time.Now(), make([]byte, 64<<10)
	for {
		n, err := e.file.Read(frame)
		if err != nil {
			return
		}
		// A ROM need not be as correct as the witness wants clients to be.
		m, _ := w.See(time.Since(start), dhcptest.Frame{Data: append([]byte(nil), frame[:n]...), Partial: true})
		if m != nil {
			e.mu.Lock()
			e.messages = append(e.messages, m)
			e.mu.Unlock()
		}
	}
}

// Heard is what the clients on the network have said so far.
func (n *Network) Heard() []*dhcptest.Message {
	n.heard.mu.Lock()
	defer n.heard.mu.Unlock()
	return append([]*dhcptest.Message(nil), n.heard.messages...)
}
