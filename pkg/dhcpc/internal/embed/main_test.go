package main

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dhclient-lws/dhclient-lws/pkg/dhcpc/dhcptest/netns"
)

// The test binary is the program, too, if it is called so.
func TestMain(m *testing.M) {
	if os.Args[0] == "embed" {
		main()
		return
	}
	netns.Main(m)
}

// patience bounds how long a broken program is waited for.
const patience = 30 * time.Second

// The program gets its lease from a real server, keeps resolv.conf, and ends when
// it is interrupted.
func TestTheProgramWorks(t *testing.T) {
	home, lan := netns.New(t), netns.New(t)
	netns.Veth(t, home, "eth0", lan, "lan0")
	lan.Up(t, "lan0")
	lan.Address(t, "lan0", "10.77.0.1/24")
	netns.Dnsmasq{
		Interfaces: []string{"lan0"},
		Ranges:     []string{"10.77.0.50,10.77.0.50,255.255.255.0,1h"},
		Lines:      []string{"dhcp-option=6,10.77.0.53"},
	}.Start(t, lan)

	resolv := filepath.Join(t.TempDir(), "resolv.conf")
	cmd := exec.Command("/proc/self/exe", "eth0", resolv)
	cmd.Args[0] = "embed"
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	home.Start(t, cmd)
	timeout := time.AfterFunc(patience, func() { _ = cmd.Process.Kill() })
	defer timeout.Stop()

	const want = "eth0 has 10.77.0.50/24 from 10.77.0.1"
	if line, err := bufio.NewReader(stderr).ReadString('\n'); !strings.HasSuffix(line, want+"\n") {
		t.Fatalf("said %q, %v, want %q", line, err, want)
	}
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		b, err := os.ReadFile(resolv)
		if strings.Contains(string(b), "nameserver 10.77.0.53\n") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("resolv.conf is %q, %v", b, err)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// README.md shows the body of main as it is.
func TestReadmeShowsTheProgram(t *testing.T) {
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, body, ok := strings.Cut(string(source), "\nfunc main() {\n")
	body, end := strings.CutSuffix(body, "\n}\n")
	if !ok || !end {
		t.Fatal("main.go does not end with main")
	}
	var dedented strings.Builder
	for line := range strings.Lines(body + "\n") {
		dedented.WriteString(strings.TrimPrefix(line, "\t"))
	}
	if want := "```go\n" + dedented.String() + "```\n"; !strings.Contains(string(readme), want) {
		t.Errorf("README.md does not show\n%s", want)
	}
}
