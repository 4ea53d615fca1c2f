package main

import (
	"errors"
	"io/fs"
	"net"
	"os"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// serial is a serial port as a listener that has had its one connection: there is
// no end to it, as there is none to the cable.
type serial struct {
	port chan net.Conn
}

func listen(path string) (*serial, error) {
	// Non-blocking, so that the server can interrupt its own reads.
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	c, err := f.SyscallConn()
	if err != nil {
		return nil, err
	}
	var rawErr error
	if err := c.Control(func(fd uintptr) { _, rawErr = term.MakeRaw(int(fd)) }); err != nil {
		return nil, err
	}
	if rawErr != nil {
		return nil, rawErr
	}
	s := &serial{port: make(chan net.Conn, 1)}
	s.port <- port{f}
	return s, nil
}

func (s *serial) Accept() (net.Conn, error) { return <-s.port, nil }
func (s *serial) Close() error              { return nil }
func (s *serial) Addr() net.Addr            { return addr{} }

// port is the serial port as a connection.
type port struct{ *os.File }

func (port) LocalAddr() net.Addr  { return addr{} }
func (port) RemoteAddr() net.Addr { return addr{} }

// Read returns the errors of package net: the server has to know one that it
// caused itself, when it interrupts its read.
func (p port) Read(b []byte) (int, error) {
	n, err := p.File.Read(b)
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return n, err
}

type addr struct{}

func (addr) Network() string { return "serial" }
func (addr) String() string  { return "serial" }
