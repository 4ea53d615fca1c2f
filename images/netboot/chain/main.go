// Command chain boots what the lease of a machine names: the boot file is a script
// such as iPXE reads, with a kernel and an initramfs, which are fetched over TFTP or HTTP.
// The lease goes along, so that the client of the next system confirms it with one
// message. dhclient-lws hands off to it:
//
//	dhclient-lws -netboot -wait bootif -- chain
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/u-root/u-root/pkg/boot/kexec"
	"github.com/u-root/u-root/pkg/cpio"
	"golang.org/x/sys/unix"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "chain: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	from, err := bootFile(os.Getenv("DHCLIENT_LWS_LEASES"))
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "chain: booting", from)
	text, err := fetch(from)
	if err != nil {
		return err
	}
	s, err := parseScript(from, string(text))
	if err != nil {
		return err
	}
	kernel, err := download("kernel", s.kernel)
	if err != nil {
		return err
	}
	leases, err := archive("/run/dhclient-lws")
	if err != nil {
		return err
	}
	initramfs, err := download("initramfs", s.initrd, leases)
	if err != nil {
		return err
	}
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	if err := kexec.FileLoad(kernel, initramfs, withBootIF(s.parameters, string(line))); err != nil {
		return err
	}
	unix.Sync()
	return kexec.Reboot()
}

// bootFile is the boot file of the first lease that has one. A mere name is that of a
// file which the next server has for TFTP.
func bootFile(leases string) (string, error) {
	var list []struct {
		BootFile   string `json:"boot_file"`
		NextServer string `json:"next_server"`
	}
	if err := json.Unmarshal([]byte(leases), &list); err != nil {
		return "", fmt.Errorf("DHCLIENT_LWS_LEASES: %w", err)
	}
	for _, l := range list {
		switch {
		case l.BootFile == "":
		case strings.Contains(l.BootFile, "://"):
			return l.BootFile, nil
		case l.NextServer != "":
			return (&url.URL{Scheme: "tftp", Host: l.NextServer, Path: "/" + l.BootFile}).String(), nil
		}
	}
	return "", errors.New("no lease names a boot file")
}

// withBootIF tells the next system, too, which link it was booted from.
func withBootIF(parameters, line string) string {
	for _, word := range strings.Fields(line) {
		if strings.HasPrefix(word, "BOOTIF=") {
			return parameters + " " + word
		}
	}
	return parameters
}

// maxScript bounds what is read, in bytes.
const maxScript = 64 << 10

func fetch(from string) ([]byte, error) {
	body, err := get(from)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(io.LimitReader(body, maxScript))
}

// download is a file in memory with what the server has, and more.
func download(name, from string, more ...[]byte) (*os.File, error) {
	body, err := get(from)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), name)
	n, err := io.Copy(f, body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	fmt.Fprintf(os.Stderr, "chain: %s, %d bytes\n", from, n)
	// Archives follow one another on multiples of four bytes.
	_, err = f.Write(append(make([]byte, -n&3), bytes.Join(more, nil)...))
	return f, err
}

func get(from string) (io.ReadCloser, error) {
	if strings.HasPrefix(from, "tftp://") {
		f, err := getTFTP(from)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
		return f, nil
	}
	response, err := webClient().Get(from)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("%s: %s", from, response.Status)
	}
	return response.Body, nil
}

// A server that says nothing must not hold up the boot for ever, nor one that stops in
// the middle.
var (
	silence = 10 * time.Second // a test has less
	longest = 10 * time.Minute // a whole file
)

func webClient() *http.Client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = silence
	return &http.Client{Transport: t, Timeout: longest}
}

// getTFTP is get of a URL of that scheme.
func getTFTP(from string) (*transfer, error) {
	server, name, err := splitTFTP(from)
	if err != nil {
		return nil, err
	}
	return openTFTP(server, name)
}

// splitTFTP is the server that a URL names, and the file as that one calls it.
func splitTFTP(from string) (server netip.AddrPort, name string, err error) {
	u, err := url.Parse(from)
	if err != nil {
		return netip.AddrPort{}, "", err
	}
	addr, err := netip.ParseAddr(u.Host)
	return netip.AddrPortFrom(addr, tftpPort), strings.TrimPrefix(u.Path, "/"), err
}

// archive is the leases in a directory as an archive for the next initramfs, where
// they lie at the same place. The client believes what is root's alone.
func archive(dir string) ([]byte, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := cpio.Newc.Writer(&b)
	records := []cpio.Record{cpio.Directory("run", 0o755), cpio.Directory(dir[1:], 0o755)}
	for _, name := range files {
		if filepath.Base(name) == "status.json" {
			continue // that is of this boot
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		records = append(records, cpio.StaticFile(name[1:], string(content), 0o600))
	}
	if err := cpio.WriteRecords(w, records); err != nil {
		return nil, err
	}
	return b.Bytes(), cpio.WriteTrailer(w)
}
